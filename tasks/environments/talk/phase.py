"""The state of a talk: phases of rounds, rounds of turns, and what is published after each."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.environment import Action, Ask, Event
from tasks.environments.talk.choosing import Choice
from tasks.environments.talk.pairs import Pairs
from tasks.environments.talk.protocol import TalkProtocol
from tasks.environments.talk.rules import People, PhaseRules, audiences_of
from tasks.environments.talk.turns import Turn, asked_together
from tasks.environments.talk.visibility import Hearers

#: What is written and not yet published: a turn and what its seat did.
Written = tuple[Turn, Action]


@dataclass(frozen=True, slots=True)
class TalkState:
    """How far a talk is.

    Attributes:
        phase: Phase of the talk, from 0.
        round: Rounds of the talk that are over.
        phase_round: Rounds of the phase that are over.
        order: The speakers in the order of this round.
        turns: The turns of this round that are settled, by the time at which they begin.
        first: Place of the first turn that is yet to be asked for.
        until: Place after the last turn that is asked for at the same time.
        written: What is written and not yet published.
        choice: Who can be given the floor, where it is given message by message.
        hearers: Who hears each seat besides itself, where it is not all or none.
        rewired: Whether the hearers are others than before and no audience has them yet.
        n_said: Messages of this round.
        said_tokens: Tokens said in the phase, estimated.
    """

    phase: int = 0
    round: int = 0
    phase_round: int = 0
    order: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    first: int = 0
    until: int = 0
    written: tuple[Written, ...] = ()
    choice: Choice | None = None
    hearers: Hearers | None = None
    rewired: bool = False
    n_said: int = 0
    said_tokens: float = 0.0


@dataclass(frozen=True, slots=True)
class Talked:
    """What a move in a talk leads to.

    Attributes:
        state: The state after it.
        events: What was said, in the order in which it is published.
        audiences: Audiences that change with it, by name.
    """

    state: TalkState
    events: tuple[Event, ...] = ()
    audiences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Talk:
    """Talk of some seats. A game holds it, and keeps its state in its own.

    Args:
        seats: Who takes part, by their position.
        phases: How the talk goes in each of its phases, by the phase that its events are of. With
            none at all the talk is over at once.
        aliases: Alias of the model of each seat, where a barrier goes by it.
        roles: Role of each seat, where an instruction goes by it.
    """

    def __init__(
        self,
        seats: Sequence[str],
        phases: Mapping[str, TalkProtocol],
        aliases: Mapping[str, str] | None = None,
        roles: Mapping[str, str] | None = None,
    ) -> None:
        audiences = {(one.visibility, isinstance(one.floor, Pairs)) for one in phases.values()}
        people = People(tuple(seats), aliases or {}, roles or {})
        self._rules = [
            PhaseRules(name, protocol, people, changing=len(audiences) > 1)
            for name, protocol in phases.items()
        ]
        self.rounds = sum(protocol.rounds for protocol in phases.values())

    def start(self, rng: random.Random) -> Talked:
        """Nobody has spoken; the floor and the network are settled."""
        if not self._rules:
            return Talked(TalkState())
        state = self._begun(TalkState(), rng)
        return Talked(replace(state, rewired=False), audiences=audiences_of(state.hearers))

    def rewired(self, state: TalkState, rng: random.Random) -> Talked:
        """The state of a talk under another visibility: who hears each seat is settled anew."""
        if self.over(state):
            return Talked(state)
        hearers = self._rules[state.phase].hearers(rng)
        return Talked(replace(state, hearers=hearers, rewired=False), (), audiences_of(hearers))

    def over(self, state: TalkState) -> bool:
        """Whether all phases are over."""
        return state.phase >= len(self._rules)

    def asks(self, state: TalkState) -> dict[str, Ask]:
        """Who writes now, or who is asked about the floor."""
        if self.over(state):
            return {}
        rules, choice = self._rules[state.phase], state.choice
        if choice is not None and choice.listed:
            return rules.floor_asks(choice)
        batch = state.turns[state.first : state.until]
        return {turn.seat: rules.ask(turn, state.hearers) for turn in batch}

    def told(self, state: TalkState, seat: str) -> Mapping[str, Any]:
        """What simulated models are told of the talk, where it is not the plain one."""
        if self.over(state):
            return {}
        rules, choice = self._rules[state.phase], state.choice
        if choice is not None and choice.listed:
            return {"listed": choice.listed}
        if rules.plain:
            return {}
        part = next((turn.part for turn in state.turns[state.first :] if turn.seat == seat), None)
        return rules.told(part, seat, state.hearers)

    def check(self, state: TalkState, value: Any) -> str | None:
        """Anything may be said but nothing at all; the floor goes to who can have it."""
        if state.choice is not None and state.choice.listed:
            return self._rules[state.phase].floor_problem(state.choice, value)
        return None if value else "the message is empty"

    def knows(self, state: TalkState, seat: str) -> tuple[str, ...] | None:
        """The seats that a prompt names; ``None`` for all others."""
        return self._rules[0].knows(seat, state.hearers) if len(self._rules) == 1 else None

    def step(self, state: TalkState, actions: Mapping[str, Action], rng: random.Random) -> Talked:
        """What is published now, and who writes next; or who is given the floor."""
        rules = self._rules[state.phase]
        audiences = audiences_of(state.hearers) if state.rewired else {}
        if state.rewired:
            state = replace(state, rewired=False)
        if state.choice is not None and state.choice.listed:
            following, events = self._floor_given(rules, state, state.choice, actions, rng)
        else:
            following, events = self._spoken(rules, state, actions, rng)
        return Talked(following, events, audiences)

    def _spoken(
        self,
        rules: PhaseRules,
        state: TalkState,
        actions: Mapping[str, Action],
        rng: random.Random,
    ) -> tuple[TalkState, tuple[Event, ...]]:
        now = state.turns[state.first : state.until]
        acted = [(turn, actions[turn.seat]) for turn in now if turn.seat in actions]
        passes = rules.passes(acted)
        written = [*state.written, *(one for one in acted if one[0].seat not in passes)]
        rest = state.until < len(state.turns)
        ahead = state.turns[state.until].start if rest else float("inf")
        due = sorted((one for one in written if one[0].end <= ahead), key=lambda one: one[0].end)
        tokens = state.said_tokens + rules.tokens(due)
        exhausted = rules.exhausted(tokens)
        if exhausted:
            due = sorted(written, key=lambda one: one[0].end)
        events = (
            *passes.values(),
            *(rules.said(turn, action, action is actions.get(turn.seat)) for turn, action in due),
        )
        said = replace(state, n_said=state.n_said + len(due), said_tokens=tokens)
        if exhausted:
            return self._next_phase(said, rng), events
        if rest:
            waiting = tuple(one for one in written if one[0].end > ahead)
            return _asking_on(said, state.until, waiting), events
        choice = state.choice
        if choice is not None and choice.left > 0:
            return replace(said, turns=(), choice=rules.reopened(choice, rng)), events
        return self._next_round(said, rng), events

    def _floor_given(
        self,
        rules: PhaseRules,
        state: TalkState,
        choice: Choice,
        actions: Mapping[str, Action],
        rng: random.Random,
    ) -> tuple[TalkState, tuple[Event, ...]]:
        speaker, event = rules.chosen(choice, actions, rng)
        if speaker is None:
            return self._next_round(state, rng), (event,)
        given = rules.given_to(choice, speaker)
        turns = rules.pace.turns([speaker], rng)
        following = replace(state, turns=turns, first=0, until=1, choice=given)
        return following, (event,)

    def _next_round(self, state: TalkState, rng: random.Random) -> TalkState:
        rules = self._rules[state.phase]
        played = state.phase_round + 1
        if played >= rules.rounds or rules.silenced(state.n_said):
            return self._next_phase(state, rng)
        following = replace(state, round=state.round + 1, phase_round=played)
        return self._laid_out(following, rules.next_order(state.order, played, rng), rng)

    def _next_phase(self, state: TalkState, rng: random.Random) -> TalkState:
        following = TalkState(
            state.phase + 1, state.round + 1, order=state.order, hearers=state.hearers
        )
        return following if self.over(following) else self._begun(following, rng)

    def _begun(self, state: TalkState, rng: random.Random) -> TalkState:
        """The first round of a phase."""
        return self._laid_out(state, self._rules[state.phase].first_order(rng), rng)

    def _laid_out(self, state: TalkState, order: tuple[str, ...], rng: random.Random) -> TalkState:
        """A round before anybody has spoken."""
        rules, round_ = self._rules[state.phase], state.phase_round
        hearers, turns, choice = rules.round(round_, order, state.hearers, state.choice, rng)
        fresh = replace(
            state,
            order=order,
            turns=turns,
            choice=choice,
            hearers=hearers,
            rewired=hearers is not None and hearers is not state.hearers,
            n_said=0,
        )
        return _asking_on(fresh, 0, ())


def _asking_on(state: TalkState, first: int, written: tuple[Written, ...]) -> TalkState:
    """The state in which the seats are asked whose turns begin before more is published."""
    published = min((turn.end for turn, _ in written), default=float("inf"))
    until = asked_together(state.turns, first, published)
    return replace(state, first=first, until=until, written=written)
