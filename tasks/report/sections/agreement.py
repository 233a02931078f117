"""Agreement: coders with each other, and every adjudication rule with gold, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tasks.report.data import ReportData, Row
from tasks.report.formatting import DASH, interval, number, share
from tasks.report.plots.intervals import Group, Mark, interval_plot
from tasks.report.sections.judged import Compared, RuleSummary, compared, summaries
from tasks.report.tables import Cell, Column, Table, computed, count, table, text

#: A rule that finds fewer than this share of what gold marks misses about half or more.
LOW_RECALL = 0.6
BETWEEN = (
    ("κ", "cohen_kappa"),
    ("AC1", "gwet_ac1"),
    ("PABAK", "pabak"),
    ("Positive", "positive"),
    ("Negative", "negative"),
)
AGAINST = (
    ("Recall", "recall"),
    ("Precision", "precision"),
    ("F1", "f1"),
    ("MCC", "mcc"),
    ("κ", "cohen_kappa"),
    ("AC1", "gwet_ac1"),
)


@dataclass(frozen=True)
class AgreementSection:
    """What the template of agreement shows."""

    rules: Table | None
    recall_plot: Markup | None
    kappa_plot: Markup | None
    against_gold: Table | None
    between: Table | None
    rates: Table | None
    n_items: int
    means: tuple[tuple[str, str], ...]


def agreement_section(data: ReportData) -> AgreementSection:
    """Agreement of coders, and of rules with gold."""
    gold = summaries(data.rows("gold"), data.rules)
    pairs = compared(data.rows("agreement"))
    return AgreementSection(
        rules=_rules(data, gold) if gold else None,
        recall_plot=_plot(data, gold, "recall") if gold else None,
        kappa_plot=_plot(data, gold, "cohen_kappa") if gold else None,
        against_gold=_against_gold(data, gold) if gold else None,
        between=_between(data, [one for one in pairs if one.flag]) if pairs else None,
        rates=_rates(data) if data.rows("label_rates") else None,
        n_items=max((one.n for summary in gold for one in summary.by_flag.values()), default=0),
        means=tuple(
            (f"{one.first} and {one.second}", number(one.value("mean_kappa")))
            for one in pairs
            if not one.flag
        ),
    )


def _rules(data: ReportData, gold: list[RuleSummary]) -> Table:
    flags = list(dict.fromkeys(flag for summary in gold for flag in summary.by_flag))
    means = [one.mean_kappa for one in gold if one.mean_kappa is not None]
    marked = _marked(data)
    columns = [
        Column("Rule", lambda row: Cell(row["one"].rule, row["used"])),
        Column("Mean κ", lambda row: _extreme(row["one"].mean_kappa, means), numeric=True),
        *(_recall_column(flag, marked.get(flag)) for flag in flags),
    ]
    rows: list[dict[str, Any]] = [
        {"one": one, "used": "used by the metrics" if one.rule == data.used_rule else ""}
        for one in gold
    ]
    return table(
        f"Every adjudication rule against {data.gold}: mean kappa over {len(flags)} flags, then "
        f"recall by flag, the share of what {data.gold} marks that the rule marks too. In "
        f"brackets: how many items {data.gold} marks. ▼ below {LOW_RECALL:.2f}.",
        columns,
        rows,
        data.listings["gold"],
        strong=lambda row: bool(row["used"]),
    )


def _marked(data: ReportData) -> dict[str, int]:
    """How many items gold marks, by flag."""
    return {
        row["flag"]: round(row["share"] * row["items"])
        for row in data.rows("label_rates")
        if row["kind"] != "rule" and row["source"] == data.gold and row["share"] is not None
    }


def _titled(flag: str, marked: int | None) -> str:
    return flag if marked is None else f"{flag} ({marked:,})"


def _recall_column(flag: str, marked: int | None) -> Column:
    return computed(_titled(flag, marked), lambda row: _recall(row["one"], flag))


def _extreme(value: float | None, all_values: Sequence[float]) -> Cell:
    if value is None:
        return Cell(DASH)
    several = len(all_values) > 1 and max(all_values) - min(all_values) > 1e-9
    if several and value == max(all_values):
        return Cell(number(value), "highest", "best")
    if several and value == min(all_values):
        return Cell(number(value), "lowest", "low")
    return Cell(number(value))


def _recall(summary: RuleSummary, flag: str) -> Cell:
    one = summary.by_flag.get(flag)
    row = one.quantities.get("recall") if one else None
    if row is None or row["value"] is None:
        return Cell(DASH)
    low = row["value"] < LOW_RECALL
    return Cell(
        number(row["value"], 2), interval(row["ci_low"], row["ci_high"], 2), "low" if low else ""
    )


def _plot(data: ReportData, gold: list[RuleSummary], quantity: str) -> Markup:
    words = {"recall": "recall against", "cohen_kappa": "Cohen's kappa with"}[quantity]
    flags = list(dict.fromkeys(flag for summary in gold for flag in summary.by_flag))
    marked = _marked(data)
    groups = []
    for flag in flags:
        marks = []
        for number_, summary in enumerate(gold):
            row = (
                summary.by_flag[flag].quantities.get(quantity) if flag in summary.by_flag else None
            )
            if row is not None:
                marks.append(_mark(row, summary.rule, number_, summary.rule == data.used_rule))
        if marks:
            groups.append(Group(_titled(flag, marked.get(flag)), tuple(marks)))
    if not groups:
        return Markup()
    span = (0.0, 1.0) if quantity == "recall" else None
    name = f"{words} {data.gold}"
    return interval_plot(groups, f"{name} by flag and rule", axis=name, span=span)


def _mark(row: Row, label: str, series: int, strong: bool) -> Mark:
    return Mark(
        label,
        row["value"],
        row["ci_low"],
        row["ci_high"],
        f"{number(row['value'], 2)}  [{interval(row['ci_low'], row['ci_high'], 2)}]",
        series,
        strong,
    )


def _against_gold(data: ReportData, gold: list[RuleSummary]) -> Table:
    flags = list(dict.fromkeys(flag for summary in gold for flag in summary.by_flag))
    rows = [
        {
            "one": summary.by_flag[flag],
            "flag": flag,
            "rule": summary.rule,
            "n": summary.by_flag[flag].n,
        }
        for flag in flags
        for summary in gold
        if flag in summary.by_flag
    ]
    return table(
        f"Every rule against {data.gold}, flag by flag, with 95% intervals from resampled "
        "episodes.",
        [
            text("Flag", "flag"),
            text("Rule", "rule"),
            count("Items", "n"),
            *_quantities(AGAINST),
        ],
        rows,
        data.listings["gold"],
        strong=lambda row: row["rule"] == data.used_rule,
        group=lambda row: row["flag"],
        quiet=1,
    )


def _between(data: ReportData, pairs: Iterable[Compared]) -> Table:
    rows = [
        {"one": one, "flag": one.flag, "pair": f"{one.first} · {one.second}", "n": one.n}
        for one in pairs
    ]
    return table(
        "Agreement of coders with 95% intervals from resampled episodes. Kappa is low for a rare "
        "flag even where coders seldom err, so read AC1 and positive agreement beside it.",
        [
            text("Flag", "flag"),
            text("Coders", "pair"),
            count("Items", "n"),
            *_quantities(BETWEEN),
        ],
        rows,
        data.listings["agreement"],
        group=lambda row: row["flag"],
        quiet=1,
    )


def _quantities(named: Iterable[tuple[str, str]]) -> list[Column]:
    def column(heading: str, name: str) -> Column:
        return computed(heading, lambda row: _quantity(row["one"], name))

    return [column(heading, name) for heading, name in named]


def _quantity(one: Compared, name: str) -> Cell:
    row = one.quantities.get(name)
    if row is None:
        return Cell(DASH)
    low = name == "recall" and row["value"] is not None and row["value"] < LOW_RECALL
    return Cell(
        number(row["value"], 2), interval(row["ci_low"], row["ci_high"], 2), "low" if low else ""
    )


def _rates(data: ReportData) -> Table:
    rows = data.rows("label_rates")
    sources = list(dict.fromkeys((row["kind"], row["source"]) for row in rows))
    flags = list(dict.fromkeys(row["flag"] for row in rows))
    values = {(row["kind"], row["source"], row["flag"]): row for row in rows}
    return table(
        "How often each coder and each rule marks a flag, among the items that it judged; of a "
        "flag with levels, anything above the lowest.",
        [
            Column("By", lambda row: Cell(row["source"], row["kind"])),
            *(_rate_column(values, flag) for flag in flags),
        ],
        [{"kind": kind, "source": source} for kind, source in sources],
        data.listings["label_rates"],
        strong=lambda row: row["kind"] == "rule" and row["source"] == data.used_rule,
        group=lambda row: row["kind"] == "rule",
    )


def _rate_column(values: dict[tuple[str, str, str], Row], flag: str) -> Column:
    return computed(flag, lambda row: _rate(values, row, flag))


def _rate(values: dict[tuple[str, str, str], Row], row: Row, flag: str) -> Cell:
    found = values.get((row["kind"], row["source"], flag))
    if found is None:
        return Cell(DASH)
    return Cell(share(found["share"]), f"of {found['items']:,}")
