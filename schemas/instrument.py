"""Instruments: questionnaires whose items measure traits, and the scores of their answers."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Record
from schemas.names import Name

#: Points that a scale of answers has, at most.
MAX_POINTS = 101


class AnswerScale(Record):
    """The whole numbers that answer an item."""

    low: int = Field(description="Number of the lowest answer.")
    high: int = Field(description="Number of the highest answer.")
    labels: tuple[str, ...] = Field(
        (), description="What the numbers mean, from lowest to highest: one for each, or none."
    )

    @model_validator(mode="after")
    def _from_low_to_high(self) -> Self:
        if self.low >= self.high:
            raise ValueError(
                f"the scale is upside down: low {self.low} is not below high {self.high}; write "
                "the smaller number as low, and reverse items by their key"
            )
        points = self.high - self.low + 1
        if points > MAX_POINTS:
            raise ValueError(f"the scale has {points} points; at most {MAX_POINTS} are allowed")
        if self.labels and len(self.labels) != points:
            raise ValueError(
                f"labels: there are {len(self.labels)} for the {points} numbers from {self.low} to "
                f"{self.high}; give one for each, or none"
            )
        return self

    @property
    def midpoint(self) -> float:
        """The answer that leans to neither end."""
        return (self.low + self.high) / 2


class Item(Record):
    """A statement or question of an instrument."""

    item: Name = Field(description="Its name; stands in responses.item.")
    text: str = Field(min_length=1, description="Its words.")
    trait: Name = Field(description="Trait that it measures, which is the scale it belongs to.")
    key: Literal[1, -1] = Field(
        description="1 where a higher answer shows more of the trait, -1 where it shows less."
    )
    facet: Name | None = Field(None, description="Part of the trait that it is about, if any.")

    @field_validator("item", mode="before")
    @classmethod
    def _number_is_a_name(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Instrument(Record):
    """A questionnaire: one scale of answers, and items that are keyed to traits."""

    name: Name = Field(description="Short name.")
    title: str = Field("", description="Name as one cites it.")
    source: str = Field("", description="Who published it.")
    licence: str = Field("", description="Licence of the items.")
    instruction: str = Field(
        "How accurately does this describe you?", description="What stands before the items."
    )
    scale: AnswerScale = Field(description="The answers.")
    items: tuple[Item, ...] = Field(min_length=1, description="The items, in their order.")

    @field_validator("items")
    @classmethod
    def _items_differ(cls, items: tuple[Item, ...]) -> tuple[Item, ...]:
        seen: set[tuple[str, str]] = set()
        for number, one in enumerate(items, start=1):
            for kind, value in (("item", one.item), ("text", " ".join(one.text.lower().split()))):
                if (kind, value) in seen:
                    raise ValueError(
                        f"the {kind} {value!r} is there twice, the second time in place {number}; "
                        "remove it, or write it anew"
                    )
                seen.add((kind, value))
        return items

    @cached_property
    def traits(self) -> tuple[str, ...]:
        """The traits that it measures, in the order in which they first stand in it."""
        return tuple(dict.fromkeys(one.trait for one in self.items))
