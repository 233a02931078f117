"""What can be wrong with what a study expects and reproduces: names that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.errors import Mistake, nearest
from schemas.relations import has_conditions, is_number, relations
from schemas.study import (
    ContrastExpectation,
    DataExpectation,
    NumberExpectation,
    Published,
    Study,
)
from tasks.expectations.arguments import supported, wrong_values
from tasks.studies.messages import shown, unknown_field, unknown_name
from tasks.studies.positions import Positions, placed
from tasks.studies.yamltext import FieldPath

#: Expectations that compute with the values of a column.
_ARITHMETIC = ("mean", "median", "stdev", "sum", "quantile", "z_scores", "outliers")
#: Effect sizes that have no direction.
_UNDIRECTED = frozenset({"eta_squared_h"})


def written_path(value: Mapping[str, Any], path: FieldPath) -> FieldPath:
    """Where a field of a study stands in the file; an expectation's stand below its name.

    Example:
        >>> study = {"expect": [{"expect_column_max_to_be_between": {"severity": "fatal"}}]}
        >>> written_path(study, ("expect", 0, "DataExpectation", "severity"))
        ('expect', 0, 'expect_column_max_to_be_between', 'severity')
    """
    if path[:1] != ("expect",) or path[2:3] != ("DataExpectation",):
        return path
    item = value["expect"][path[1]]
    if isinstance(item, dict) and len(item) == 1:
        return (*path[:2], next(iter(item)), *(part for part in path[3:] if part != "arguments"))
    return path


def expectation_problems(
    study: Study, conditions: Sequence[str] | None, positions: Positions
) -> Iterator[Mistake]:
    """Everything that is wrong with ``expect`` and ``reproduces``.

    Args:
        study: The study.
        conditions: Names of its conditions; ``None`` where only the warehouse knows them.
        positions: Where its values stand.
    """
    for number, one in enumerate(study.expect):
        at: FieldPath = ("expect", number)
        if isinstance(one, DataExpectation):
            yield from _data(one, (*at, one.expectation), positions)
        elif isinstance(one, ContrastExpectation):
            yield from _contrast(study, one, at, positions)
        else:
            yield from _number(study, one, conditions, at, positions)
    for number, published in enumerate(study.reproduces.published if study.reproduces else ()):
        at = ("reproduces", "published", number)
        yield from _number(study, published, conditions, at, positions)


def _data(one: DataExpectation, at: FieldPath, positions: Positions) -> Iterator[Mistake]:
    place = positions.place(at)
    if one.expectation not in supported():
        near = nearest(one.expectation, supported())
        yield Mistake(
            what="no expectation has this name",
            place=place,
            found=one.expectation,
            expected="a name of Great Expectations, listed in docs/expectations.md",
            fix=f"did you mean {near}?" if near else "",
        )
        return
    known = supported()[one.expectation]
    given = {name: value for name, value in one.arguments.items() if name in known}
    for name in one.arguments.keys() - known.keys():
        own = [*known, "view", "where", "per", "severity"]
        yield unknown_field(positions.place((*at, name)), name, own)
    for name, argument in known.items():
        if argument.required and name not in given:
            yield Mistake(
                what="this argument is missing",
                place=place,
                expected=f"{name}: {argument.expected}",
                fix=f"add {name}",
            )
    for name, what, expected in wrong_values(one.expectation, given):
        found = shown(given[name]) if name else ""
        yield Mistake(
            what=what,
            place=positions.place((*at, name) if name else at),
            found=found,
            expected=expected,
        )
    yield from _rows(one, at, positions)


def _rows(one: DataExpectation, at: FieldPath, positions: Positions) -> Iterator[Mistake]:
    """What is wrong with the view, its columns and how it is divided."""
    if one.view not in relations():
        place = positions.place((*at, "view"))
        views = [name for name in relations() if name.startswith("v_")]
        near = nearest(one.view, relations())
        yield Mistake(
            what="no view or table has this name",
            place=place,
            found=one.view,
            expected=f"one of {', '.join(views)}, or a table of docs/tables.md",
            fix=f"did you mean {near}?" if near else "",
        )
        return
    columns = relations()[one.view]
    named: list[tuple[FieldPath, str]] = [(("where", name), name) for name in one.where]
    for argument, value in one.arguments.items():
        if argument in {"column", "column_A", "column_B"} and isinstance(value, str):
            named.append(((argument,), value))
        elif argument == "column_list" and isinstance(value, list | tuple):
            named += [((argument, number), str(name)) for number, name in enumerate(value)]
    for path, name in named:
        place = positions.place((*at, *path))
        if name not in columns:
            yield unknown_name(place, "column", name, list(columns), "see docs/tables.md")
        elif (
            path == ("column",)
            and any(word in one.expectation for word in _ARITHMETIC)
            and not is_number(columns[name])
        ):
            yield Mistake(
                what="this column holds no numbers",
                place=place,
                found=f"{name}: {columns[name]}",
                expected="a column of numbers, or of true and false",
            )
    if one.per == "condition" and not has_conditions(one.view):
        yield Mistake(
            what=f"rows of {one.view} belong to no condition",
            place=positions.place((*at, "per")),
            fix="remove per",
        )


def _contrast(
    study: Study, one: ContrastExpectation, at: FieldPath, positions: Positions
) -> Iterator[Mistake]:
    from tasks.metrics.contrasts.catalogue import TESTS

    contrast = study.contrasts.get(one.contrast)
    if contrast is None:
        place = positions.place((*at, "contrast"))
        yield unknown_name(place, "contrast", one.contrast, list(study.contrasts))
        return
    others = contrast.between[1:]
    if one.condition is not None and one.condition not in others:
        place = positions.place((*at, "condition"))
        yield unknown_name(place, "condition", one.condition, others)
    test = TESTS.get(contrast.test)
    if one.direction is not None and test is not None and test.effect in _UNDIRECTED:
        yield Mistake(
            what=f"the effect of {contrast.test} has no direction",
            place=positions.place((*at, "direction")),
            found=one.direction,
            fix="remove direction, or compare two conditions by another test",
        )


def _number(
    study: Study,
    one: NumberExpectation | Published,
    conditions: Sequence[str] | None,
    at: FieldPath,
    positions: Positions,
) -> Iterator[Mistake]:
    yield from quantity_problems(study, one.of, positions.place((*at, "of")))
    if one.condition and conditions is not None and one.condition not in conditions:
        place = positions.place((*at, "condition"))
        yield unknown_name(place, "condition", one.condition, conditions)


def quantity_problems(study: Study, of: str, place: str) -> Iterator[Mistake]:
    """What is wrong with the name of a quantity: its metric is not the study's, or lacks it."""
    from tasks.metrics.catalogue import METRICS
    from tasks.metrics.contrasts.comparisons import quantity_name

    listed = list(dict.fromkeys(metric.name for metric in study.metrics))
    name = of.partition(".")[0]
    if name not in listed:
        yield unknown_name(place, "metric", of, listed, "add it under metrics")
    elif name in METRICS:
        yield from placed(place, quantity_name, METRICS[name], of, place)
