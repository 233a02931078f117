"""How a talk goes, as a study declares it: who speaks, when, to whom, and when it stops."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name
from schemas.seats import Position, SeatSpec
from tasks.environments.seating import PARTICIPANT
from tasks.environments.talk.barriers import Barrier, Staggered
from tasks.environments.talk.choosing import Bids, ChosenFloor, Moderated
from tasks.environments.talk.floors import Floor, Led
from tasks.environments.talk.pairs import Pairs
from tasks.environments.talk.visibility import Groups, Network, Visibility

#: Positions of seats that take turns, one of them in each round.
Alternates = Annotated[tuple[Position, ...], Field(min_length=2)]


class Stop(Record):
    """What ends a talk before its rounds are over."""

    all_pass: bool = Field(False, description="A round in which nobody says anything ends it.")
    said_tokens: int | None = Field(
        None,
        ge=1,
        description="It ends when about so many tokens were said, of four characters each.",
    )

    @model_validator(mode="after")
    def _stops_somehow(self) -> Self:
        if not self.all_pass and self.said_tokens is None:
            raise ValueError("stop: write all_pass: true or said_tokens, or leave stop out")
        return self


class TalkProtocol(Record):
    """How a talk goes."""

    rounds: int = Field(5, ge=1, le=1000, description="How often everybody speaks.")
    speakers: tuple[Position | Alternates, ...] = Field(
        (),
        exclude_if=operator.not_,
        description="Positions of the seats that speak, in order; all if empty. The others listen. "
        "In place of one position, a list of them takes turns, one a round: [[1, 2], [3, 4]].",
    )
    floor: Floor = Field(
        "fixed",
        description="Order of speaking: by seat (fixed), one seat later each round (rotated), "
        "balanced over rounds (latin_square), drawn for every round (shuffled), drawn once "
        "(shuffled_once), or every turn drawn, so that some speak more than others (random); or "
        "{kind: led, moderated, bids or pairs}.",
    )
    barrier: Barrier = Field(
        "turn",
        description="When a message can be read: at once (turn), or after the round, in which all "
        "write at the same time (round), or when a seat is done that began to write at a time of "
        "its own: {kind: staggered}.",
    )
    visibility: Visibility = Field(
        "everyone",
        description="Who hears a message: everyone, nobody (each seat talks alone, with the same "
        "prompt), or neighbours in a network: {network: ring, star, chain, caveman, small_world or "
        "scale_free}, {edges: [[1, 2], [2, 3]]}, or {groups: [[1, 2], [3, 4]]}.",
    )
    may_pass: bool = Field(
        False,
        exclude_if=operator.not_,
        description="Whether a seat may say PASS, which leaves nothing to read.",
    )
    stop: Stop | None = Field(None, description="What ends the talk before its rounds are over.")

    max_words: int | None = Field(
        None, ge=1, description="Length of a message that participants are told to keep to."
    )

    @property
    def speaking(self) -> tuple[int, ...]:
        """Positions of all seats that are listed as speakers."""
        return tuple(
            place
            for entry in self.speakers
            for place in ((entry,) if isinstance(entry, int) else entry)
        )

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        for problem in _contradictions(self):
            raise ValueError(problem)
        return self

    def problems(self, seats: Sequence[SeatSpec]) -> Iterator[str]:
        """What does not fit the seats, each with its place.

        Args:
            seats: The seats, by their position.
        """
        n = len(seats)
        floor, visibility = self.floor, self.visibility
        speakers = self.speaking or tuple(range(1, n + 1))
        for field, places in _places(self):
            for place in places:
                if place > n:
                    yield f"{field}: seat {place} of {n}"
        if isinstance(visibility, Network) and (problem := visibility.problem(n)) is not None:
            yield f"visibility: {problem}"
        elif isinstance(visibility, Groups):
            grouped = {place for group in visibility.groups for place in group}
            for place in speakers:
                if place not in grouped:
                    yield (
                        f"visibility: seat {place} speaks and is in no group, so nobody hears it; "
                        "add it to a group, or list the others in speakers"
                    )
        yield from _floor_problems(floor, speakers)
        if isinstance(self.barrier, Staggered):
            known = {*(seat.model for seat in seats), *map(str, range(1, n + 1))}
            for name in self.barrier.latency_s_of:
                if name not in known:
                    yield (
                        f"barrier.latency_s_of: {name!r} is neither the model alias nor the "
                        "position of a seat"
                    )


class Phase(TalkProtocol):
    """A phase of a talk: what it is for, and how it goes."""

    name: Name = Field(description="Its name, such as opening or rebuttal.")
    instruction: str | dict[str, str] = Field(
        "",
        description="What speakers are told in it when it is their turn: a text, or one for each "
        "role, {prosecution: Accuse., defence: Defend.}.",
    )
    rounds: int = Field(1, ge=1, le=1000, description="How often everybody speaks in it.")

    def problems(self, seats: Sequence[SeatSpec]) -> Iterator[str]:
        """What does not fit the seats, the roles that are instructed among it."""
        yield from super().problems(seats)
        roles = {seat.role or PARTICIPANT for seat in seats}
        for role in self.instruction if isinstance(self.instruction, dict) else ():
            if role not in roles:
                yield f"instruction: no seat has the role {role}"


def _places(protocol: TalkProtocol) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Positions that a protocol names, by their place in it."""
    yield "speakers", protocol.speaking
    match protocol.floor:
        case Led(leader=place):
            yield "floor.leader", (place,)
        case Moderated(by=place):
            yield "floor.by", (place,)
        case Pairs(sides=(first, second)):
            yield "floor.sides", (*first, *second)


def _contradictions(protocol: TalkProtocol) -> Iterator[str]:
    """What in a protocol makes no sense, whoever takes part."""
    floor, barrier, visibility = protocol.floor, protocol.barrier, protocol.visibility
    listed = protocol.speaking
    if len(set(listed)) < len(listed):
        yield "speakers: each position once"
    kind = floor if isinstance(floor, str) else floor.kind
    if barrier != "turn" and (kind == "random" or isinstance(floor, ChosenFloor | Pairs)):
        yield f"floor: {kind} gives the floor turn after turn, so it needs barrier: turn"
    if not isinstance(floor, str) and len(protocol.speakers) < len(listed):
        yield f"speakers: seats that take turns go with a floor in an order, not with {kind}"
    if isinstance(floor, Pairs) and visibility != "everyone":
        yield "visibility: pairs talk among themselves; leave it out"
    if isinstance(floor, Pairs) and floor.sides is not None and listed:
        yield "speakers: sides say who speaks; leave it out"
    if protocol.may_pass and isinstance(floor, Bids):
        yield "may_pass: who does not want to speak bids 0; leave it out"
    if isinstance(floor, Moderated) and floor.by in listed and not floor.speaks:
        yield "speakers: the moderator is one of them; write speaks: true, or leave it out"
    passes = protocol.may_pass or isinstance(floor, Bids)
    if protocol.stop is not None and protocol.stop.all_pass and not passes:
        yield "stop.all_pass: nobody can pass; write may_pass: true, or floor: {kind: bids}"


def _floor_problems(floor: Floor, speakers: Sequence[int]) -> Iterator[str]:
    """Why a floor never lets somebody speak, if so."""
    match floor:
        case Led(leader=leader):
            if leader not in speakers:
                yield f"floor.leader: seat {leader} is none of the speakers"
            if len(speakers) < 2:
                yield "floor: a leader needs somebody to lead"
        case Moderated(by=moderator, speaks=speaks):
            if len({*speakers, moderator}) - (not speaks) < 2:
                yield "floor: a moderator needs two seats at least to choose from"
        case Bids() if len(speakers) < 2:
            yield "floor: bids need two speakers at least"
        case Pairs(sides=None) if len(speakers) < 2:
            yield "floor: pairs need two speakers at least"
