"""Yoked episodes: seats are asked at the places of another episode and shown what was said there.

The other episode, the donor, is over before. Its actions are played again beside those of the
yoked seats: they decide who is asked what and when, and what is said by others. A yoked seat's own
answer is seen by itself alone, in the place of what the donor's seat had said there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import orjson
from pydantic import BeforeValidator, Field

from schemas.base import Record
from schemas.environment import NOBODY, Action, Ask, Event, Source, Step
from schemas.names import Name
from tasks.episodes.log import Log

#: A row of ``actions`` or ``events``.
Row = Mapping[str, Any]


class Yoked(Record):
    """Whose words are shown in place of the group's own; a bare name stands for ``{to: NAME}``."""

    to: Name = Field(description="The condition whose episodes are shown.")
    replicate: Literal["same", "next"] = Field(
        "same",
        description="Which of its episodes: the one of the same replicate, or of the next one (of "
        "the first for the last), so that no seat reads a group that a persona and a model like "
        "its own was part of.",
    )

    def donor(self, replicate: int, replicates: int) -> int:
        """Number of the replicate that is shown.

        Args:
            replicate: Number of the yoked one, from 1.
            replicates: How many there are.

        Example:
            >>> [Yoked(to="talk", replicate="next").donor(number, 3) for number in (1, 2, 3)]
            [2, 3, 1]
        """
        return replicate if self.replicate == "same" else replicate % replicates + 1


def _from_name(value: Any) -> Any:
    return {"to": value} if isinstance(value, str) else value


#: A yoking as a study writes it.
YokedField = Annotated[Yoked, BeforeValidator(_from_name, json_schema_input_type=str | Yoked)]


@dataclass(frozen=True)
class Donor:
    """An episode that is over, as a yoked one takes it up.

    Attributes:
        key: Its key.
        actions: Rows of ``actions`` by turn and seat.
        events: Rows of ``events`` by turn, in order.
    """

    key: str
    actions: Mapping[int, Mapping[str, Row]]
    events: Mapping[int, Sequence[Row]]

    @classmethod
    def of(cls, key: str, actions: Iterable[Row], events: Iterable[Row]) -> Donor:
        """The donor out of its rows.

        Args:
            key: The episode.
            actions: Its rows of ``actions``.
            events: Its rows of ``events``, in whatever order.
        """
        acted: dict[int, dict[str, Row]] = defaultdict(dict)
        for row in actions:
            acted[row["turn"]][row["seat"]] = row
        happened: dict[int, list[Row]] = defaultdict(list)
        for row in sorted(events, key=lambda row: int(row["seq"])):
            happened[row["turn"]].append(row)
        return cls(key, acted, happened)

    def did(self, asks: Mapping[str, Ask], turn: int) -> dict[str, Action]:
        """What its seats did in a turn, as the game is handed it.

        Raises:
            RuntimeError: It was not asked so, although it was played by the same rules.
        """
        rows = self.actions.get(turn, {})
        if rows.keys() != asks.keys():
            raise RuntimeError(f"donor {self.key}: turn {turn} asks {set(asks)}, not {set(rows)}")
        return {
            seat: Action(
                _value(ask, rows[seat]["answer"]), valid=not rows[seat]["fallback"], turn=turn
            )
            for seat, ask in asks.items()
            if not rows[seat]["absent"]
        }

    def source(self, event: Event, turn: int) -> Source:
        """Where an event that is played again stands in it.

        Raises:
            RuntimeError: It is not there.
        """
        for row in self.events.get(turn, ()):
            same = (row["kind"], row["actor"], row["text"], row["item"])
            if same == (event.kind, event.actor, event.text, event.item):
                return Source(self.key, row["seq"])
        raise RuntimeError(f"donor {self.key}: turn {turn} has no {event.kind} of {event.actor}")


class Yoking:
    """What the seats of a yoked episode are shown.

    Args:
        donor: The other episode.
        log: What has happened in the yoked one.
        seats: Identifiers of the seats, the same in both.
    """

    def __init__(self, donor: Donor, log: Log, seats: Iterable[str]) -> None:
        self.donor = donor
        self._log = log
        self._seats = frozenset(seats)

    def joined(self, own: Step[Any], theirs: Step[Any], turn: int) -> Step[Any]:
        """What is logged of a turn, and how the episode goes on: as the donor did.

        Each seat's own events come where the donor's stood, for itself alone. The donor's go to
        whom they went to then, without the seat that caused them.

        Args:
            own: What the actions of the yoked seats lead to.
            theirs: What the donor's led to, from the same state.
            turn: Number of the turn.
        """
        mine = [event for event in own.events if event.actor in self._seats]
        named = dict(theirs.audiences)
        events: list[Event] = []
        for event in theirs.events:
            for waiting in list(_up_to(mine, event.actor)):
                events.append(_private(waiting))
                mine.remove(waiting)
            audience = event.audience
            reached = theirs.audiences.get(audience) or self._log.members(audience)
            readers = tuple(seat for seat in reached if seat != event.actor)
            if not readers:
                continue
            if len(readers) < len(reached):
                audience = f"{audience}_but_{event.actor}"
                named[audience] = readers
            source = self.donor.source(event, turn)
            events.append(replace(event, audience=audience, source=source))
        events += map(_private, mine)
        return replace(theirs, events=tuple(events), audiences=named)


def _up_to(mine: Sequence[Event], actor: str) -> Iterator[Event]:
    """Events that come before those of an actor: its own and those of who acted earlier.

    What the environment tells comes after everything that was done in the turn.
    """
    last = max((place for place, event in enumerate(mine) if event.actor == actor), default=-1)
    yield from mine if actor == "env" else mine[: last + 1]


def _private(event: Event) -> Event:
    """An event for who caused it alone."""
    return event if event.audience == NOBODY else replace(event, audience=event.actor)


def _value(ask: Ask, answer: Any) -> Any:
    """A stored answer as the game was handed it."""
    plain = orjson.loads(answer) if isinstance(answer, str | bytes) else answer
    return plain["text"] if ask.schema is None else ask.schema.model_validate(plain)
