"""Completeness and costs: what was planned, what became of it, what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from schemas.counts import counted
from schemas.tables.episodes import INCOMPLETE
from tasks.report.data import ReportData
from tasks.report.formatting import number, share, usd
from tasks.report.plots.bars import status_bars
from tasks.report.tables import Table, computed, count, table, text

STATUSES = ("terminated", "truncated", "incomplete", "placeholder")


@dataclass(frozen=True)
class CompletenessSection:
    """What the template of completeness and costs shows."""

    units: Table
    failures: Table | None
    episodes: Table | None
    plot: Markup | None
    n_episodes: int
    quality: Table | None
    costs: Table | None
    total: str


def completeness_section(data: ReportData) -> CompletenessSection:
    """What became of what was planned, and what it cost."""
    episodes = data.rows("episodes")
    return CompletenessSection(
        units=_units(data),
        failures=_failures(data) if data.rows("failures") else None,
        episodes=_episodes(data) if episodes else None,
        plot=_plot(data) if episodes else None,
        n_episodes=sum(row["episodes"] for row in episodes),
        quality=_quality(data) if data.rows("quality") else None,
        costs=_costs(data) if data.rows("costs") else None,
        total=_total(data),
    )


def _units(data: ReportData) -> Table:
    return table(
        "Units of work by stage. The next run tries failed units again. A run of another version "
        "worked the cached units, and they cost this one nothing.",
        [
            text("Stage", "stage"),
            text("Step", "step"),
            count("Units", "units"),
            count("Done", "done"),
            count("Failed", "failed"),
            count("Not yet", "planned"),
            count("Cached", "cached"),
        ],
        data.rows("units"),
        data.listings["units"],
        strong=lambda row: bool(row["failed"]),
    )


def _failures(data: ReportData) -> Table:
    return table(
        "Why units failed.",
        [
            text("Step", "step"),
            text("Kind", "failure_kind"),
            count("Units", "units"),
            text("A reason", "failure"),
        ],
        data.rows("failures"),
        data.listings["failures"],
    )


def _episodes(data: ReportData) -> Table:
    done = {"exclude": "left out of the metrics", "keep": "kept"}[data.study.run.incomplete]
    return table(
        "Episodes by status. Terminated: its rules ended it, so it is complete, however early it "
        "ended. Truncated: a limit ended it. Incomplete: it stopped before its planned rounds. As "
        f"the study declares, episodes that are not complete are {done}.{_rules(data)}",
        [
            text("Condition", "condition"),
            text("Status", "status"),
            count("Episodes", "episodes"),
            computed("Rounds, mean", lambda row: number(row["mean_rounds"], 1)),
            count("Fewest", "fewest_rounds"),
            text("Excluded because", "exclusion"),
        ],
        data.rows("episodes"),
        data.listings["episodes"],
        strong=lambda row: row["status"] in INCOMPLETE or bool(row["exclusion"]),
        group=lambda row: row["condition"],
        quiet=1,
    )


def _rules(data: ReportData) -> str:
    """The rules of completeness that the study declares, in words."""
    declared = data.study.completeness
    if declared is None:
        return ""
    rules = (f"{name.replace('_', ' ')} {bound:g}" for name, bound in declared.rules.items())
    return f" Complete is what also keeps the declared rules: {', '.join(rules)}."


def _plot(data: ReportData) -> Markup:
    counts: dict[str, dict[str, int]] = {}
    for row in data.rows("episodes"):
        status = "excluded" if row["exclusion"] else row["status"]
        of = counts.setdefault(row["condition"], {})
        of[status] = of.get(status, 0) + row["episodes"]
    return status_bars(
        counts, (*STATUSES, "excluded"), "Episodes by condition and status", "episodes"
    )


def _quality(data: ReportData) -> Table:
    return table(
        "How well agents and judges answered. Valid: the first or a later answer was usable. "
        "Fallback: the declared fallback replaced the answer. Absent: no answer came, and the seat "
        "did nothing. Attempts count re-asks.",
        [
            text("Condition", "condition"),
            count("Actions", "actions"),
            computed("Valid", lambda row: share(row["valid_share"])),
            computed("Fallback", lambda row: share(row["fallback_share"])),
            computed("Absent", lambda row: share(row["absent_share"])),
            computed("Attempts per action", lambda row: number(row["attempts_per_action"], 2)),
            count("Calls", "calls"),
            computed("Failed calls", lambda row: share(row["failed_call_share"])),
            count("Codes", "codes"),
            computed("Unusable codes", lambda row: share(row["unusable_code_share"])),
        ],
        data.rows("quality"),
        data.listings["quality"],
        strong=_doubtful,
    )


def _doubtful(row: Mapping[str, Any]) -> bool:
    shares = ("fallback_share", "failed_call_share", "unusable_code_share")
    return any((row[name] or 0) > 0.05 for name in shares)


def _costs(data: ReportData) -> Table:
    return table(
        "Calls, tokens and dollars by stage and model. A call counts for the version whose run "
        "made it, earlier tries of units included. Another version paid for the cached calls. "
        "Dollars leave out calls of unknown price.",
        [
            text("Stage", "stage"),
            text("Model", "model"),
            count("Calls", "calls"),
            count("Cached", "cached_calls"),
            count("Failed", "failed_calls"),
            count("Tokens in", "prompt_tokens"),
            count("Tokens out", "completion_tokens"),
            computed("USD", lambda row: usd(row["usd"])),
            count("Price unknown", "unknown_price_calls"),
        ],
        data.rows("costs"),
        data.listings["costs"],
        group=lambda row: row["stage"],
        quiet=1,
    )


def _total(data: ReportData) -> str:
    rows = data.rows("costs")
    if not rows:
        return "No model calls were made."
    calls = sum(row["calls"] for row in rows)
    cached = sum(row["cached_calls"] for row in rows)
    spent = sum(row["usd"] or 0 for row in rows)
    unknown = sum(row["unknown_price_calls"] for row in rows)
    text_ = f"{counted(calls, 'model call')} for ${usd(spent)}"
    if cached:
        text_ += f"; another version had paid for {cached:,} more"
    if unknown:
        text_ += f"; the price of {counted(unknown, 'call')} is not known"
    return text_ + "."
