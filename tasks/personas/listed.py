"""A persona as somebody wrote it down: by hand, or in a file."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.inventories import IntensityFactor, Level
from schemas.names import Name
from schemas.study.prose import BIOGRAPHY

Text = Annotated[str, Field(min_length=1)]
Strength = Annotated[int, Field(ge=1, le=5)]


class ListedPersona(Record):
    """A persona as somebody wrote it."""

    name: Name | None = Field(None, description="Its name; drawn unless given.")
    attributes: dict[Name, Text] = Field({}, description="Values by attribute.")
    traits: dict[Name, Level | float] = Field(
        {}, description="Level by trait, or a standardised score."
    )
    intensity: dict[Name, dict[IntensityFactor, Strength]] = Field(
        {}, description="Intensity by trait and factor, from 1 to 5; drawn unless given."
    )
    biography: str = Field("", description="Prose about it.")
    texts: dict[Name, Text] = Field({}, description="Other prose about it, by name.")

    @model_validator(mode="after")
    def _one_biography(self) -> Self:
        if self.biography and BIOGRAPHY in self.texts:
            raise ValueError("biography: it stands among the texts too")
        return self

    @property
    def prose(self) -> dict[str, str]:
        """All prose about it, by name."""
        return {**({BIOGRAPHY: self.biography} if self.biography else {}), **self.texts}
