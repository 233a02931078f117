"""Frames made of what units gave, with the rows that do not fit their table's model set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from schemas.tables import TABLES, Row
from schemas.unit import QUARANTINE, Result
from warehouse.committing.batch import NUMBER, OWN, PAID, UNIT, Check, Given, Staged
from warehouse.committing.casting import cast_frame
from warehouse.projections.columns import columns_of
from warehouse.projections.frames import bounds, cell, frame_of, frame_schema

#: Reasons that a check's detail quotes, at most.
QUOTED = 5


def staged_tables(results: Sequence[Result]) -> tuple[dict[str, Staged], list[Check]]:
    """The rows of a batch by table, and the check of each table's rows against its model.

    Raises:
        ValueError: A unit gave rows of a table that is unknown or that units do not write.
    """
    given: dict[str, list[Given]] = {}
    counts: dict[str, int] = {}
    for result in results:
        for name, rows in result.rows.items():
            if name == QUARANTINE:
                continue
            if name not in TABLES or name in OWN:
                raise ValueError(f"unit {result.unit.key} gave rows of table {name!r}")
            if len(rows) == 0 or (result.failure is not None and name not in PAID):
                continue
            given.setdefault(name, []).append((counts.get(name, 0), result.unit.key, rows))
            counts[name] = counts.get(name, 0) + len(rows)
    tables = {name: _staged(TABLES[name], given[name]) for name in TABLES if name in given}
    return tables, [_check(staged) for staged in tables.values()]


def _check(staged: Staged) -> Check:
    reasons = list(dict.fromkeys(staged.refused.values()))[:QUOTED]
    return Check(
        staged.name,
        "rows fit the model",
        "pydantic",
        staged.n_given,
        len(staged.refused),
        {"model": staged.row.__name__, "reasons": reasons},
    )


def _staged(row: type[Row], given: list[Given]) -> Staged:
    frames: list[pl.DataFrame] = []
    refused: dict[int, str] = {}
    numbered: list[tuple[int, str, Mapping[str, Any]]] = []
    for first, unit, rows in given:
        if isinstance(rows, pl.DataFrame):
            frame, bad = refused_rows(row, rows)
            frames.append(_with_origin(frame, range(first, first + len(rows)), [unit] * len(rows)))
            refused.update({first + number: reason for number, reason in bad.items()})
        else:
            numbered.extend((first + i, unit, mapping) for i, mapping in enumerate(rows))
    if numbered:
        frame, bad = _of_mappings(row, numbered)
        frames.append(frame)
        refused.update(bad)
    staged = Staged(row, pl.concat(frames).sort(NUMBER), tuple(given), refused)
    owner = row.table.owner
    if owner is not None:
        strangers = staged.frame.filter(pl.col(owner) != pl.col(UNIT))[NUMBER]
        staged.refuse(strangers, f"{owner}: the row is another unit's")
    return staged


def _with_origin(frame: pl.DataFrame, numbers: Sequence[int], units: list[str]) -> pl.DataFrame:
    return frame.with_columns(
        pl.Series(NUMBER, numbers, dtype=pl.Int64), pl.Series(UNIT, units, dtype=pl.String)
    )


@cache
def _adapter(row: type[Row]) -> TypeAdapter[list[Row]]:
    return TypeAdapter(list[row])  # type: ignore[valid-type]


def _of_mappings(
    row: type[Row], numbered: list[tuple[int, str, Mapping[str, Any]]]
) -> tuple[pl.DataFrame, dict[int, str]]:
    """The rows that fit as a frame, and reasons by number for the others."""
    refused: dict[int, str] = {}
    try:
        models = _adapter(row).validate_python([mapping for _, _, mapping in numbered])
    except ValidationError as error:
        for index, reason in _reasons(error):
            refused.setdefault(numbered[index][0], reason)
        numbered = [entry for entry in numbered if entry[0] not in refused]
        models = _adapter(row).validate_python([mapping for _, _, mapping in numbered])
    try:
        frame = frame_of(row, models)
    except ValueError:
        unfit: dict[int, str] = {
            entry[0]: reason
            for entry, model in zip(numbered, models, strict=True)
            if (reason := _unfit(row, model))
        }
        if not unfit:
            raise
        fit = [i for i, entry in enumerate(numbered) if entry[0] not in unfit]
        frame = frame_of(row, [models[i] for i in fit])
        numbered = [numbered[i] for i in fit]
        refused |= unfit
    numbers, units = [entry[0] for entry in numbered], [entry[1] for entry in numbered]
    return _with_origin(frame, numbers, units), refused


def _unfit(row: type[Row], model: Row) -> str:
    """Why a column cannot hold a value of a validated row; empty where all can."""
    for column in columns_of(row):
        try:
            cell(column, model.__dict__[column.name])
        except ValueError as error:
            return f"{column.name}: {error}"
    return ""


def _reasons(error: ValidationError) -> Iterator[tuple[int, str]]:
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        index, *place = problem["loc"]
        where = ".".join(str(step) for step in place)
        yield int(index), f"{where}: {problem['msg']}" if where else problem["msg"]


def refused_rows(row: type[Row], given: pl.DataFrame) -> tuple[pl.DataFrame, dict[int, str]]:
    """The frame cast to the table's schema, and reasons by row for those that do not fit its model.

    The frame keeps every row, refused ones with missing values in their place.
    """
    frame, refused = cast_frame(given, columns_of(row), frame_schema(row))
    for name, expected, broken in bounds(row):
        numbers = frame.select(pl.arg_where(broken)).to_series()
        column = name.partition(":")[0]
        for number in numbers:
            refused.setdefault(number, f"{column}: expected {expected}")
    return frame, refused
