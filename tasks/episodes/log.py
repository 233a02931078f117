"""The events of an episode as they are numbered, and what each seat can see of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any, overload

from schemas.environment import EVERYONE, NOBODY, Event, Logged, Step

_SEQ = attrgetter("seq")


@dataclass(slots=True)
class _Membership:
    """The part of an audience's events that a member can see.

    Attributes:
        events: All events of the audience.
        start: Place of the first that the member can see.
        end: Place after the last; ``None`` while it is a member.
    """

    events: list[Logged]
    start: int = 0
    end: int | None = None

    def __len__(self) -> int:
        return (len(self.events) if self.end is None else self.end) - self.start

    def last(self, n: int) -> list[Logged]:
        """The last ``n`` events, or all."""
        end = len(self.events) if self.end is None else self.end
        return self.events[max(self.start, end - n) : end]


class Visible(Sequence[Logged]):
    """The events that a seat can see, in order.

    Nothing is copied per seat and event: the events of each audience are kept once, and read
    together when they are asked for. Reading the last ``k`` takes time in ``k`` and the number of
    audiences, however long the episode is.
    """

    __slots__ = ("_parts",)

    def __init__(self, parts: list[_Membership]) -> None:
        self._parts = parts

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[Logged]:
        return iter(self._last(len(self)))

    def __reversed__(self) -> Iterator[Logged]:
        return reversed(self._last(len(self)))

    @overload
    def __getitem__(self, at: int) -> Logged: ...
    @overload
    def __getitem__(self, at: slice) -> list[Logged]: ...
    def __getitem__(self, at: int | slice) -> Logged | list[Logged]:
        n = len(self)
        if isinstance(at, slice):
            start, stop, step = at.indices(n)
            return (
                self._last(n - start)[: max(0, stop - start) : step] if step > 0 else list(self)[at]
            )
        place = at + n if at < 0 else at
        if not 0 <= place < n:
            raise IndexError(f"event {at} of {n}")
        return self._last(n - place)[0]

    def _last(self, n: int) -> list[Logged]:
        """The last ``n`` events."""
        parts = [part for part in self._parts if len(part)]
        if len(parts) == 1:
            return parts[0].last(n)
        found = sorted(chain.from_iterable(part.last(n) for part in parts), key=_SEQ)
        return found[len(found) - n :] if n < len(found) else found


@dataclass(frozen=True, slots=True)
class Seen:
    """What a seat can see of an episode.

    Attributes:
        events: The events that it can see, in order.
        own: Those among them that it caused itself, in order.
        notes: What it noted down for itself, in order; no note is among the events.
    """

    events: Sequence[Logged]
    own: Sequence[Logged]
    notes: Sequence[Logged]


class Log:
    """Numbers events, keeps who can see them, and makes the rows of both.

    Args:
        episode_key: The episode.
        seats: Identifiers of its seats.

    Attributes:
        events: Rows of ``events``.
        audiences: Rows of ``audiences``: the members of each named audience, from an event on.
    """

    def __init__(self, episode_key: str, seats: Sequence[str]) -> None:
        self._keys = {"episode_key": episode_key, "unit_key": episode_key}
        self._members: dict[str, dict[str, None]] = {}
        self._streams: dict[str, list[Logged]] = {}
        self._parts: dict[str, list[_Membership]] = {seat: [] for seat in seats}
        self._own: dict[str, list[Logged]] = {seat: [] for seat in seats}
        self._notes: dict[str, list[Logged]] = {seat: [] for seat in seats}
        self._seen = {
            seat: Seen(Visible(self._parts[seat]), self._own[seat], self._notes[seat])
            for seat in self._parts
        }
        self.events: list[dict[str, Any]] = []
        self.audiences: list[dict[str, Any]] = []
        self._admit(NOBODY, ())
        self._admit(EVERYONE, seats)
        for seat in seats:
            self._admit(seat, (seat,))

    def add(self, step: Step[Any], turn: int, call_keys: Mapping[str, str | None]) -> None:
        """Name the audiences of a step, then number its events and keep them.

        Args:
            step: The step.
            turn: Turn that it is of.
            call_keys: Calls that the actions came from, by seat.

        Raises:
            ValueError: An audience is not named, or has a seat that there is none of.
        """
        for name, members in step.audiences.items():
            if name not in self._members or set(members) != self._members[name].keys():
                self._change(name, members)
        for event in step.events:
            if event.action is None:
                self._add(event, step.round, turn, call_keys.get(event.actor))
            else:
                self._add(event, step.round, event.action.turn, event.action.call_key)

    def note(self, events: Sequence[Event], round_: int, turn: int, call_key: str) -> None:
        """Number and keep what a seat notes down for itself, which only it can see.

        Args:
            events: Events that the seat caused, with its own audience.
            round_: The round.
            turn: The turn.
            call_key: Call that they came from.
        """
        for event in events:
            logged = self._numbered(event, round_, turn, call_key)
            self._notes[event.actor].append(logged)

    def seen_by(self, seat: str) -> Seen:
        """What a seat can see of the events so far, from the last that it forgot on."""
        return self._seen[seat]

    def forget(self, seat: str) -> None:
        """Let a seat see nothing any more of what has happened so far, nor of its own notes."""
        parts = self._parts[seat]
        parts[:] = [
            _Membership(part.events, len(part.events)) for part in parts if part.end is None
        ]
        self._own[seat].clear()
        self._notes[seat].clear()

    def members(self, audience: str) -> tuple[str, ...]:
        """The seats that an audience has now.

        Raises:
            KeyError: It is not named.
        """
        return tuple(self._members[audience])

    def _add(self, event: Event, round_: int, turn: int, call_key: str | None) -> None:
        stream = self._streams.get(event.audience)
        if stream is None:
            raise ValueError(f"event {event.kind} of {event.actor}: no audience {event.audience!r}")
        logged = self._numbered(event, round_, turn, call_key)
        stream.append(logged)
        if event.actor in self._own and event.actor in self._members[event.audience]:
            self._own[event.actor].append(logged)

    def _numbered(self, event: Event, round_: int, turn: int, call_key: str | None) -> Logged:
        logged = Logged(len(self.events), round_, turn, event)
        self.events.append(_event_row(self._keys, logged, call_key))
        return logged

    def _change(self, name: str, members: Sequence[str]) -> None:
        """Name an audience, or change its members from the next event on."""
        if name in self._parts or name in (EVERYONE, NOBODY):
            raise ValueError(f"audience {name!r} is predefined and cannot change")
        if strange := [seat for seat in members if seat not in self._parts]:
            raise ValueError(f"audience {name!r}: there is no seat {strange[0]!r}")
        self._admit(name, members)
        self.audiences.append(
            {
                **self._keys,
                "audience": name,
                "from_seq": len(self.events),
                "seats": list(self._members[name]),
            }
        )

    def _admit(self, name: str, members: Sequence[str]) -> None:
        """Let these seats, and no others, see what an audience sees from now on."""
        stream = self._streams.setdefault(name, [])
        before, after = self._members.get(name, {}), dict.fromkeys(members)
        for seat in before.keys() - after.keys():
            part = next(p for p in self._parts[seat] if p.events is stream and p.end is None)
            part.end = len(stream)
        for seat in after:
            if seat not in before:
                self._parts[seat].append(_Membership(stream, len(stream)))
        self._members[name] = after


def _event_row(keys: Mapping[str, str], logged: Logged, call_key: str | None) -> dict[str, Any]:
    event = logged.event
    kind, data = event.kind, dict(event.data)
    if event.source is not None:
        # Who selects what was said in this episode must not find what was said in another.
        data = {"kind": kind, **dataclasses.asdict(event.source), "data": data}
        kind, call_key = "show", None
    return {
        **keys,
        "seq": logged.seq,
        "round": logged.round,
        "turn": logged.turn,
        "phase": event.phase,
        "kind": kind,
        "actor": event.actor,
        "target": event.target,
        "item": event.item,
        "value": event.value,
        "text": event.text,
        "data": data,
        "audience": event.audience,
        "call_key": call_key,
    }
