"""The rules of a strategy auction, after SALE (arXiv 2602.02751)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from schemas.base import Record
from schemas.environment import NOBODY, Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.debate.params import answer_form
from tasks.environments.seating import SeatedEnvironment
from tasks.environments.strategy_auction.outcomes import outcomes_of
from tasks.environments.strategy_auction.params import StrategyAuctionParams
from tasks.environments.strategy_auction.policy import StrategistPolicy
from tasks.environments.strategy_auction.scoring import Round, score
from tasks.episodes.memory.relevance import similarities

Phase = Literal["plan", "marks", "refine", "marks_again", "solve"]


class Plan(Record):
    """The answer of who plans."""

    plan: str = Field(min_length=1, max_length=10_000, description="How you would do the task.")


PLAN = Ask("plan", Plan, no_answer="absent")  #: Without a plan a seat does not bid.
REFINE = Ask("refine", Plan, no_answer="absent")  #: Without one its first plan stands.


#: What happens in an auction; the plans of the round stand in the questions about them.
ITEMS = frozenset(("plan", "refined plan", "mark", "leads", "awarded", "lesson", "answer"))


@dataclass(frozen=True, slots=True)
class State:
    """The task that is given out, how far it is, and the ones before it.

    Attributes:
        order: The tasks of all rounds, by their place in the parameters.
        now: The task of the round.
        phase: What is asked next.
        past: Past tasks.
    """

    order: tuple[int, ...]
    now: Round
    phase: Phase
    past: tuple[Round, ...] = ()


class StrategyAuctionGame:
    """Auctions of tasks among some seats."""

    def __init__(self, params: StrategyAuctionParams, seats: Sequence[Seat]) -> None:
        self._params = params
        self._prices = {seat.seat: params.prices[seat.position - 1] for seat in seats}
        self._seats = tuple(seat.seat for seat in seats)
        self.planned_rounds: int | None = params.rounds

    def start(self, rng: Random) -> Step[State]:
        """The order of the tasks is drawn."""
        n = len(self._params.tasks)
        order = rng.sample(range(n), n) * (1 + self._params.rounds // n)
        return Step(self._begun(tuple(order[: self._params.rounds]), (), rng))

    def round_of(self, state: State) -> int:
        """Which task."""
        return len(state.past)

    def asks(self, state: State) -> Mapping[str, Ask]:
        """All for plans and marks, those that are cheaper to refine, the winner to solve."""
        now = state.now
        match state.phase:
            case "plan":
                return dict.fromkeys(self._seats, PLAN)
            case "marks":
                return dict.fromkeys(self._seats, _marks_ask(tuple(now.plans)))
            case "refine":
                return dict.fromkeys(self._cheaper(now), REFINE)
            case "marks_again":
                return dict.fromkeys(self._seats, _marks_ask(tuple(now.refined)))
            case "solve":
                form = answer_form(now.task.options)
                return {str(now.winner): Ask("solve", form, no_answer="absent")}

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The task, the plans that are marked, refined or followed, and past ones to learn from."""
        data = {
            "plans": self._plans(state, seat),
            "task": state.now.task.model_dump(),
            "round": len(state.past),
            "rounds": self.planned_rounds,
            "price": self._prices[seat],
            "assign": self._params.assign,
            "leader": state.now.leader,
        }
        return Observation(data, self._shown(state, seat, history))

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """The forms have all there is to check."""
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """Plans, marks, refined plans, their marks, or the solution."""
        now, given = state.now, {seat: action.value for seat, action in actions.items()}
        match state.phase:
            case "plan" | "refine":
                return self._planned(state, {seat: one.plan for seat, one in given.items()}, rng)
            case "marks" | "marks_again":
                return self._marked(state, given, rng)
            case "solve":
                winner = str(now.winner)
                done = given.get(winner)
                events: list[Event] = []
                if done is not None:
                    now = replace(now.wrote({winner: done.reasoning}), answer=done.answer)
                    events.append(Event("choose", winner, None, "answer", text=done.answer))
                events.append(
                    Event("state", "env", winner, "checked", float(now.right), audience=NOBODY)
                )
                return self._over(replace(state, now=now), events, rng)

    def outcome(self, state: State) -> Outcomes:
        """What was right and what it cost; see :func:`outcomes_of`."""
        return outcomes_of(state.past, self._prices)

    def _begun(self, order: tuple[int, ...], past: tuple[Round, ...], rng: Random) -> State:
        """The next task; outside an auction it has its seat at once."""
        now = Round(self._params.tasks[order[len(past)]])
        if self._params.assign == "auction":
            return State(order, now, "plan", past)
        ranked = sorted(self._seats, key=self._prices.__getitem__)
        winner = {"cheapest": ranked[0], "dearest": ranked[-1], "random": rng.choice(ranked)}
        return State(order, replace(now, winner=winner[self._params.assign]), "solve", past)

    def _planned(self, state: State, plans: Mapping[str, str], rng: Random) -> Step[State]:
        now, first = state.now.wrote(plans), state.phase == "plan"
        item = "plan" if first else "refined plan"
        events = tuple(Event("bid", seat, None, item, text=plan) for seat, plan in plans.items())
        if first and not plans:
            return self._over(replace(state, now=now), (), rng)
        if not first and not plans:
            return self._awarded(replace(state, now=now), (), rng)
        now = replace(now, plans=plans) if first else replace(now, refined=plans)
        after = replace(state, now=now, phase="marks" if first else "marks_again")
        return Step(after, events, len(state.past))

    def _marked(self, state: State, given: Mapping[str, Any], rng: Random) -> Step[State]:
        now, again = state.now, state.phase == "marks_again"
        plans = now.refined if again else now.plans
        marks = {seat: tuple(getattr(one, seat) for one in given.values()) for seat in plans}
        events = [
            Event("choose", marker, seat, "mark", getattr(one, seat), audience=marker)
            for marker, one in given.items()
            for seat in plans
        ]
        if again:
            state = replace(state, now=replace(now, refined_marks=marks))
            return self._awarded(state, events, rng)
        now = replace(now, marks=marks)
        scores = {seat: self._score(now, seat) for seat in plans}
        leader = min(plans, key=lambda seat: (scores[seat], self._prices[seat]))
        now = replace(now, leader=leader)
        events.append(Event("state", "env", leader, "leads", scores[leader]))
        state = replace(state, now=now, phase="refine")
        if self._params.refine and self._cheaper(now):
            return Step(state, tuple(events), len(state.past))
        return self._awarded(state, events, rng)

    def _awarded(self, state: State, events: Sequence[Event], rng: Random) -> Step[State]:
        """The task goes to the best plan; the best of the other plans is kept with it."""
        now = state.now
        scores = {seat: self._score(now, seat) for seat in now.plans}
        texts = {(seat, False): plan for seat, plan in now.plans.items()}
        ranks = {(seat, False): value for seat, value in scores.items()}
        for seat, plan in now.refined.items():
            texts[seat, True] = plan
            ranks[seat, True] = self._score(now, seat, refined=True)
        best = min(ranks, key=lambda one: (ranks[one], one != (now.leader, False)))
        lost = min((one for one in ranks if one[0] != best[0]), key=ranks.__getitem__, default=None)
        happened = [*events, Event("state", "env", best[0], "awarded", ranks[best])]
        if lost is not None:
            data = {"task": now.task.ask, "lost": texts[lost]}
            happened.append(Event("state", "env", best[0], "lesson", text=texts[best], data=data))
        now = replace(now, winner=best[0], refined_won=best[1])
        after = replace(state, now=now, phase="solve")
        return Step(after, tuple(happened), len(state.past))

    def _over(self, state: State, events: Sequence[Event], rng: Random) -> Step[State]:
        past = (*state.past, state.now)
        if len(past) == self.planned_rounds:
            return Step(replace(state, past=past), tuple(events), len(state.past), "terminated")
        return Step(self._begun(state.order, past, rng), tuple(events), len(state.past))

    def _score(self, now: Round, seat: str, *, refined: bool = False) -> float:
        plans, marks = (now.refined, now.refined_marks) if refined else (now.plans, now.marks)
        return score(self._params, self._prices[seat], plans[seat], marks.get(seat, ()))

    def _cheaper(self, now: Round) -> list[str]:
        """Those that bid and are cheaper than the leading seat."""
        if now.leader is None:
            return []
        return [seat for seat in now.plans if self._prices[seat] < self._prices[now.leader]]

    def _shown(self, state: State, seat: str, history: Sequence[Logged]) -> list[Logged]:
        """What is no event of an auction; of past plans, those of the tasks most like this one."""
        kept = [one for one in history if one.event.item not in ITEMS]
        if state.phase == "refine":
            lessons = [one for one in history if one.event.item == "lesson"]
            kept += self._nearest(state.now.task.ask, lessons)
        return sorted(kept, key=lambda one: one.seq)

    def _plans(self, state: State, seat: str) -> Mapping[str, str]:
        """The plans that the question is about, by seat."""
        now = state.now
        match state.phase:
            case "marks" | "refine":
                return now.plans
            case "marks_again":
                return now.refined
            case "solve" if now.winner == seat and now.plans:
                return {seat: (now.refined if now.refined_won else now.plans)[seat]}
        return {}

    def _nearest(self, ask: str, lessons: Sequence[Logged]) -> Iterator[Logged]:
        """The lessons of the tasks that are most like this one, the latest of equals first."""
        alike = similarities(ask, [str(one.event.data["task"]) for one in lessons])
        best = sorted(range(len(lessons)), key=lambda place: (-alike[place], -place))
        yield from (lessons[place] for place in best[: self._params.shown_pairs])


@lru_cache(maxsize=1024)
def _marks_ask(seats: tuple[str, ...]) -> Ask:
    """A question for a mark of each plan; who gives none has no say."""
    mark = Field(ge=0, le=5, description="Mark of its plan, from 0 (useless) to 5 (excellent).")
    fields: Any = dict.fromkeys(seats, (float, mark))
    form: type[BaseModel] = create_model("Marks", __base__=Record, **fields)
    return Ask("marks", form, no_answer="absent")


class StrategyAuction(SeatedEnvironment):
    """Auctions of tasks that are bid for with plans."""

    name = "strategy_auction"
    version = 1
    params = StrategyAuctionParams
    templates = ("system", "opening", "event", "plan", "marks", "refine", "solve")
    bounds = outcome_bounds(
        shares=("right", "bidding_share", "dearest_share", "refined_share"),
        from_zero=("usd_per_1000", "usd_per_1000_right"),
    )
    policy = StrategistPolicy()

    def game(self, params: StrategyAuctionParams, seats: Sequence[Seat]) -> StrategyAuctionGame:
        """The rules for these seats."""
        return StrategyAuctionGame(params, seats)


ENVIRONMENT = StrategyAuction()
