"""Asking probes: private questions that no other seat sees and that the seat does not remember."""

from __future__ import annotations

from typing import Any

from schemas.environment import Ask
from schemas.unit import Failure
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import Roster
from tasks.episodes.probes import Probe
from tasks.episodes.replies import PERMANENT
from tasks.episodes.times import Moment, due


class Prober:
    """Asks the probes of one episode when they are due.

    Args:
        episode: The episode.
        asker: Asks its seats.
        roster: Who takes part.

    Attributes:
        responses: Rows of ``responses``.
    """

    def __init__(self, episode: Episode, asker: Asker, roster: Roster) -> None:
        self._episode = episode
        self._asker = asker
        self._asked = {
            probe.name: [roster.seat(name).seat for name in probe.seats]
            or [seat.seat for seat in roster.seats]
            for probe in episode.parts.probes
        }
        self.responses: list[dict[str, Any]] = []

    async def ask_due(self, state: Any, now: Moment, before: Moment | None) -> Failure | None:
        """Ask the probes whose time has come; a failure that time mends ends it.

        Args:
            state: State of the game.
            now: How far the episode is.
            before: How far it was when this was last called.
        """
        for probe in self._episode.parts.probes:
            if any(due(time, now, before) for time in probe.at):
                failure = await self._ask(probe, state, now)
                if failure is not None:
                    return failure
        return None

    async def _ask(self, probe: Probe, state: Any, now: Moment) -> Failure | None:
        seed, personas = self._episode.seed, self._asker.arrangement.personas
        asked = [
            (seat, one)
            for seat in self._asked[probe.name]
            if self._asker.arrangement.reaches(seat)
            for one in probe.put(now.rounds, (seed, probe.name, seat, now.turns))
        ]
        questions = [
            self._asker.question(
                state,
                seat,
                Ask(probe.name, one.answer_schema),
                ("probe", now.turns, one.label),
                words=one.words,
                probe=one.data,
            )
            for seat, one in asked
        ]
        answers = await self._asker.answers(questions)
        for (seat, one), answer in zip(asked, answers, strict=True):
            if answer.failure is not None and answer.failure.kind not in PERMANENT:
                why = f"{seat}, probe {probe.name}, {one.label}: {answer.failure.message}"
                return Failure(answer.failure.kind, why)
            self.responses.extend(
                {
                    "episode_key": self._episode.key,
                    "unit_key": self._episode.key,
                    "administration": "probe",
                    "after_rounds": now.rounds,
                    "after_turns": now.turns,
                    "seat": seat,
                    "persona_key": personas[seat].key if seat in personas else None,
                    "model": self._asker.arrangement.models[seat],
                    "repeat": 1,
                    "call_key": answer.call_key,
                    **row,
                }
                for row in one.rows(answer.value if answer.failure is None else None)
            )
        return None
