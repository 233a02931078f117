"""Parameters of a market."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from schemas.base import Record
from schemas.files import LoadContext, looks_like_path
from schemas.market import Catalogue


class ImportedCatalogue(Record):
    """A catalogue that ``agora import marketplace`` brought in, by name."""

    imported: str = Field(min_length=1, description="Name of the imported catalogue.")


class Sides(Record):
    """Who plays the two sides."""

    customer: str = Field(description="Model alias of every customer.")
    business: str = Field(description="Model alias of every business.")


class MarketParams(Record):
    """A two-sided market in rounds: customers search, ask and pay; businesses answer and offer."""

    catalogue: Catalogue | ImportedCatalogue = Field(
        description="The two sides: a file, written in place, or {imported: NAME}."
    )
    models: Sides = Field(description="Models of customers and businesses.")
    search_limit: int = Field(
        10, ge=1, le=1000, description="Search results on a page: the bandwidth of search."
    )
    max_rounds: int = Field(
        10, ge=1, le=1000, description="Rounds after which the market is closed."
    )
    arrival: Literal["fixed", "shuffled"] = Field(
        "shuffled",
        description="Order in which what was sent in a round arrives: by seat, or drawn.",
    )

    @field_validator("catalogue", mode="before")
    @classmethod
    def _catalogue_from_path(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if not looks_like_path(value):
            raise ValueError(
                f"{value!r} is not a file; write {{imported: {value}}} for an imported catalogue"
            )
        if not isinstance(info.context, LoadContext):
            raise ValueError("a catalogue named by file can only be read with its study")
        return info.context.load(value)
