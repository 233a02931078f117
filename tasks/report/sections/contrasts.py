"""Contrasts with their warnings, and specification curves."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from schemas.tables.measures import EXCESS
from tasks.report.data import ReportData, Row
from tasks.report.formatting import interval, number, p_value, quantity_words
from tasks.report.plots.curve import Specification, specification_plot
from tasks.report.plots.intervals import Group, Mark, interval_plot
from tasks.report.tables import Cell, Column, Table, computed, table, text

CLEAR = 0.05
AS_DECLARED = "as declared"
#: The value of an effect where the conditions are alike, for those where it is not 0.
NO_EFFECT = {"cles": 0.5}
#: Sign in plots of a contrast that compares the excess over the null, for which there is no room.
OF_EXCESS = "†"


@dataclass(frozen=True)
class Warned:
    """A contrast with what must be known before it is cited."""

    contrast: str
    between: str
    warning: str


@dataclass(frozen=True)
class ContrastSection:
    """What the template of contrasts shows."""

    table: Table
    plots: tuple[tuple[str, Markup, str], ...]
    warnings: tuple[Warned, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """A specification curve.

    Attributes:
        name: Its name in the study.
        contrast: The contrast that it re-examines.
        of: The quantity that it compares.
        specifications: Its combinations.
        effect_name: Name of the effect.
        between: The conditions.
        plot: The plot.
        table: Its numbers.
        summary: What it says, in a sentence.
    """

    name: str
    contrast: str
    of: str
    specifications: tuple[Specification, ...]
    effect_name: str
    between: str
    plot: Markup
    table: Table
    summary: str


def between(row: Row) -> str:
    """The two sides of a contrast in words."""
    return f"{row['condition_b']} against {row['condition_a']}"


def contrast_section(data: ReportData) -> ContrastSection | None:
    """The declared contrasts; nothing where there are no results."""
    rows = data.rows("contrasts")
    if not rows:
        return None
    return ContrastSection(
        _table(data, rows),
        tuple(_plots(rows)),
        tuple(
            Warned(row["contrast"], between(row), row["warning"]) for row in rows if row["warning"]
        ),
        tuple(dict.fromkeys(row["method"] for row in rows)),
    )


def _table(data: ReportData, rows: tuple[Row, ...]) -> Table:
    return table(
        "Effects are of the second condition over the first, named exactly; p-values are adjusted "
        "over the declared family where a correction was declared. What was left out is counted.",
        [
            Column(
                "Contrast",
                lambda row: Cell(row["contrast"], "⚠ see below" if row["warning"] else ""),
            ),
            Column(
                "Between", lambda row: Cell(between(row), f"differ in {', '.join(row['factors'])}")
            ),
            Column(
                "Of",
                lambda row: Cell(quantity_words(row["metric"], row["subject"]), row["rule"] or ""),
            ),
            Column(
                "Effect",
                lambda row: Cell(_kept(row["effect_name"]), _kept(row["test"])),
            ),
            computed(
                "Size",
                lambda row: Cell(
                    number(row["effect"]), f"[{interval(row['ci_low'], row['ci_high'])}]"
                ),
            ),
            computed("p", lambda row: p_value(row["p"])),
            computed(
                "Adjusted p",
                lambda row: Cell(p_value(row["p_adjusted"]), _family(row)),
            ),
            computed(
                "Compared",
                lambda row: Cell(
                    f"{row['n_a']} · {row['n_b']}",
                    data.cases_of(row["metric"])
                    + (f", {row['n_excluded']} excluded" if row["n_excluded"] else ""),
                ),
            ),
        ],
        rows,
        data.listings["contrasts"],
    )


def _family(row: Row) -> str:
    size = f" of {row['family_size']}" if row["family_size"] else ""
    return f"{row['correction']}, {row['family']}{size}"


def _kept(name: str) -> str:
    """A name in words that stay on one line."""
    return name.replace("_", "\u00a0")


def _plots(rows: tuple[Row, ...]) -> list[tuple[str, Markup, str]]:
    found = []
    for name in dict.fromkeys(row["effect_name"] for row in rows):
        mine = [row for row in rows if row["effect_name"] == name and row["effect"] is not None]
        groups: dict[str, list[Mark]] = {}
        for row in mine:
            adjusted = row["p_adjusted"] if row["p_adjusted"] is not None else row["p"]
            clear = adjusted is not None and adjusted < CLEAR
            groups.setdefault(_plot_label(row), []).append(
                Mark(
                    between(row),
                    row["effect"],
                    row["ci_low"],
                    row["ci_high"],
                    f"{number(row['effect'], 2)}  [{interval(row['ci_low'], row['ci_high'], 2)}]",
                    0,
                    clear,
                )
            )
        if not groups:
            continue
        words = name.replace("_", " ")
        plot = interval_plot(
            [Group(label, tuple(marks)) for label, marks in groups.items()],
            f"{words} of every contrast",
            axis=f"{words}, second condition over first",
            span=(-1.0, 1.0) if name == "rank_biserial" else None,
            reference=NO_EFFECT.get(name, 0.0),
        )
        n = sum(len(marks) for marks in groups.values())
        found.append(
            (
                name,
                plot,
                f"{words.capitalize()} of {n} comparisons with 95% intervals. "
                f"Filled: adjusted p below {CLEAR}; hollow: not."
                + (f" {OF_EXCESS}: excess over its null." if OF_EXCESS in "".join(groups) else ""),
            )
        )
    return found


def _plot_label(row: Row) -> str:
    if row["subject"] == EXCESS:
        return f"{OF_EXCESS} {row['contrast']}"
    return ", ".join(filter(None, (row["contrast"], row["subject"])))


def curves(data: ReportData) -> tuple[Curve, ...]:
    """The specification curves that have results."""
    found = []
    for name, spec in data.study.curves.items():
        rows = [row for row in data.rows("curves") if row["family"] == f"curve {name}"]
        for pair in dict.fromkeys(between(row) for row in rows):
            mine = [row for row in rows if between(row) == pair]
            found.append(_curve(data, name, spec.contrast, pair, mine))
    return tuple(found)


def _curve(data: ReportData, name: str, contrast: str, pair: str, rows: list[Row]) -> Curve:
    specifications = _specifications(data, rows)
    words = rows[0]["effect_name"].replace("_", " ")
    of = quantity_words(rows[0]["metric"], rows[0]["subject"])
    return Curve(
        name,
        contrast,
        of,
        specifications,
        words,
        pair,
        specification_plot(specifications, f"{contrast}, {of}, under every specification", words),
        table(
            "Every specification. p-values are not corrected here: the specifications share data.",
            [
                text("Specification", "specification"),
                computed("Size", lambda row: number(row["effect"])),
                computed("95% interval", lambda row: interval(row["ci_low"], row["ci_high"])),
                computed("p", lambda row: p_value(row["p"])),
                computed("Compared", lambda row: f"{row['n_a']} · {row['n_b']}"),
                text("Note", "warning", ""),
            ],
            rows,
            data.listings["curves"],
        ),
        curve_summary(specifications),
    )


def _specifications(data: ReportData, rows: list[Row]) -> tuple[Specification, ...]:
    parsed = [_choices(row["specification"]) for row in rows]
    kinds = list(dict.fromkeys(kind for one in parsed for kind in one))
    return tuple(
        Specification(
            tuple((kind, choices.get(kind, AS_DECLARED)) for kind in kinds),
            row["effect"],
            row["ci_low"],
            row["ci_high"],
            row["p"] is not None and row["p"] < CLEAR,
            _declared(data, choices),
        )
        for row, choices in zip(rows, parsed, strict=True)
    )


def _choices(specification: str) -> dict[str, str]:
    """Value by kind of choice.

    Example:
        >>> _choices("rule=judge(coder=a); incomplete=keep")
        {'rule': 'judge(coder=a)', 'incomplete': 'keep'}
    """
    parts = (part.partition("=") for part in specification.split("; ") if "=" in part)
    return {kind: value for kind, _, value in parts}


def _declared(data: ReportData, choices: dict[str, str]) -> bool:
    declared = {"rule": data.used_rule, "incomplete": data.study.run.incomplete}
    return all(declared.get(kind) == value for kind, value in choices.items())


def curve_summary(specifications: tuple[Specification, ...]) -> str:
    """What a curve says, in a sentence.

    Example:
        >>> up = Specification((), 0.2, 0.1, 0.3, True)
        >>> curve_summary((up, Specification((), -0.1, -0.2, 0.1, False)))
        '1 of 2 specifications give a p below 0.05; the sign of the effect depends on the choice.'
    """
    known = [one for one in specifications if one.effect is not None]
    clear = sum(one.clear for one in known)
    signs = {one.effect > 0 for one in known if one.effect}
    text_ = f"{clear} of {len(specifications)} specifications give a p below {CLEAR}"
    if len(signs) > 1:
        return text_ + "; the sign of the effect depends on the choice."
    missing = len(specifications) - len(known)
    if missing:
        text_ += f"; {missing} could not be computed"
    return text_ + "; all effects have the same sign."
