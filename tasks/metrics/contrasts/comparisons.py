"""What a study's contrasts and curves compare, as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.errors import Mistake, nearest
from schemas.study import ContrastSpec, Study
from schemas.unit import Unit
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.contrasts.sample import Test
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.stored import Measured
from tasks.metrics.units import Measurement, curve_measurements, declared_measurement
from tasks.studies.design import Design

IMPORTED = "series"
Measures = Mapping[tuple[Any, ...], Unit[Measured]]


def families(design: Design, measured: Measures) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every family with its comparisons, then every curve with its specifications.

    Args:
        design: The study.
        measured: Usable units of the step ``measure`` by the identity of their measurement.

    Raises:
        Mistake: A contrast names an unknown metric, quantity, test or option.
    """
    study = design.study
    grouped: dict[str, list[dict[str, Any]]] = {}
    for name, spec in study.contrasts.items():
        one = _measurement(study, name, spec)
        made = _comparisons(design, name, spec, one=one, specification="", measured=measured)
        grouped.setdefault(spec.family, []).extend(made)
    yield from grouped.items()
    for title, curve in study.curves.items():
        spec = study.contrasts.get(curve.contrast)  # type: ignore[assignment]
        if spec is None:
            raise Mistake(
                what="unknown contrast",
                place=f"curves.{title}.contrast",
                found=curve.contrast,
                expected="one of " + ", ".join(study.contrasts),
            )
        plain = spec.model_copy(update={"correction": "none", "family": f"curve {title}"})
        rows = [
            row
            for one, words in curve_measurements(study, title, curve)
            for row in _comparisons(
                design, curve.contrast, plain, one=one, specification=words, measured=measured
            )
        ]
        yield f"curve {title}", rows


def _measurement(study: Study, name: str, spec: ContrastSpec) -> Measurement:
    one = declared_measurement(study, spec.of)
    if one is None:
        known = [metric.name for metric in study.metrics]
        close = nearest(spec.of, known)
        raise Mistake(
            what="a contrast is of a metric that the study does not list",
            place=f"contrasts.{name}.of",
            found=spec.of,
            expected="one of " + ", ".join(known),
            fix=f"write {close}" if close else "add it under metrics",
        )
    return one


def quantity_name(metric: Metric, of: str, place: str) -> str:
    """The name under which the quantity that a contrast is of is stored.

    Raises:
        Mistake: The metric has no such quantity, or several and none was named.
    """
    _, _, quantity = of.partition(".")
    names = [metric.full_name(one) for one in metric.quantities]
    if not quantity and "" not in metric.quantities and len(names) == 1:
        return names[0]
    if quantity in metric.quantities:
        return metric.full_name(quantity)
    close = nearest(of, names)
    raise Mistake(
        what=f"metric {metric.name} has several quantities; name one"
        if not quantity
        else f"metric {metric.name} has no quantity {quantity}",
        place=place,
        found=of,
        expected="one of " + ", ".join(names),
        fix=f"write {close or names[0]}",
    )


def _comparisons(
    design: Design,
    name: str,
    spec: ContrastSpec,
    *,
    one: Measurement,
    specification: str,
    measured: Measures,
) -> list[dict[str, Any]]:
    place = f"contrasts.{name}"
    test = TESTS.named(spec.test, f"{place}.test")
    options = test.read_options(spec.options, f"{place}.options").model_dump(mode="json")
    quantity = quantity_name(one.metric, spec.of, f"{place}.of")
    declared = _quantity(one.metric, quantity)
    unit = measured.get(one.identity)
    shared = {
        "contrast": name,
        "family": spec.family,
        "specification": specification,
        "metric": quantity,
        "subject": spec.subject,
        "rule": one.rule,
        "measure": unit.key if unit else None,
        "excluded": dict(unit.spec.excluded) if unit else {},
        "test": test.name,
        "options": options,
        "excess": spec.excess,
        "correction": spec.correction,
        # Only where they say something new, so that other comparisons keep their keys.
        **({"scope": one.metric.scope} if one.metric.scope != "episode" else {}),
        **(_confirmation(one.metric, declared) if declared else {}),
        **(_width(declared, spec, test) if declared else {}),
        **({"made_of": declared.made_of} if declared and declared.made_of else {}),
        **({"weighed_by": declared.weighed_by} if declared and declared.weighed_by else {}),
    }
    first, *others = spec.between
    groups = [others] if test.many else [[other] for other in others]
    return [
        {**shared, "between": [first, *group], "factors": differing(design, (first, *group))}
        for group in groups
    ]


def _quantity(metric: Metric, full_name: str) -> Quantity | None:
    """The quantity that a metric declares under a full name; ``None`` for one of no declaration."""
    for name, one in metric.quantities.items():
        if metric.full_name(name) == full_name:
            return one
    return None


def _width(one: Quantity, spec: ContrastSpec, test: Test) -> dict[str, float]:
    """How far apart two values of a quantity can be, where there is a limit; an excess has none."""
    width = one.bounds[1] - one.bounds[0]
    if math.isfinite(width) and not spec.excess and test.effect == "mean_difference":
        return {"width": width}
    return {}


def _confirmation(metric: Metric, one: Quantity) -> dict[str, str]:
    """What a difference of a quantity must be confirmed by, if anything."""
    if one.confirmed_by is None:
        return {}
    other = metric.full_name(one.confirmed_by.quantity)
    return {"confirmed_by": other, "otherwise": one.confirmed_by.otherwise}


def differing(design: Design, conditions: Sequence[str]) -> list[str]:
    """Factors that do not have the same value in all of some conditions."""
    if design.study.imported is not None:
        return [IMPORTED]
    cells = [cell for cell in design.conditions if cell.name in conditions]
    names = dict.fromkeys(name for cell in cells for name in cell.factors)
    found = []
    for name in names:
        values = [cell.factors[name][1] if name in cell.factors else _BASE for cell in cells]
        if any(value != values[0] for value in values[1:]):
            found.append(name)
    return found


class _Baseline:
    """Stands for the baseline's value of a factor."""


_BASE = _Baseline()
