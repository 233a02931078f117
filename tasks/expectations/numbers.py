"""Contrasts and numbers held against what a study expects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.checks import Checked
from schemas.study import ContrastExpectation, NumberExpectation, Published, Study
from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.comparisons import quantity_name

Row = Mapping[str, Any]

#: Value of an effect size where there is no effect; 0 for those that are not listed.
NO_EFFECT = {"cles": 0.5}


def checked_numbers(
    study: Study, metrics: Sequence[Row], contrasts: Sequence[Row]
) -> Iterator[Checked]:
    """What is found of every contrast and number that a study expects something of.

    Args:
        study: The study.
        metrics: Rows of ``v_metrics``: metric, rule, scope, condition, subject, value.
        contrasts: Rows of ``v_contrasts`` under the declared specification.
    """
    for one in study.expect:
        if isinstance(one, ContrastExpectation):
            yield _contrast(one, contrasts)
        elif isinstance(one, NumberExpectation):
            yield _number(study, one, metrics)


def numbers_of(
    study: Study, one: NumberExpectation | Published, metrics: Sequence[Row]
) -> list[Row]:
    """The rows of a number; several where its metric is declared more than once.

    Of numbers that there are several adjudication rules for, those under the rule that the study
    uses are taken.
    """
    name = stored_name(one.of)
    scope = "condition" if one.condition else "study"
    rows = [
        row
        for row in metrics
        if (row["metric"], row["condition"], row["subject"]) == (name, one.condition, one.subject)
        and row["scope"] == scope
    ]
    used = study.coding.adjudication.use.title if study.coding else None
    return [row for row in rows if row["rule"] in (None, used)] or rows


def stored_name(of: str) -> str:
    """The name that a quantity of a metric is stored under."""
    return quantity_name(METRICS[of.partition(".")[0]], of, "")


def expected_number(one: NumberExpectation) -> str:
    """The bounds of a number as text.

    Example:
        >>> expected_number(NumberExpectation(of="outcomes", min_value=0.5))
        'at least 0.5'
    """
    if one.min_value is None:
        return f"at most {one.max_value:g}"
    if one.max_value is None:
        return f"at least {one.min_value:g}"
    return f"{one.min_value:g} to {one.max_value:g}"


def _number(study: Study, one: NumberExpectation, metrics: Sequence[Row]) -> Checked:
    rows = numbers_of(study, one, metrics)
    values = [row["value"] for row in rows]
    low = float("-inf") if one.min_value is None else one.min_value
    high = float("inf") if one.max_value is None else one.max_value
    return Checked(
        source="agora",
        view="v_metrics",
        check=f"{stored_name(one.of)} {one.subject}".strip(),
        condition=one.condition,
        severity=one.severity,
        declared_by="study",
        expected=expected_number(one),
        observed=", ".join(f"{value:.4g}" if value is not None else "no value" for value in values)
        or "no such number",
        passed=bool(values) and all(v is not None and low <= v <= high for v in values),
        n_rows=len(rows),
    )


def _contrast(one: ContrastExpectation, contrasts: Sequence[Row]) -> Checked:
    rows = [
        row
        for row in contrasts
        if row["contrast"] == one.contrast
        and one.condition in (None, row["condition_b"])
        and one.subject in (None, row["subject"])
    ]
    return Checked(
        source="agora",
        view="v_contrasts",
        check=f"contrast {one.contrast} {one.subject or ''}".strip(),
        condition=one.condition or "",
        severity=one.severity,
        declared_by="study",
        expected=_expected(one),
        observed="; ".join(map(_found, rows)) or "no such comparison",
        passed=bool(rows) and all(_holds(one, row) for row in rows),
        n_rows=len(rows),
        n_failed=sum(not _holds(one, row) for row in rows),
    )


def _expected(one: ContrastExpectation) -> str:
    parts = [
        f"{one.direction} than the baseline" if one.direction else "",
        f"p below {one.p_below:g}" if one.p_below is not None else "",
        f"p above {one.p_above:g}" if one.p_above is not None else "",
    ]
    return ", ".join(filter(None, parts))


def _found(row: Row) -> str:
    effect = "no effect" if row["effect"] is None else f"{row['effect_name']} {row['effect']:.3g}"
    p = "no p" if row["p_adjusted"] is None else f"p {row['p_adjusted']:.3g}"
    return f"{row['condition_b']} against {row['condition_a']}: {effect}, {p}"


def _holds(one: ContrastExpectation, row: Row) -> bool:
    effect, p = row["effect"], row["p_adjusted"]
    if one.direction is not None:
        if effect is None:
            return False
        above = effect - NO_EFFECT.get(row["effect_name"], 0.0)
        if (above if one.direction == "greater" else -above) <= 0:
            return False
    if one.p_below is not None and (p is None or p >= one.p_below):
        return False
    return one.p_above is None or (p is not None and p > one.p_above)
