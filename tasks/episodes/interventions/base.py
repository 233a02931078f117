"""What an intervention is: a scheduled change of the arrangement of an episode."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.base import Record
from schemas.environment import EVERYONE, NOBODY, Event
from tasks.episodes.interventions.arrangement import Arrangement, Audiences, Roster, SeatName
from tasks.episodes.interventions.conditions import When
from tasks.episodes.times import BetweenTurns, Moment, due, first_round, last_round

#: A seat that an intervention is about.
SeatField = Annotated[
    SeatName, Field(description="The seat: its position, from 1, or its identifier.")
]

#: Some seats as a study names them, or all of them.
SeatNames = Literal["all"] | Annotated[tuple[SeatName, ...], Field(min_length=1)]

#: What seats read of an intervention.
Words = Annotated[str, Field(min_length=1, max_length=100_000)]

#: Whether seats are told of an intervention, or the words in which they are.
Notice = bool | Words


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question to a model without a seat, about what was said to all since it was last asked.

    Attributes:
        model: Alias of the model.
        instruction: What it is told to do.
        posted: The event that its answer is, or that says that it gave none.
    """

    model: str
    instruction: str
    posted: Callable[[str | None], Event]


@dataclass(frozen=True, slots=True)
class Change:
    """What an intervention does.

    Attributes:
        arrangement: The arrangement after it.
        events: Events of kind ``intervene``, with the audience that notices them: nobody, where it
            is silent; none, where there was nothing to do.
        forget: Seats that remember nothing of what was before these events.
        audiences: Members of the audiences of these events, where they are named first.
        inquiry: What a model is asked, whose answer is an event as well.
    """

    arrangement: Arrangement
    events: tuple[Event, ...] = field(default=())
    forget: frozenset[str] = frozenset()
    audiences: Audiences = field(default_factory=dict)
    inquiry: Inquiry | None = None


class Intervention(Record):
    """A scheduled change. A kind of intervention is a subclass with a field ``do`` of its own.

    ``do`` has no default, so that it is part of every key that a study's interventions enter.
    """

    do: str
    at: BetweenTurns | Annotated[tuple[BetweenTurns, ...], Field(min_length=1)] = Field(
        "start", description="When it happens: a time, or a list of them."
    )
    when: When | None = Field(
        None, description="What it then waits for, if anything: a condition on what happens."
    )
    probability: float = Field(
        1.0, gt=0, le=1, description="How probable it is, drawn at each of its times."
    )

    @property
    def times(self) -> tuple[BetweenTurns, ...]:
        """The times at which it happens."""
        return self.at if isinstance(self.at, tuple) else (self.at,)

    @property
    def aliases(self) -> tuple[str, ...]:
        """Model aliases that it names."""
        return ()

    def beforehand(
        self, arrangement: Arrangement, roster: Roster, earlier: Sequence[Intervention]
    ) -> Arrangement:
        """The arrangement in which an episode begins because this is going to happen.

        Args:
            arrangement: The arrangement without it.
            roster: Who takes part.
            earlier: The interventions that are listed before it.
        """
        return arrangement

    @abstractmethod
    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """What it does to an arrangement; nothing, where it finds nothing to do.

        Args:
            arrangement: The arrangement before it.
            roster: Who takes part.
            now: How far the episode is.

        Raises:
            ValueError: It names what the episode does not have. Every intervention is tried on the
                arrangement of a condition before anything is run.
        """

    def problem(self, roster: Roster, others: Sequence[Intervention]) -> str | None:
        """Why it can never do anything, if so.

        Args:
            roster: Who takes part.
            others: All interventions of the episode.
        """
        return None

    def due(self, now: Moment, before: Moment | None) -> bool:
        """Whether one of its times has come, which it had not at the moment before."""
        return any(due(time, now, before) for time in self.times)

    def may_precede(self, other: Intervention) -> bool:
        """Whether it may happen no later than another one."""
        last = math.inf if other.when else max(map(last_round, other.times))
        return min(map(first_round, self.times)) <= last

    def event(
        self,
        text: str | None = None,
        *,
        target: str | None = None,
        actor: str = "env",
        data: Mapping[str, Any] | None = None,
        audience: str | None = None,
    ) -> Event:
        """The event that logs it.

        Args:
            text: What is read of it.
            target: The seat that it is done to.
            actor: The seat in whose name it speaks, or ``env``.
            data: What it changes.
            audience: Who reads it; everyone, if left out, and nobody where there is no text.
        """
        to = (EVERYONE if text else NOBODY) if audience is None else audience
        return Event(
            "intervene",
            actor,
            target=target,
            item=self.do,
            text=text,
            data=data or {},
            audience=to,
        )


def words_of(notice: Notice, usual: str) -> str | None:
    """What is read of an intervention: nothing, the usual words, or those of the study."""
    return (usual if notice else None) if isinstance(notice, bool) else notice
