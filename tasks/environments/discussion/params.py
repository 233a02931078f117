"""Parameters of a discussion."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.files import TextFile
from tasks.environments.seating import SeatedParams
from tasks.environments.talk import Barrier, Floor, Visibility
from tasks.environments.talk.decisions import Decision
from tasks.environments.talk.visibility import Network


class DiscussionParams(SeatedParams):
    """A discussion in rounds: everybody speaks once a round and is read by all."""

    brief: TextFile = Field(description="What the participants are told to do.")
    rounds: int = Field(5, ge=1, le=1000, description="How often everybody speaks.")
    floor: Floor = Field(
        "fixed",
        description="Order of speaking: by seat (fixed), one seat later each round (rotated), "
        "balanced over rounds (latin_square), drawn for every round (shuffled), drawn once "
        "(shuffled_once), or every turn drawn, so that some speak more than others (random).",
    )
    barrier: Barrier = Field(
        "turn",
        description="When a message can be read: at once (turn), or after the round, in which all "
        "write at the same time (round).",
    )
    visibility: Visibility = Field(
        "everyone",
        description="Who hears a message: everyone, nobody (each seat talks alone, with the same "
        "prompt), or neighbours in a network: {network: ring, star, chain, caveman, small_world or "
        "scale_free}, or {edges: [[1, 2], [2, 3]]}.",
    )
    decision: Decision | None = Field(None, description="What the group decides by vote, if so.")
    max_words: int | None = Field(
        None, ge=1, description="Length of a message that participants are told to keep to."
    )

    @model_validator(mode="after")
    def _protocol_makes_sense(self) -> Self:
        if self.floor == "random" and self.barrier == "round":
            raise ValueError("floor: random draws turn after turn, so it needs barrier: turn")
        if isinstance(self.visibility, Network):
            problem = self.visibility.problem(len(self.seats))
            if problem is not None:
                raise ValueError(f"visibility: {problem}")
        if self.decision is not None and max(self.decision.by, default=0) > len(self.seats):
            raise ValueError(f"decision.by: seat {max(self.decision.by)} of {len(self.seats)}")
        return self
