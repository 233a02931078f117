"""Letting interventions happen: when they are due, what they do, and how it is logged."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from schemas.environment import NOBODY, Event, Step
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
    ) -> None:
        """Let those interventions happen that are due.

        Args:
            state: State of the game.
            now: How far the episode is.
            before: How far it was when this was last called.
            asked: The seats that are about to be asked.
        """
        self._asker.arrangement = self._asker.arrangement.after(now.rounds)
        for intervention in self._schedule.due(now, before, asked):
            self._happen(intervention, state, now)

    def _happen(self, intervention: Intervention, state: Any, now: Moment) -> None:
        change = intervention.change(self._asker.arrangement, self._roster, now)
        self._asker.arrangement = change.arrangement
        for seat in change.forget:
            self._log.forget(seat)
        step = Step(state, change.events, now.rounds, audiences=change.audiences)
        self._log.add(step, now.turns, {})
