"""Rows of a file that a study names: columns of texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, TypeAdapter, ValidationInfo, model_validator

from schemas.base import Record
from schemas.files import LoadContext
from schemas.names import Name


class Bands(Record):
    """Numbers of a column cut into categories."""

    column: str = Field(min_length=1, description="Column of the file.")
    below: dict[Name, float] = Field(
        min_length=1,
        description="Categories in rising order, each with the number that it ends below; .inf "
        "ends the last one.",
    )

    model_config = Record.model_config | {"allow_inf_nan": True}

    @model_validator(mode="after")
    def _edges_rise(self) -> Self:
        edges = list(self.below.values())
        if any(math.isnan(edge) for edge in edges) or edges != sorted(set(edges)):
            raise ValueError("below: expected numbers that rise")
        return self

    def category(self, text: str, row: int) -> str:
        """The category of a number.

        Raises:
            ValueError: The text is no number, or above all categories.
        """
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"row {row}: {text!r} in column {self.column} is no number") from None
        for name, edge in self.below.items():
            if number < edge:
                return name
        raise ValueError(f"row {row}: {text} in column {self.column} is above every category")


class RowsFile(Record):
    """Columns of a CSV or Parquet file by the attributes that they become.

    In a study: ``{file: people.csv, columns: {sex: SEX, age: {column: AGE, below: {young: 30,
    old: .inf}}}}``. The rows become part of the study.
    """

    columns: dict[Name, tuple[str, ...]] = Field(
        min_length=1, description="Column of the file by attribute, or numbers cut into categories."
    )
    path: str = Field("", exclude=True, description="The file.")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping) or "file" not in value:
            return value
        if not isinstance(info.context, LoadContext):
            raise ValueError("rows named by file can only be read with their study")
        strange = value.keys() - {"file", "columns"}
        if strange:
            raise ValueError(f"{min(strange)}: no such field; expected file and columns")
        wanted = _COLUMNS.validate_python(value.get("columns"))
        names = [one.column if isinstance(one, Bands) else one for one in wanted.values()]
        held = info.context.rows(str(value["file"]), tuple(dict.fromkeys(names)))
        return {
            "path": value["file"],
            "columns": {
                attribute: tuple(
                    one.category(text, row) for row, text in enumerate(held[one.column], start=1)
                )
                if isinstance(one, Bands)
                else held[one]
                for attribute, one in wanted.items()
            },
        }

    @model_validator(mode="after")
    def _columns_are_as_long(self) -> Self:
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError("columns: expected equally many rows in each, and at least one")
        for attribute, column in self.columns.items():
            if "" in column:
                raise ValueError(f"columns.{attribute}: row {column.index('') + 1} is empty")
        return self

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values())))


_COLUMNS: TypeAdapter[dict[str, str | Bands]] = TypeAdapter(dict[str, str | Bands])
