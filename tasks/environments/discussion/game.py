"""The rules of one discussion: talk in rounds, and votes where something is to be decided."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.environment import (
    EVERYONE,
    Action,
    Ask,
    Event,
    Logged,
    Observation,
    Outcomes,
    Step,
)
from schemas.seats import Seat
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk import Talk, TalkState
from tasks.environments.talk.decisions import Ballot, VoteCount, first_choice
from tasks.environments.talk.voting import BALLOT


@dataclass(frozen=True, slots=True)
class DiscussionState:
    """How far a discussion is.

    Attributes:
        talk: How far the talk is.
        voting: Whether the next question is a vote on the round before.
        ballots: The last ballots, by seat.
        count: What they came to.
        confidences: How sure the seats were of them, in percent, where they were asked.
    """

    talk: TalkState
    voting: bool = False
    ballots: Mapping[str, Ballot] | None = None
    count: VoteCount | None = None
    confidences: Mapping[str, int] = field(default_factory=dict)


class DiscussionGame:
    """A discussion of some seats."""

    def __init__(self, params: DiscussionParams, seats: Sequence[Seat]) -> None:
        self._params = params
        names = tuple(seat.seat for seat in seats)
        aliases = {seat.seat: seat.model for seat in seats}
        roles = {seat.seat: seat.role for seat in seats}
        self._talk = Talk(names, params.protocols, aliases, roles)
        self._decision = decision = params.decision
        if decision is not None:
            self._told_decision = decision.model_dump()
            self._voters = tuple(names[place - 1] for place in decision.by) or names
            self._ballot = Ask(BALLOT, decision.form, no_answer="absent", question=decision.words)

    @property
    def planned_rounds(self) -> int | None:
        """The rounds that were declared."""
        return self._talk.rounds

    def start(self, rng: random.Random) -> Step[DiscussionState]:
        """Nobody has spoken; the floor of the first round and the network are settled."""
        talked = self._talk.start(rng)
        return Step(DiscussionState(talked.state), audiences=talked.audiences)

    def adopted(
        self, state: DiscussionState, changed: Collection[str], rng: random.Random
    ) -> Step[DiscussionState]:
        """Who hears whom is settled anew where that has changed."""
        if "visibility" not in changed:
            return Step(state)
        talked = self._talk.rewired(state.talk, rng)
        return Step(replace(state, talk=talked.state), audiences=talked.audiences)

    def round_of(self, state: DiscussionState) -> int:
        """The round of the talk; a vote is of the round before it."""
        return state.talk.round - state.voting

    def asks(self, state: DiscussionState) -> Mapping[str, Ask]:
        """Who has the floor, or who votes."""
        if state.voting:
            return dict.fromkeys(self._voters, self._ballot)
        return self._talk.asks(state.talk)

    def observe(
        self, state: DiscussionState, seat: str, history: Sequence[Logged], rng: random.Random
    ) -> Observation:
        """The brief, and everything that was said to it."""
        params = self._params
        data: dict[str, Any] = {
            "brief": params.brief.text,
            "max_words": params.max_words,
            "round": self.round_of(state),
            "rounds": self._talk.rounds,
        }
        if self._decision is not None:
            data["decision"] = self._told_decision
        if not state.voting and (turn := self._talk.told(state.talk, seat)):
            data["turn"] = turn
        return Observation(data, history, self._talk.knows(state.talk, seat))

    def check(self, state: DiscussionState, seat: str, value: Any) -> str | None:
        """Anything may be said but nothing at all; a ballot is whole."""
        if state.voting and self._decision is not None:
            return self._decision.problem(value)
        return self._talk.check(state.talk, value)

    def step(
        self, state: DiscussionState, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[DiscussionState]:
        """What was said is published, silence leaves nothing to read; or the votes are counted."""
        if state.voting:
            return self._voted(state, actions)
        round_ = state.talk.round
        talked = self._talk.step(state.talk, actions, rng)
        following = replace(state, talk=talked.state)
        decision, over = self._decision, self._talk.over(talked.state)
        new_round = talked.state.round > round_
        if decision is not None and (over or (new_round and decision.at == "every_round")):
            following, over = replace(following, voting=True), False
        status: Any = "terminated" if over else "running"
        return Step(following, talked.events, round_, status, talked.audiences)

    def _voted(
        self, state: DiscussionState, actions: Mapping[str, Action]
    ) -> Step[DiscussionState]:
        decision = self._decision
        assert decision is not None
        ballots = {seat: decision.ballot(action.value) for seat, action in actions.items()}
        count = decision.counted(list(ballots.values()))
        sure = (
            {seat: action.value.confidence for seat, action in actions.items()}
            if decision.confidence
            else {}
        )
        events = [
            Event(
                "choose",
                seat,
                item=first_choice(ballot),
                value=sure.get(seat),
                text=_vote(ballot, sure.get(seat)),
                data={"ballot": dict(ballot)},
                audience=EVERYONE if decision.ballots == "open" else seat,
                phase=BALLOT,
            )
            for seat, ballot in ballots.items()
        ]
        events.append(_announced(count))
        over = count.winner is not None or self._talk.over(state.talk)
        following = DiscussionState(state.talk, False, ballots, count, sure)
        status: Any = "terminated" if over else "running"
        return Step(following, tuple(events), self.round_of(state), status)

    def outcome(self, state: DiscussionState) -> Outcomes:
        """What was decided, by how much, and what each seat voted; none without a decision."""
        decision, count = self._decision, state.count
        if decision is None or count is None:
            return {}
        ballots = state.ballots or {}
        firsts = Counter(map(first_choice, ballots.values()))
        whole: dict[str, float | str | None] = {
            "decided": float(count.winner is not None),
            "decision": count.winner,
            "ballots": float(len(ballots)),
            "agreement": max(firsts.values()) / len(ballots) if ballots else None,
            "rounds_to_decision": float(state.talk.round) if count.winner is not None else None,
        }
        if decision.correct is not None:
            whole["correct"] = float(count.winner == decision.correct)
        sure = state.confidences
        if sure:
            whole["confidence"] = sum(sure.values()) / len(sure)
        outcomes: dict[Any, Mapping[str, float | str | None]] = {("episode", ""): whole}
        for seat, ballot in ballots.items():
            vote = first_choice(ballot)
            own: dict[str, float | str | None] = {"vote": vote}
            if seat in sure:
                own["confidence"] = float(sure[seat])
            if decision.correct is not None:
                own["correct"] = float(vote == decision.correct)
            outcomes["seat", seat] = own
        return outcomes


def _announced(count: VoteCount) -> Event:
    """What everybody is told of a vote."""
    counted = _listed(dict(sorted(count.scores.items(), key=lambda one: -one[1])))
    ends = f"Decided: {count.winner}." if count.winner is not None else "Nothing is decided."
    data = {"sender": "Result", "scores": dict(count.scores)}
    return Event(
        "state", "env", item=count.winner, text=f"{counted}. {ends}", data=data, phase=BALLOT
    )


def _vote(ballot: Ballot, confidence: int | None) -> str:
    """A ballot in words; what each option gets where it names several."""
    given = _listed(ballot) if len(ballot) > 1 else first_choice(ballot) or "none"
    sure = "" if confidence is None else f", {confidence} percent sure"
    return f"votes for {given}{sure}"


def _listed(scores: Mapping[str, float]) -> str:
    """Options with what they got.

    Example:
        >>> _listed({"bus": 3.0, "tram": 1.0})
        'bus 3, tram 1'
    """
    return ", ".join(f"{option} {score:g}" for option, score in scores.items())
