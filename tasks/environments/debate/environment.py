"""The rules of a debate: all answer at once, read each other's answers, and answer again.

Source: Du et al. (2023), arXiv 2305.14325; rounds of a debate against answers of their own at one
budget after Yang et al. (2025), arXiv 2505.22960, and Wang et al. (2022), arXiv 2203.11171.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.environment import Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.debate.params import DebateParams, Problem, answer_form
from tasks.environments.debate.policy import DebatePolicy
from tasks.environments.seating import SeatedEnvironment

#: Name of the question by which a seat answers.
ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class State:
    """How far a debate is.

    Attributes:
        problem: The question of the episode.
        round: Rounds that are over.
        first: The first answer of each seat that gave one.
        last: The last answer of each.
        decision: What most seats answered last, a tie broken by lot.
    """

    problem: Problem
    round: int
    first: Mapping[str, str]
    last: Mapping[str, str]
    decision: str | None = None


class DebateGame:
    """A debate of some seats."""

    def __init__(self, params: DebateParams, seats: tuple[str, ...]) -> None:
        self._problems = params.problems
        self._seats = seats
        self.planned_rounds: int | None = params.rounds

    def start(self, rng: Random) -> Step[State]:
        """The question is drawn, and nobody has answered it."""
        return Step(State(rng.choice(self._problems), 0, {}, {}))

    def round_of(self, state: State) -> int:
        """The round that the next answers belong to."""
        return state.round

    def asks(self, state: State) -> Mapping[str, Ask]:
        """Everybody at once; who gives no usable answer keeps to what it said before."""
        form = answer_form(state.problem.options)
        return dict.fromkeys(self._seats, Ask(ANSWER, form, no_answer="absent"))

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The question and its options, and whether there are answers to read."""
        told = {"problem": state.problem.model_dump(), "round": state.round}
        return Observation({**told, "rounds": self.planned_rounds}, history)

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """Every option may be chosen."""
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """The answers are published; after the last round, the group's is what most gave."""
        given = {seat: action.value for seat, action in actions.items()}
        events = tuple(
            Event("choose", seat, item=value.answer, text=value.reasoning)
            for seat, value in given.items()
        )
        answers = {seat: value.answer for seat, value in given.items()}
        after = State(
            state.problem,
            state.round + 1,
            {**answers, **state.first},
            {**state.last, **answers},
        )
        if after.round < (self.planned_rounds or 0):
            return Step(after, events, state.round)
        decision = _commonest(after.last.values(), rng)
        end = Event("end", "env", item=decision)
        ended = State(after.problem, after.round, after.first, after.last, decision)
        return Step(ended, (*events, end), state.round, "terminated")

    def outcome(self, state: State) -> Outcomes:
        """Whether the group and each seat are right, how many were at first, and who changed.

        ``mended`` is the share of seats that were wrong at first and right at last, ``spoilt`` the
        other way round.
        """
        right = state.problem.correct
        first = {seat: answer == right for seat, answer in state.first.items()}
        last = {seat: answer == right for seat, answer in state.last.items()}
        n = len(last)
        whole: dict[str, float | str | None] = {
            "correct": float(state.decision == right),
            "decision": state.decision,
            "problem": state.problem.ask,
            "right_at_first": sum(first.values()) / n if n else None,
            "right_at_last": sum(last.values()) / n if n else None,
            "mended": sum(last[seat] and not first[seat] for seat in last) / n if n else None,
            "spoilt": sum(first[seat] and not last[seat] for seat in last) / n if n else None,
            "agreement": max(Counter(state.last.values()).values()) / n if n else None,
        }
        seats: dict[Any, Mapping[str, float | str | None]] = {
            ("seat", seat): {"answer": answer, "correct": float(last[seat])}
            for seat, answer in state.last.items()
        }
        return {("episode", ""): whole, **seats}


class Debate(SeatedEnvironment):
    """Answers to one question in rounds."""

    name = "debate"
    version = 1
    params = DebateParams
    templates = ("system", "opening", "event", "answer")
    bounds = outcome_bounds(
        shares=(
            "correct",
            "right_at_first",
            "right_at_last",
            "mended",
            "spoilt",
            "agreement",
        ),
    )
    policy = DebatePolicy()

    def game(self, params: DebateParams, seats: Sequence[Seat]) -> DebateGame:
        """The debate of these seats."""
        return DebateGame(params, tuple(seat.seat for seat in seats))


ENVIRONMENT = Debate()


def _commonest(answers: Any, rng: Random) -> str | None:
    """The answer that most gave, drawn by lot where several are level; ``None`` without any."""
    counts = Counter(answers)
    most = max(counts.values(), default=0)
    level = sorted(answer for answer, n in counts.items() if n == most)
    return rng.choice(level) if level else None
