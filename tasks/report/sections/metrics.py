"""Metrics: numbers by condition with their intervals and nulls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from schemas.tables.measures import EXCESS
from tasks.report.data import ReportData, Row
from tasks.report.formatting import interval, number, p_value, quantity_words
from tasks.report.plots.intervals import Group, Mark, interval_plot
from tasks.report.tables import Cell, Column, Table, computed, count, table, text

MOST_LINES = 60
MOST_PLOTS = 4
MOST_SUBJECTS = 6
MOST_FIGURES = 8
#: Plots of a metric that are shown at once; the others are folded.
OPEN_FIGURES = 2
#: Half the width of the band that holds 95% of a normal null.
BAND = 1.96


@dataclass(frozen=True)
class Figure:
    """A plot with its caption."""

    plot: Markup
    caption: str


@dataclass(frozen=True)
class MetricBlock:
    """One metric.

    Attributes:
        name: Its name.
        title: What it measures.
        avoid: When not to use it.
        figures: Its plots that are shown at once.
        folded: Its other plots.
        table: Its numbers.
        methods: How they were computed, each way once.
    """

    name: str
    title: str
    avoid: str
    figures: tuple[Figure, ...]
    folded: tuple[Figure, ...]
    table: Table
    methods: tuple[str, ...]


def metric_blocks(data: ReportData) -> tuple[MetricBlock, ...]:
    """Every declared metric that has numbers by condition or for the whole study."""
    blocks = []
    for name, note in data.metrics.items():
        rows = declared_rows(data, "metrics", name)
        if not rows:
            continue
        figures = _figures(data, name, rows)
        methods = dict.fromkeys(
            row["method"] for row in rows if row["rule"] in {None, data.used_rule}
        )
        blocks.append(
            MetricBlock(
                name,
                note.title,
                note.avoid.replace("`", ""),
                tuple(figures[:OPEN_FIGURES]),
                tuple(figures[OPEN_FIGURES:]),
                _table(data, name, rows),
                tuple(methods)[:6],
            )
        )
    return tuple(blocks)


def declared_rows(data: ReportData, listing: str, name: str) -> list[Row]:
    """Rows of a metric with its declared options and rules; curves have others besides."""
    note = data.metrics[name]
    return [
        row
        for row in data.rows(listing)
        if row["metric"].partition(".")[0] == note.name
        and _options(row) == note.options
        and (row["rule"] is None or row["rule"] in data.rules)
    ]


def _options(row: Row) -> object:
    found = row["options"]
    return json.loads(found) if isinstance(found, str) else found


def _order(data: ReportData) -> dict[str, int]:
    return {one.name: number_ for number_, one in enumerate(data.conditions)}


def _table(data: ReportData, name: str, rows: Sequence[Row]) -> Table:
    conditions = _order(data)
    quantities = list(dict.fromkeys([*data.metrics[name].quantities, *(r["metric"] for r in rows)]))
    rules = [None, *data.rules]
    ordered = sorted(
        rows,
        key=lambda row: (
            quantities.index(row["metric"]),
            row["subject"],
            rules.index(row["rule"]),
            conditions.get(row["condition"], len(conditions)),
        ),
    )
    names = 1 + any(row["subject"] for row in rows) + any(row["rule"] for row in rows)
    shown = [Column("Quantity", lambda row: row["metric"].partition(".")[2] or name)]
    if any(row["subject"] for row in rows):
        shown.append(Column("Of", _subject))
    if any(row["rule"] for row in rows):
        shown.append(text("Rule", "rule"))
    shown += [
        text("Condition", "condition", "whole study"),
        computed("Value", lambda row: number(row["value"])),
        computed("95% interval", lambda row: interval(row["ci_low"], row["ci_high"])),
    ]
    if any(row["null_mean"] is not None for row in rows):
        shown += [
            computed("Null mean", _null),
            computed("p against null", lambda row: p_value(row["p_null"])),
        ]
    shown += [count("Measured", "n_measured"), count("Excluded", "n_excluded")]
    if any(row["warning"] for row in rows):
        shown.append(text("Note", "warning", ""))
    return table(
        f"{name}: every quantity, with how much was measured and how many "
        f"{data.metrics[name].cases} were left out.",
        shown,
        ordered,
        data.listings["metrics"],
        group=lambda row: (row["metric"], row["subject"], row["rule"]),
        quiet=names,
    )


def _subject(row: Row) -> str:
    return "excess over its null" if row["subject"] == EXCESS else row["subject"]


def _null(row: Row) -> Cell:
    if row["null_mean"] is None:
        return Cell("–")
    sd = f"sd {number(row['null_sd'])}" if row["null_sd"] is not None else ""
    return Cell(number(row["null_mean"]), sd)


def _figures(data: ReportData, name: str, rows: Sequence[Row]) -> list[Figure]:
    contrasts = data.study.contrasts.values()
    targets = {spec.of for spec in contrasts}
    of_excess = {spec.of for spec in contrasts if spec.excess}
    there = {row["metric"] for row in rows if row["scope"] == "condition"}
    quantities = [one for one in data.metrics[name].quantities if one in there]
    with_null = {row["metric"] for row in rows if row["null_mean"] is not None}
    varied = [one for one in quantities if _varies(rows, one)]
    wanted = [one for one in quantities if one in targets or one in with_null] or varied[:2]
    figures = []
    for quantity in wanted[:MOST_PLOTS]:
        mine = [
            row
            for row in rows
            if row["metric"] == quantity
            and row["scope"] == "condition"
            and row["value"] is not None
        ]
        excess = [row for row in mine if row["subject"] == EXCESS and quantity in of_excess]
        raw = _on_one_axis(data, [row for row in mine if row["subject"] != EXCESS])
        figures += [
            figure
            for part in ([excess, *raw] if excess else raw)
            if (figure := _figure(data, name, quantity, part))
        ]
    return figures[:MOST_FIGURES]


def _on_one_axis(data: ReportData, rows: Sequence[Row]) -> list[list[Row]]:
    """Rows that can share an axis: all of them if they are shares, else those of one subject.

    Subjects that contrasts name come first; subjects that are the same everywhere need no plot.
    """
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    if not rows or len(subjects) == 1 or _share_an_axis(data, rows):
        return [list(rows)] if rows else []
    named = {spec.subject for spec in data.study.contrasts.values()}
    parts = [[row for row in rows if row["subject"] == one] for one in subjects]
    varied = [part for part in parts if _varies(part, part[0]["metric"])]
    return sorted(varied, key=lambda part: part[0]["subject"] not in named)[:MOST_SUBJECTS]


def _share_an_axis(data: ReportData, rows: Sequence[Row]) -> bool:
    lines = sum(row["rule"] in {None, data.used_rule} for row in rows)
    return lines <= MOST_LINES and all(abs(row["value"]) <= 1 for row in rows)


def _varies(rows: Sequence[Row], quantity: str) -> bool:
    """Whether there is anything to see: a quantity that is the same everywhere needs no plot."""
    ends = ("value", "ci_low", "ci_high")
    found = [row[name] for row in rows if row["metric"] == quantity for name in ends]
    known = [value for value in found if value is not None]
    return bool(known) and max(known) - min(known) > 1e-9


def _figure(data: ReportData, name: str, quantity: str, rows: Sequence[Row]) -> Figure | None:
    subjects = list(dict.fromkeys(row["subject"] for row in rows))
    if len(subjects) > 1:
        groups = _by_subject(data, rows, subjects)
    else:
        groups = _by_condition(data, name, quantity, rows)
    lines = sum(len(group.marks) for group in groups)
    if lines == 0 or lines > MOST_LINES:
        return None
    title = data.metrics[name].quantities.get(quantity) or quantity
    axis = quantity
    if len(subjects) == 1 and subjects[0]:
        excess = subjects[0] == EXCESS
        title = (
            f"{title}, excess over its null" if excess else quantity_words(quantity, subjects[0])
        )
        axis = quantity_words(quantity, subjects[0])
    marks = [mark for group in groups for mark in group.marks]
    of_excess = subjects == [EXCESS]
    counts = sorted({row["n_measured"] for row in rows})
    of = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    by = "subject and condition" if len(subjects) > 1 else "condition"
    caption = f"{title if title == axis else title[:1].upper() + title[1:]}, by {by}; "
    single = any(mark.points for mark in marks)
    cases = data.metrics[name].cases
    caption += f"n = {of}{f' {cases}' if single else ''} per mark, bars are 95% intervals"
    if single:
        caption += f", small dots are single {cases}"
    if any(mark.null is not None for mark in marks):
        caption += "; dotted circles and hatched bands are the null (mean, 95% of draws)"
    if len(data.rules) > 1 and any(row["rule"] for row in rows) and len(subjects) == 1:
        caption += f". Filled: labels by {data.used_rule}, which the metrics use"
    plot = interval_plot(
        groups, f"{title} by condition", axis=axis, reference=0.0 if of_excess else None
    )
    return Figure(plot, caption + ".")


def _by_condition(data: ReportData, name: str, quantity: str, rows: Sequence[Row]) -> list[Group]:
    points = episode_points(data, name, quantity, rows[0]["subject"])
    rules = [None, *data.rules]
    order = _order(data)
    groups: dict[str, list[Mark]] = {}
    for row in sorted(
        rows,
        key=lambda row: (order.get(row["condition"], len(order)), rules.index(row["rule"])),
    ):
        used = row["rule"] in {None, data.used_rule}
        mark = _mark(
            row,
            row["rule"] or "",
            max(rules.index(row["rule"]) - 1, 0),
            used,
            points.get(row["condition"], ()) if used else (),
        )
        groups.setdefault(row["condition"], []).append(mark)
    return [Group(condition, tuple(marks)) for condition, marks in groups.items()]


def _by_subject(data: ReportData, rows: Sequence[Row], subjects: Sequence[str]) -> list[Group]:
    order = _order(data)
    used = [row for row in rows if row["rule"] in {None, data.used_rule}]
    used.sort(key=lambda row: order.get(row["condition"], len(order)))
    return [
        Group(
            subject,
            tuple(
                _mark(row, row["condition"], order.get(row["condition"], 0), True, ())
                for row in used
                if row["subject"] == subject
            ),
        )
        for subject in subjects
    ]


def episode_points(
    data: ReportData, name: str, quantity: str, subject: str
) -> dict[str, tuple[float, ...]]:
    """Numbers of single episodes by condition, less their null for the subject ``excess``."""
    found: dict[str, list[float]] = {}
    for row in declared_rows(data, "episode_metrics", name):
        held = "" if subject == EXCESS else subject
        null = row["null_mean"] if subject == EXCESS else 0.0
        if (row["metric"], row["subject"]) == (quantity, held) and None not in {row["value"], null}:
            found.setdefault(row["condition"], []).append(row["value"] - null)
    return {condition: tuple(values) for condition, values in found.items()}


def _mark(row: Row, label: str, series: int, strong: bool, points: tuple[float, ...]) -> Mark:
    null, sd = row["null_mean"], row["null_sd"]
    banded = null is not None and sd is not None
    ends = interval(row["ci_low"], row["ci_high"])
    return Mark(
        label,
        row["value"],
        row["ci_low"],
        row["ci_high"],
        number(row["value"]) + (f"  [{ends}]" if ends != "–" else ""),
        series,
        strong,
        null,
        null - BAND * sd if banded else None,
        null + BAND * sd if banded else None,
        points,
    )
