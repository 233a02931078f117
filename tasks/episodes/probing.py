"""Asking probes: private questions that no other seat sees and that the seat does not remember."""

from __future__ import annotations

from typing import Any

from schemas.environment import Ask
from schemas.unit import Failure
from tasks.episodes.asking import PERMANENT, Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import Roster
from tasks.episodes.probes import Probe
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
        ask = Ask(probe.name, probe.answer_schema)
        places = [
            (seat, item)
            for seat in self._asked[probe.name]
            if seat not in self._asker.arrangement.out
            for item in probe.questions
        ]
        questions = [
            self._asker.question(
                state,
                seat,
                ask,
                ("probe", now.turns, item),
                words=probe.prompt(item),
                probe=probe.as_data(item, now.rounds),
            )
            for seat, item in places
        ]
        answers = await self._asker.answers(questions)
        for (seat, item), answer in zip(places, answers, strict=True):
            if answer.failure is not None and answer.failure.kind not in PERMANENT:
                why = f"{seat}, probe {probe.name}, {item}: {answer.failure.message}"
                return Failure(answer.failure.kind, why)
            answered = answer.failure is None
            value, text = probe.response(answer.value) if answered else (None, None)
            self.responses.append(
                {
                    "episode_key": self._episode.key,
                    "unit_key": self._episode.key,
                    "after_rounds": now.rounds,
                    "after_turns": now.turns,
                    "seat": seat,
                    "instrument": probe.name,
                    "item": item,
                    "value": value,
                    "text": text,
                    "call_key": answer.call_key,
                }
            )
        return None
