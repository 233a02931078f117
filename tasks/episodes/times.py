"""Times in an episode, at which interventions and probes are scheduled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record


class Point(Record):
    """A time that is counted in rounds or turns that are over; exactly one of them is named."""

    after_rounds: int | None = Field(
        None, ge=0, description="When that many rounds are over; 0 is the start."
    )
    every_rounds: int | None = Field(
        None, ge=1, description="Each time that many further rounds are over, the start left out."
    )
    after_turns: int | None = Field(
        None, ge=0, description="When that many turns are over; simultaneous actions are one turn."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        named = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(
                "a time is start, end, or one of {after_rounds: N}, {every_rounds: N}, "
                "{after_turns: N}"
            )
        return self


#: A time of an intervention: before the first question, or between two of them.
BetweenTurns = Annotated[Literal["start"] | Point, Field(description="When.")]

#: A time of a probe; ``end`` is when the episode is over.
ProbeTime = Annotated[Literal["start", "end"] | Point, Field(description="When.")]


@dataclass(frozen=True, slots=True)
class Moment:
    """How far an episode is.

    Attributes:
        rounds: Rounds that are over.
        turns: Turns that are over.
        ended: Whether the episode is over.
    """

    rounds: int
    turns: int
    ended: bool = False


def due(time: Literal["start", "end"] | Point, now: Moment, before: Moment | None) -> bool:
    """Whether a time has come, which it had not at the moment before.

    Args:
        time: The time.
        now: The moment.
        before: The last moment looked at; ``None`` at the start of the episode.

    Example:
        >>> third = Point(after_rounds=2)
        >>> due(third, Moment(2, 10), Moment(1, 9)), due(third, Moment(2, 11), Moment(2, 10))
        (True, False)
    """
    if time == "end":
        return now.ended
    if now.ended:
        return False
    if time == "start":
        return before is None
    if time.every_rounds is not None:
        passed = 0 if before is None else before.rounds // time.every_rounds
        return now.rounds // time.every_rounds > passed
    if time.after_rounds is not None:
        return now.rounds >= time.after_rounds and (
            before is None or before.rounds < time.after_rounds
        )
    turns = time.after_turns or 0
    return now.turns >= turns and (before is None or before.turns < turns)


def first_round(time: Literal["start", "end"] | Point) -> float:
    """How many rounds are over, at least, when a time first comes."""
    if isinstance(time, str):
        return 0 if time == "start" else math.inf
    return time.after_rounds or time.every_rounds or 0


def last_round(time: Literal["start", "end"] | Point) -> float:
    """How many rounds are over, at most, when a time last comes."""
    if isinstance(time, str):
        return 0 if time == "start" else math.inf
    return math.inf if time.after_rounds is None else time.after_rounds
