"""What a reader must not miss, in sentences made from the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.counts import counted
from schemas.tables.episodes import INCOMPLETE
from schemas.tables.measures import EXCESS
from tasks.report.data import ReportData, Row
from tasks.report.formatting import (
    equals,
    interval,
    listed,
    number,
    quantity_words,
    share,
)
from tasks.report.sections.agreement import LOW_RECALL
from tasks.report.sections.contrasts import CLEAR, between, curves
from tasks.report.sections.judged import Compared, RuleSummary, compared, summaries
from tasks.report.sections.metrics import declared_rows

Level = Literal["alarm", "caution", "result"]
DOUBTFUL_SHARE = 0.05
RARE = 0.05
KAPPA_GAP = 0.05
#: Share of the gold items that a rule may leave undecided without being said to.
UNDECIDED = 0.02
PARADOX_GAP = 0.2
NEARLY = 0.95
#: Effects whose sign says which condition has the larger values.
DIRECTED = {"rank_biserial", "matched_rank_biserial", "mean_difference", "hedges_g"}


@dataclass(frozen=True)
class Finding:
    """A sentence with how much it weighs, and the section that shows why."""

    level: Level
    text: str
    anchor: str


def findings(data: ReportData) -> tuple[Finding, ...]:
    """Findings, the heaviest first."""
    order = {"alarm": 0, "caution": 1, "result": 2}
    every = [
        *_adjudication(data),
        *_quality(data),
        *_warnings(data),
        *_curves(data),
        *_rare(data),
        *_expectations(data),
        *_simulated(data),
        *_contrasts(data),
        *_nulls(data),
    ]
    return tuple(sorted(every, key=lambda one: order[one.level]))


def _adjudication(data: ReportData) -> Iterator[Finding]:
    if data.study.coding is None:
        return
    rules = summaries(data.rows("gold"), data.rules)
    used = next((one for one in rules if one.rule == data.used_rule), None)
    if used is None:
        why = (
            f"No metric compares the labels with {data.gold}"
            if data.gold
            else "No human codes check the labels"
        )
        yield Finding(
            "caution",
            f"{why}, so nothing shows whether the judges are right. Agreement between "
            "judges is not accuracy.",
            "agreement",
        )
        return
    yield from _rank(data, used, rules)
    yield from _missed(data, used, rules)


def _rank(data: ReportData, used: RuleSummary, rules: list[RuleSummary]) -> Iterator[Finding]:
    known = [(one.mean_kappa, one) for one in rules if one.mean_kappa is not None]
    if used.mean_kappa is None or len(known) < 2:
        return
    best_kappa = max(kappa for kappa, _ in known)
    flags = len(used.by_flag)
    if used.mean_kappa >= best_kappa - 1e-9:
        yield Finding(
            "result",
            f"Of {len(known)} adjudication rules the one in use, {used.rule}, agrees best with "
            f"{data.gold}: mean κ {number(used.mean_kappa)} over {flags} flags.",
            "agreement",
        )
        return
    worst = used.mean_kappa <= min(kappa for kappa, _ in known) + 1e-9
    others = listed(
        [
            f"{one.rule} {number(k)}{_undecided(one)}"
            for k, one in sorted(known, key=lambda p: -p[0])
            if one is not used
        ]
    )
    standing = (
        f"is the worst of the {len(known)} rules on the gold sample"
        if worst
        else f"is not the best of the {len(known)} rules on the gold sample"
    )
    serious = worst or best_kappa - used.mean_kappa > KAPPA_GAP
    yield Finding(
        "alarm" if serious else "caution",
        f"The rule in use, {used.rule}, {standing}: its labels agree with {data.gold} at a mean κ "
        f"of {number(used.mean_kappa)} over {flags} flags; {others}. Every metric below that is "
        f"made of labels rests on {used.rule}.",
        "agreement",
    )


def _undecided(one: RuleSummary) -> str:
    """That a rule left many items undecided: its kappa is then one of the easier items alone."""
    found = (flag.quantities.get("cohen_kappa") for flag in one.by_flag.values())
    rows = [row for row in found if row is not None]
    left = sum(row["n_excluded"] for row in rows)
    share = left / max(left + sum(row["n_measured"] for row in rows), 1)
    return f" (on the items that it decides, {share:.0%} left out)" if share > UNDECIDED else ""


def _missed(data: ReportData, used: RuleSummary, rules: list[RuleSummary]) -> Iterator[Finding]:
    low = used.worst_flags("recall", LOW_RECALL)
    if not low:
        return
    parts = listed([_recall_words(one, rules) for one in low])
    yield Finding(
        "alarm",
        f"Labels by {used.rule} miss much of what {data.gold} marks. Recall: {parts}."
        + _too_low(low),
        "agreement",
    )


def _too_low(low: list[Compared]) -> str:
    """By how much rates come out too low: marked by the rule over marked by gold."""
    parts = []
    for one in low:
        recall, precision = one.value("recall"), one.value("precision")
        if recall is not None and precision and recall / precision < NEARLY:
            parts.append(f"{one.flag} by {share(1 - recall / precision, 0)}")
    return f" Rates made of them come out too low: {listed(parts)}." if parts else ""


def _recall_words(one: Compared, rules: list[RuleSummary]) -> str:
    row = one.quantities["recall"]
    text = f"{one.flag} {number(row['value'], 2)} [{interval(row['ci_low'], row['ci_high'], 2)}]"
    others = [
        (value, summary.rule)
        for summary in rules
        if one.flag in summary.by_flag
        and (value := summary.by_flag[one.flag].value("recall")) is not None
    ]
    best, rule = max(others)
    return text if best <= row["value"] + 1e-9 else f"{text} (with {rule} {number(best, 2)})"


def _rare(data: ReportData) -> Iterator[Finding]:
    base = {
        row["flag"]: row["share"]
        for row in data.rows("label_rates")
        if row["kind"] != "rule" and (row["source"] == data.gold or data.gold is None)
    }
    parted = []
    for one in compared([*data.rows("agreement"), *data.rows("gold")]):
        kappa, ac1 = one.value("cohen_kappa"), one.value("gwet_ac1")
        rate = base.get(one.flag)
        if kappa is None or ac1 is None or rate is None or rate > RARE or ac1 - kappa < PARADOX_GAP:
            continue
        parted.append((ac1 - kappa, one, kappa, ac1, rate))
    seen: set[str] = set()
    for _, one, kappa, ac1, rate in sorted(parted, key=lambda entry: -entry[0]):
        if one.flag in seen:
            continue
        seen.add(one.flag)
        yield Finding(
            "caution",
            f"{one.flag} is rare ({share(rate)}), so kappa and AC1 part ({one.first} and "
            f"{one.second}: κ {number(kappa, 2)}, AC1 {number(ac1)}). Read positive agreement, and "
            "cite neither alone.",
            "agreement",
        )


def _quality(data: ReportData) -> Iterator[Finding]:
    failed = sum(row["failed"] for row in data.rows("units"))
    planned = sum(row["planned"] for row in data.rows("units"))
    if failed or planned:
        parts = [f"{counted(failed, 'unit')} failed"] if failed else []
        parts += [f"{counted(planned, 'unit')} not done yet"] if planned else []
        yield Finding(
            "alarm",
            f"The study is not complete: {listed(parts)}. The next run tries them again; "
            "the reasons are below.",
            "completeness",
        )
    short = [
        row for row in data.rows("episodes") if row["exclusion"] or row["status"] in INCOMPLETE
    ]
    if short:
        by_condition: dict[str, int] = {}
        for row in short:
            name = row["condition"]
            by_condition[name] = by_condition.get(name, 0) + row["episodes"]
        words = listed([f"{name} {n:,}" for name, n in by_condition.items()])
        rule = data.study.run.incomplete
        done = (
            "kept in the metrics"
            if rule == "keep"
            else "left out of the metrics (agreement of coders apart) and counted"
        )
        total = sum(by_condition.values())
        verb = "episode is" if total == 1 else "episodes are"
        yield Finding(
            "caution",
            f"{total:,} {verb} incomplete or excluded ({words}); as declared, they are {done}.",
            "completeness",
        )
    kinds = (
        ("fallback_share", "of actions are the declared fallback, not an answer"),
        ("failed_call_share", "of calls to models failed"),
        ("unusable_code_share", "of codes are unusable"),
    )
    for name, words in kinds:
        high = [row for row in data.rows("quality") if (row[name] or 0) > DOUBTFUL_SHARE]
        if high:
            where = listed([f"{row['condition']} {share(row[name])}" for row in high])
            yield Finding(
                "caution", f"More than {share(DOUBTFUL_SHARE, 0)} {words}: {where}.", "completeness"
            )


def _warnings(data: ReportData) -> Iterator[Finding]:
    warned: dict[str, list[str]] = {}
    for row in data.rows("contrasts"):
        if row["warning"]:
            named = f"{row['contrast']} ({between(row)})"
            warned.setdefault(row["warning"], []).append(named)
    for words, (first, *others) in warned.items():
        more = f" and {counted(len(others), 'more contrast')}" if others else ""
        yield Finding("caution", f"{first}{more}: {words}.", "contrasts")


def _curves(data: ReportData) -> Iterator[Finding]:
    for curve in curves(data):
        stable = "same sign" in curve.summary
        yield Finding(
            "result" if stable else "caution",
            f"{curve.contrast} ({curve.between} in {curve.of}), re-examined under "
            f"{len(curve.specifications)} combinations of choices: {curve.summary}",
            "curves",
        )


def _expectations(data: ReportData) -> Iterator[Finding]:
    levels: dict[str, Level] = {"critical": "alarm", "warning": "caution", "info": "result"}
    for row in data.rows("checks"):
        if not row["passed"]:
            where = f"{row['view']} ({row['condition']})" if row["condition"] else row["view"]
            expected = f" {row['expected']}" if row["expected"] else ""
            yield Finding(
                levels[row["severity"]],
                f"Not as expected: {where}, {row['check']}{expected}: found {row['observed']}.",
                "expectations",
            )


def _simulated(data: ReportData) -> Iterator[Finding]:
    models = data.study.models.values()
    if models and all(model.simulated for model in models):
        yield Finding(
            "caution",
            "Every model here is simulated: agents and judges follow declared policies, so the "
            "numbers test the design and the pipeline; they say nothing about any language model.",
            "design",
        )


def _contrasts(data: ReportData) -> Iterator[Finding]:
    for row in data.rows("contrasts"):
        if row["effect"] is None:
            continue
        p = row["p_adjusted"] if row["p_adjusted"] is not None else row["p"]
        adjusted = "adjusted p" if row["p_adjusted"] is not None else "p"
        effect = row["effect_name"].replace("_", " ")
        n_a, n_b, cases = row["n_a"], row["n_b"], data.cases_of(row["metric"])
        yield Finding(
            "result",
            f"{row['contrast']}: {_comparison(row, p is not None and p < CLEAR)} in "
            f"{quantity_words(row['metric'], row['subject'])} ({effect} {number(row['effect'], 2)} "
            f"[{interval(row['ci_low'], row['ci_high'], 2)}], {adjusted} {equals(p)}, "
            + (f"{n_a} {cases} each)." if n_a == n_b else f"{n_b} and {n_a} {cases})."),
            "contrasts",
        )


def _comparison(row: Row, differ: bool) -> str:
    """How the second condition stands to the first."""
    a, b = row["condition_a"], row["condition_b"]
    if not differ:
        return f"{b} and {a} do not clearly differ"
    if row["effect_name"] not in DIRECTED or not row["effect"]:
        return f"{b} and {a} differ"
    return f"{b} is {'above' if row['effect'] > 0 else 'below'} {a}"


def _nulls(data: ReportData) -> Iterator[Finding]:
    places = {one.name: place for place, one in enumerate(data.conditions)}
    for name in data.metrics:
        rows = [
            row
            for row in declared_rows(data, "metrics", name)
            if row["scope"] == "condition"
            and row["rule"] in {None, data.used_rule}
            and row["null_mean"] is not None
            and row["value"] is not None
        ]
        rows.sort(key=lambda row: places.get(row["condition"], len(places)))
        excess = {(r["metric"], r["condition"]): r for r in rows if r["subject"] == EXCESS}
        plain = [row for row in rows if row["subject"] != EXCESS]
        for metric in dict.fromkeys(row["metric"] for row in plain):
            words = [
                _null(row, excess.get((metric, row["condition"])))
                for row in plain
                if row["metric"] == metric
            ]
            which = name.removeprefix(data.metrics[name].name)
            said = f"{metric}{which} against its null: {'; '.join(words)}."
            yield Finding("result", said, "metrics")


def _null(row: Row, excess: Row | None) -> str:
    """Where a condition stands to its null: by p, or by the excess where a null has no draws."""
    where = "above" if row["value"] > row["null_mean"] else "below"
    of = f"{row['condition']} {number(row['value'])}"
    null = number(row["null_mean"])
    if row["p_null"] is not None:
        if row["p_null"] >= CLEAR:
            return f"{of} does not clearly differ from it ({null})"
        return f"{of} is {where} it ({null}, p {equals(row['p_null'])})"
    if excess is None or excess["ci_low"] is None:
        return f"{of} stands beside {null}"
    ends = f"excess {interval(excess['ci_low'], excess['ci_high'])}"
    if excess["ci_low"] <= 0 <= excess["ci_high"]:
        return f"{of} does not clearly differ from it ({null}, {ends})"
    return f"{of} is {where} it ({null}, {ends})"
