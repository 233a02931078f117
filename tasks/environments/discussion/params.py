"""Parameters of a discussion."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.files import TextFile


class DiscussionParams(Record):
    """A round-robin discussion: everybody speaks once a round and is read by all at once."""

    brief: TextFile = Field(description="What the participants are told to do.")
    rounds: int = Field(5, ge=1, le=1000, description="How often everybody speaks.")
    seats: tuple[str, ...] = Field(
        min_length=1, max_length=200, description="Model aliases, one for each participant."
    )
    names: Literal["neutral", "model"] | tuple[str, ...] = Field(
        "neutral",
        description="Names that are shown: neutral (Agent-A, Agent-B, ...), model (the models' "
        "real names), or a list of names.",
    )
    floor: Literal["fixed", "shuffled"] = Field(
        "fixed", description="Order of speaking: by seat, or drawn anew for every round."
    )
    max_words: int | None = Field(
        None, ge=1, description="Length of a message that participants are told to keep to."
    )

    @model_validator(mode="after")
    def _a_name_each(self) -> Self:
        if isinstance(self.names, tuple):
            if len(self.names) != len(self.seats):
                raise ValueError(f"names: {len(self.names)} names for {len(self.seats)} seats")
            if len(set(self.names)) != len(self.names):
                raise ValueError("names: a name is given twice")
        return self
