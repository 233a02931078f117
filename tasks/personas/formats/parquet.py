"""Personas as Parquet: one row for each, one column for each part, such as ``attributes.age``."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from schemas.errors import Mistake
from tasks.personas.formats.reading import persona_of
from tasks.personas.listed import ListedPersona

#: Parts of a persona that hold values by name, and the type of these.
PARTS: Mapping[str, type[pl.DataType]] = {
    "attributes": pl.String,
    "traits": pl.Float64,
    "intensity": pl.Int64,
    "texts": pl.String,
}
LEVELS = "levels"


def written(personas: Sequence[ListedPersona]) -> bytes:
    """Personas as a Parquet file; what one lacks is missing in its row."""
    rows = [_row(one) for one in personas]
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pl.DataFrame(
        {name: pl.Series([row.get(name) for row in rows], dtype=_type(name)) for name in names}
    )
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def _type(column: str) -> type[pl.DataType]:
    return PARTS.get(column.partition(".")[0], pl.String)


def _row(persona: ListedPersona) -> dict[str, Any]:
    row: dict[str, Any] = {"name": persona.name}
    row |= {f"attributes.{name}": value for name, value in persona.attributes.items()}
    for name, value in persona.traits.items():
        row[f"{LEVELS if isinstance(value, str) else 'traits'}.{name}"] = value
    for trait, factors in persona.intensity.items():
        row |= {f"intensity.{trait}.{factor}": value for factor, value in factors.items()}
    return row | {f"texts.{name}": text for name, text in persona.prose.items()}


def read(content: bytes, place: str) -> Iterator[ListedPersona]:
    """The personas in a Parquet file.

    Args:
        content: The file.
        place: Where it comes from, for messages.

    Raises:
        Mistake: It is no such file, or has other columns, or a row is no persona.
    """
    try:
        frame = pl.read_parquet(content)
    except (PolarsError, pl.exceptions.PanicException) as error:
        raise Mistake(
            what="the file cannot be read as a table",
            place=place,
            found=str(error).splitlines()[0][:200],
        ) from None
    for column in frame.columns:
        part, _, name = column.partition(".")
        if column != "name" and (part not in {*PARTS, LEVELS} or not name):
            raise Mistake(
                what="a column that is no part of a persona",
                place=place,
                found=column,
                expected="name, and columns that begin with "
                + ", ".join(f"{one}." for one in (*PARTS, LEVELS)),
                fix="take rows of any table by the method dataset instead",
            )
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        yield persona_of(_nested(row), f"{place}: row {number}")


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": row.get("name")}
    for column, value in row.items():
        part, _, name = column.partition(".")
        if value is None or not name:
            continue
        if part == "intensity":
            trait, _, factor = name.rpartition(".")
            found.setdefault(part, {}).setdefault(trait, {})[factor] = value
        else:
            found.setdefault("traits" if part == LEVELS else part, {})[name] = value
    return found
