"""The rules of one phase of a talk, bound to the seats that take part."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.environment import EVERYONE, NOBODY, Action, Ask, Event
from schemas.gateway import CHARACTERS_PER_TOKEN
from tasks.environments.talk.barriers import Spread, Staggered
from tasks.environments.talk.choosing import Choice, ChosenFloor
from tasks.environments.talk.floors import Led, first_order, next_order
from tasks.environments.talk.pairs import Pairs, hearers_in
from tasks.environments.talk.protocol import Phase, TalkProtocol
from tasks.environments.talk.questions import TURN, TurnQuestion, passed
from tasks.environments.talk.turns import Pace, Part, Turn
from tasks.environments.talk.visibility import Hearers, Network, hearers_name


@dataclass(frozen=True, slots=True)
class People:
    """Who takes part in a talk.

    Attributes:
        seats: The seats, by their position.
        aliases: Alias of the model of each seat, where a barrier goes by it.
        roles: Role of each seat, where an instruction goes by it.
    """

    seats: tuple[str, ...]
    aliases: Mapping[str, str]
    roles: Mapping[str, str]


class PhaseRules:
    """How a phase goes.

    Args:
        name: Phase that its events are of.
        protocol: How it goes.
        people: Who takes part.
        changing: Whether who hears a message differs from phase to phase, so that seats are told.
    """

    def __init__(
        self, name: str, protocol: TalkProtocol, people: People, *, changing: bool
    ) -> None:
        self._name = name
        self._protocol = protocol
        self._seats = seats = people.seats
        self._roles = people.roles
        self._alternates = {
            seats[entry[0] - 1]: [seats[place - 1] for place in entry]
            for entry in protocol.speakers
            if not isinstance(entry, int)
        }
        self._speakers = tuple(
            seats[(entry if isinstance(entry, int) else entry[0]) - 1]
            for entry in protocol.speakers or range(1, len(seats) + 1)
        )
        self._instruction = protocol.instruction if isinstance(protocol, Phase) else ""
        self._question = TurnQuestion(
            max_words=protocol.max_words if isinstance(protocol, Phase) else None,
            may_pass=protocol.may_pass,
        )
        # Where hearers are the same throughout, the prompt names them and nobody else.
        self._says_hearers = isinstance(protocol.floor, Pairs) or changing
        self.rounds = protocol.rounds
        self.pace = Pace(protocol.barrier, _latencies(protocol, people))
        self.plain = not (
            self._says_hearers
            or self._instruction
            or isinstance(protocol.floor, Led)
            or self._question != TurnQuestion()
        )

    def ask(self, turn: Turn, hearers: Hearers | None) -> Ask:
        """The question for a turn."""
        if self.plain:
            return TURN
        question = replace(
            self._question, instruction=self._instruction_of(turn.seat), part=turn.part
        )
        return question.ask(self._hearers_of(turn.seat, hearers) if self._says_hearers else None)

    def told(self, part: Part | None, seat: str, hearers: Hearers | None) -> Mapping[str, Any]:
        """What simulated models are told of a turn."""
        told: dict[str, Any] = {"part": part, "may_pass": self._question.may_pass}
        if self._question.max_words is not None:
            told["max_words"] = self._question.max_words
        if hearers is not None:
            told["hearers"] = hearers[seat]
        return told

    def knows(self, seat: str, hearers: Hearers | None) -> tuple[str, ...] | None:
        """The seats that a prompt names where this is the only phase; ``None`` for all others."""
        network = self._protocol.visibility
        if hearers is None or not isinstance(network, Network):
            return None
        return network.neighbours_of(seat, hearers)

    def hearers(self, rng: random.Random) -> Hearers | None:
        """Who hears each seat; ``None`` where no network decides it."""
        network = self._protocol.visibility
        return network.hearers(self._seats, rng) if isinstance(network, Network) else None

    def first_order(self, rng: random.Random) -> tuple[str, ...]:
        """The speakers in the order of the first round."""
        return first_order(self._protocol.floor, self._speakers, rng)

    def next_order(
        self, before: tuple[str, ...], round_: int, rng: random.Random
    ) -> tuple[str, ...]:
        """The speakers in the order of a later round."""
        return next_order(self._protocol.floor, self._speakers, before, round_, rng)

    def round(
        self,
        round_: int,
        order: tuple[str, ...],
        hearers: Hearers | None,
        choice: Choice | None,
        rng: random.Random,
    ) -> tuple[Hearers | None, tuple[Turn, ...], Choice | None]:
        """A round of the phase: who hears each seat, the turns, and who can be given the floor.

        Args:
            round_: The round of the phase, from 0.
            order: The speakers in order.
            hearers: Who heard each seat before.
            choice: Who could be given the floor before.
            rng: Generator for what is drawn.
        """
        protocol, floor = self._protocol, self._protocol.floor
        network = protocol.visibility
        if round_ == 0 or not isinstance(network, Network) or network.drawn_in(round_):
            hearers = self.hearers(rng)
        speakers = [self._alternate(seat, round_) for seat in order] if self._alternates else order
        match floor:
            case ChosenFloor():
                waiting = (
                    choice.waiting
                    if round_ and choice
                    else floor.candidates(self._speakers, self._seats)
                )
                return hearers, (), floor.begun(waiting, rng)
            case Pairs():
                pairs = floor.drawn(speakers, self._seats, round_, rng)
                return hearers_in(pairs, self._seats), floor.turns(pairs), None
            case Led():
                leader = self._seats[floor.leader - 1]
                return hearers, floor.turns(speakers, leader, self.pace, rng), None
            case _:
                return hearers, self.pace.turns(speakers, rng), None

    def floor_asks(self, choice: Choice) -> dict[str, Ask]:
        """Who is asked about the floor."""
        return self._chosen_floor.asks(choice, self._seats)

    def floor_problem(self, choice: Choice, value: Any) -> str | None:
        """What is wrong with an answer about the floor, if anything."""
        return self._chosen_floor.problem(choice, value)

    def chosen(
        self, choice: Choice, actions: Mapping[str, Action], rng: random.Random
    ) -> tuple[str | None, Event]:
        """Who is given the floor, or nobody, and the event that says so."""
        return self._chosen_floor.chosen(choice, actions, self._seats, rng)

    def given_to(self, choice: Choice, speaker: str) -> Choice:
        """The floor is given."""
        return self._chosen_floor.given_to(choice, speaker)

    def reopened(self, choice: Choice, rng: random.Random) -> Choice:
        """The floor is to be given again."""
        return self._chosen_floor.reopened(choice, rng)

    def passes(self, acted: Sequence[tuple[Turn, Action]]) -> dict[str, Event]:
        """Events of the seats that pass, which nobody sees."""
        if not self._protocol.may_pass:
            return {}
        return {
            turn.seat: Event("choose", turn.seat, item="pass", audience=NOBODY, phase=self._name)
            for turn, action in acted
            if turn.part == "message" and passed(action.value)
        }

    def said(self, turn: Turn, action: Action, now: bool) -> Event:
        """A message that is published.

        Args:
            turn: Its turn.
            action: What the seat did.
            now: Whether the seat did it just now, and not in an earlier turn.
        """
        clocked = isinstance(self._protocol.barrier, Staggered)
        return Event(
            "say",
            turn.seat,
            text=action.value,
            data={"start_s": turn.start, "end_s": turn.end} if clocked else {},
            audience=self._audience(turn.seat),
            phase=self._name,
            action=None if now else action,
        )

    def tokens(self, published: Sequence[tuple[Turn, Action]]) -> float:
        """Tokens of messages, estimated."""
        return sum(len(action.value) for _, action in published) / CHARACTERS_PER_TOKEN

    def exhausted(self, said_tokens: float) -> bool:
        """Whether so many tokens end the phase."""
        stop = self._protocol.stop
        return stop is not None and stop.said_tokens is not None and said_tokens >= stop.said_tokens

    def silenced(self, n_said: int) -> bool:
        """Whether so few messages of a round end the phase."""
        stop = self._protocol.stop
        return stop is not None and stop.all_pass and n_said == 0

    @property
    def _chosen_floor(self) -> ChosenFloor:
        assert isinstance(self._protocol.floor, ChosenFloor)
        return self._protocol.floor

    def _alternate(self, seat: str, round_: int) -> str:
        among = self._alternates.get(seat)
        return seat if among is None else among[round_ % len(among)]

    def _instruction_of(self, seat: str) -> str:
        told = self._instruction
        return told if isinstance(told, str) else told.get(self._roles[seat], "")

    def _hearers_of(self, seat: str, hearers: Hearers | None) -> Sequence[str]:
        """Who hears a seat besides itself."""
        if hearers is not None:
            return hearers[seat]
        if self._protocol.visibility == "nobody":
            return ()
        return [other for other in self._seats if other != seat]

    def _audience(self, seat: str) -> str:
        if isinstance(self._protocol.floor, Pairs) or isinstance(
            self._protocol.visibility, Network
        ):
            return hearers_name(seat)
        return EVERYONE if self._protocol.visibility == "everyone" else seat


def audiences_of(hearers: Hearers | None) -> dict[str, tuple[str, ...]]:
    """The audiences of those who hear each seat, itself among them."""
    return {hearers_name(seat): (seat, *others) for seat, others in (hearers or {}).items()}


def _latencies(protocol: TalkProtocol, people: People) -> dict[str, Spread]:
    """Times to write that differ from the barrier's own, by seat; a position goes first."""
    if not isinstance(protocol.barrier, Staggered):
        return {}
    declared = protocol.barrier.latency_s_of
    found = {
        seat: declared.get(str(place), declared.get(people.aliases.get(seat, "")))
        for place, seat in enumerate(people.seats, start=1)
    }
    return {seat: one for seat, one in found.items() if one is not None}
