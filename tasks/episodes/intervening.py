"""Letting interventions happen: when they are due, what they do, and how it is logged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from schemas.base import Record
from schemas.environment import NOBODY, Adopting, Event, Step
from schemas.keys import generator
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import Intervention, Roster
from tasks.episodes.log import Log
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

    def happen_due(
        self, state: Any, now: Moment, before: Moment | None, asked: Collection[str]
    ) -> Any:
        """The state of the game after those interventions have happened that are due.

        Args:
            state: State of the game.
            now: How far the episode is.
            before: How far it was when this was last called.
            asked: The seats that are about to be asked.
        """
        self._asker.arrangement = self._asker.arrangement.after(now.rounds)
        for intervention in self._schedule.due(now, before, asked):
            state = self._happen(intervention, state, now)
        return state

    def _happen(self, intervention: Intervention, state: Any, now: Moment) -> Any:
        held = self._asker.arrangement.params
        change = intervention.change(self._asker.arrangement, self._roster, now)
        self._asker.arrangement = change.arrangement
        for seat in change.forget:
            self._log.forget(seat)
        step = Step(state, change.events, now.rounds, audiences=change.audiences)
        self._log.add(step, now.turns, {})
        params = change.arrangement.params
        return state if params is held or params is None else self._remade(state, params, now)

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
