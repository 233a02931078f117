"""Rows of a file that a study names: columns of texts."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Record
from schemas.names import Name

#: Cells of a table, at most: they become part of the study.
MAX_CELLS = 20_000_000


class Bands(Record):
    """Numbers of a column cut into categories."""

    column: str = Field(description="Column of the file.")
    cuts: dict[Name, float] = Field(
        min_length=1,
        description="Categories in rising order with the number that each ends below; the last "
        "one takes the rest and has .inf.",
    )


class RowsFile(Record):
    """Columns of a CSV or Parquet file, by the name of an attribute.

    In a study: ``{file: households.csv, columns: {sex: SEX, age: {column: AGE, cuts: {...}}}}``.
    """

    columns: dict[Name, tuple[str, ...]] = Field(description="Values by attribute; equally many.")
    path: str = Field("", exclude=True, description="The file that they came from.")

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.columns.values()), ()))
