"""What a table model is made of: typed columns with units, and facts about the table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.base import Record
from schemas.keys import KEY_LENGTH

Key = Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{KEY_LENGTH}}}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Count = Annotated[int, Field(ge=0)]
Ordinal = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0, json_schema_extra={"unit": "s"})]
Usd = Annotated[float, Field(ge=0, json_schema_extra={"unit": "USD"})]
Tokens = Annotated[int, Field(ge=0, json_schema_extra={"unit": "tokens"})]
Json = dict[str, Any]
Time = Annotated[dt.datetime, Field(json_schema_extra={"unit": "UTC"})]


#: How the rows of a version of a study are found: they name a ``unit`` of it in their column
#: ``unit_key``, or the ``version``; a row of it ``refers`` to them; they are ``runs`` that worked
#: on it, or checks of ``commits`` that stored units of it; ``never``: they are part of no version.
Part = Literal["unit", "version", "refers", "runs", "commits", "never"]


class Span(Record):
    """A run of consecutive event numbers, both ends included."""

    first: Ordinal
    last: Ordinal


@dataclass(frozen=True)
class Table:
    """Facts about a table that its columns do not tell.

    Attributes:
        name: Name in the warehouse.
        key: Columns that identify a row; missing values count as equal.
        about: What a row is.
        references: Column -> ``table.column`` that must hold every value that is not missing.
        owner: Column with the unit that wrote the row; its rows are replaced as a whole.
        item_references: The same as ``references`` for the items of columns that are lists.
        part: How the rows of a version of a study are found.
    """

    name: str
    key: tuple[str, ...]
    about: str
    references: dict[str, str] = field(default_factory=dict)
    owner: str | None = None
    item_references: dict[str, str] = field(default_factory=dict)
    part: Part = "unit"


class Row(Record):
    """A row of a table. Subclasses declare ``table`` and their columns."""

    table: ClassVar[Table]
