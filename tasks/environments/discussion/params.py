"""Parameters of a discussion."""

from __future__ import annotations

from pydantic import Field

from schemas.files import TextFile
from tasks.environments.seating import SeatedParams
from tasks.environments.talk import Barrier, Floor


class DiscussionParams(SeatedParams):
    """A discussion in rounds: everybody speaks once a round and is read by all."""

    brief: TextFile = Field(description="What the participants are told to do.")
    rounds: int = Field(5, ge=1, le=1000, description="How often everybody speaks.")
    floor: Floor = Field(
        "fixed", description="Order of speaking: by seat, or drawn anew for every round."
    )
    barrier: Barrier = Field(
        "turn",
        description="When a message can be read: at once (turn), or after the round, in which all "
        "write at the same time (round).",
    )
    max_words: int | None = Field(
        None, ge=1, description="Length of a message that participants are told to keep to."
    )
