"""Letting interventions happen: when they are due, what they do, and how it is logged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from schemas.base import Record
from schemas.environment import EVERYONE, NOBODY, Adopting, Event, Step
from schemas.gateway import Message, Question
from schemas.keys import generator
from schemas.unit import Failure
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import Intervention, Roster
from tasks.episodes.interventions.base import Inquiry
from tasks.episodes.log import Log
from tasks.episodes.presenting import Prompt
from tasks.episodes.replies import PERMANENT
from tasks.episodes.schedule import Schedule
from tasks.episodes.times import Moment


class Intervener:
    """Lets the interventions of one episode happen.

    Args:
        episode: The episode.
        asker: Asks its seats; holds the arrangement that interventions change.
        log: What has happened.
        roster: Who takes part.
    """

    def __init__(self, episode: Episode, asker: Asker, log: Log, roster: Roster) -> None:
        self._episode = episode
        self._params = episode.params
        self._inquired: dict[int, int] = {}
        declared = episode.parts.interventions
        self._schedule = Schedule(declared, roster, episode.seed, log.events)
        self._asker = asker
        self._log = log
        self._roster = roster

    def begin(self, state: Any) -> None:
        """Log which seats are not there yet."""
        awaited = tuple(
            Event("state", "env", seat, "awaited", data={"state": "awaited"}, audience=NOBODY)
            for seat, why in self._asker.arrangement.out.items()
            if why.kind == "awaited"
        )
        self._log.add(Step(state, awaited), 0, {})

    async def happen_due(
        self, state: Any, now: Moment, before: Moment | None, asked: Collection[str]
    ) -> tuple[Any, Failure | None]:
        """The state of the game after those interventions have happened that are due.

        A failure of a model that time mends ends it.

        Args:
            state: State of the game.
            now: How far the episode is.
            before: How far it was when this was last called.
            asked: The seats that are about to be asked.
        """
        self._asker.arrangement = self._asker.arrangement.after(now.rounds)
        for intervention in self._schedule.due(now, before, asked):
            state, inquiry = self._happen(intervention, state, now)
            if inquiry is not None:
                since = self._inquired.get(id(intervention), 0)
                self._inquired[id(intervention)] = len(self._log.events)
                failure = await self._inquire(inquiry, since, state, now)
                if failure is not None:
                    return state, failure
        return state, None

    async def _inquire(
        self, inquiry: Inquiry, since: int, state: Any, now: Moment
    ) -> Failure | None:
        """Ask a model about what was said to all since an event, and log its answer."""
        said = [
            event
            for event in self._log.events[since:]
            if event["kind"] == "say" and event["audience"] == EVERYONE
        ]
        if not said:
            return None
        (answer,) = await self._asker.answers([self._question(inquiry, said)])
        if answer.failure is not None and answer.failure.kind not in PERMANENT:
            return Failure(answer.failure.kind, f"intervention: {answer.failure.message}")
        text = str(answer.value).strip() if answer.failure is None else None
        step = Step(state, (inquiry.posted(text or None),), now.rounds)
        self._log.add(step, now.turns, {"env": answer.call_key})
        return None

    def _question(
        self, inquiry: Inquiry, said: Sequence[Mapping[str, Any]]
    ) -> tuple[Question, Prompt]:
        """The question of a model that has no seat."""
        asker, names = self._asker, self._asker.arrangement.names
        statements = [(names[event["actor"]], event["text"]) for event in said]
        lines = "\n".join(f"[{name}]: {text}" for name, text in statements)
        messages = (Message("system", inquiry.instruction), Message("user", lines))
        model = self._episode.models[inquiry.model]
        question = Question(
            model=model,
            messages=messages,
            unit_key=self._episode.key,
            ordinal=asker.n_asked,
            purpose="intervention",
            subject="intervention",
            observation={"statements": statements} if model.simulated else None,
        )
        asker.n_asked += 1
        return question, Prompt(messages, [event["seq"] for event in said])

    def _happen(
        self, intervention: Intervention, state: Any, now: Moment
    ) -> tuple[Any, Inquiry | None]:
        held = self._asker.arrangement.params
        change = intervention.change(self._asker.arrangement, self._roster, now)
        self._asker.arrangement = change.arrangement
        for seat in change.forget:
            self._log.forget(seat)
        step = Step(state, change.events, now.rounds, audiences=change.audiences)
        self._log.add(step, now.turns, {})
        params = change.arrangement.params
        if params is not held and params is not None:
            state = self._remade(state, params, now)
        return state, change.inquiry

    def _remade(self, state: Any, params: Record, now: Moment) -> Any:
        """The state of the game that goes on under other parameters."""
        episode = self._episode
        before, self._params = self._params, params
        changed = [
            name
            for name in type(params).model_fields
            if getattr(params, name) != getattr(before, name)
        ]
        game = self._asker.game = episode.environment.game(params, episode.seats)
        if not isinstance(game, Adopting):
            return state
        step = game.adopted(state, changed, generator(episode.seed, "adopt", now.turns))
        self._log.add(step, now.turns, {})
        return step.state
