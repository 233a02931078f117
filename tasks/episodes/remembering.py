"""Keeping the memories of seats: the questions that a memory asks before its seat acts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from schemas.environment import MEMORY, Ask, Event
from schemas.gateway import Question
from schemas.unit import Failure
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.log import Log
from tasks.episodes.memory import MemoryQuestion, Note
from tasks.episodes.presenting import Prompt
from tasks.episodes.prompts import Templates
from tasks.episodes.replies import PERMANENT


class Rememberer:
    """Brings the memories of the seats of one episode up to date.

    Args:
        episode: The episode.
        asker: Asks its seats.
        log: What has happened; notes are kept there.
    """

    def __init__(self, episode: Episode, asker: Asker, log: Log) -> None:
        self._memory = episode.parts.memory
        self._templates = Templates(self._memory)
        self._asker = asker
        self._log = log

    async def bring_up_to_date(
        self, state: Any, asks: Iterable[str], round_: int, turn: int
    ) -> Failure | None:
        """Ask whatever is due before some seats act, and keep what they note down.

        What several seats are asked is asked at once, and noted in the order of the seats. A
        question that gets no usable answer for good is noted as such; a failure that time mends
        ends it.

        Args:
            state: State of the game.
            asks: The seats that the game asks.
            round_: The round.
            turn: The turn.
        """
        if not self._memory.templates:
            return None
        seats, number = self._asker.present(asks), 0
        while True:
            due = {name: self._memory.due(self._asker.view(state, name)) for name in seats}
            asked = [(name, question) for name, question in due.items() if question is not None]
            if not asked:
                return None
            key = ("memory", turn, number)
            questions = [self._put(state, name, question, key) for name, question in asked]
            answers = await self._asker.answers(questions)
            for (name, question), answer in zip(asked, answers, strict=True):
                failure = answer.failure
                if failure is not None and failure.kind not in PERMANENT:
                    why = f"{name}, memory, {question.name}: {failure.message}"
                    return Failure(failure.kind, why)
                value = answer.value if failure is None else None
                notes = question.noted(value, failure.kind if failure else None)
                if not notes:
                    raise RuntimeError(f"memory, {question.name}: nothing was noted down")
                self._log.note(_events(name, notes), round_, turn, answer.call_key)
            number += 1

    def _put(
        self, state: Any, name: str, question: MemoryQuestion, rng_key: Sequence[Any]
    ) -> tuple[Question, Prompt]:
        words = self._asker.view(state, name).words
        lines = [words(logged) for logged in question.listed]
        return self._asker.question(
            state,
            name,
            Ask(question.name, question.schema),
            rng_key,
            words=self._templates.text(question.name, {**question.values, "lines": lines}),
            check=question.check,
            memory=question,
        )


def _events(seat: str, notes: Iterable[Note]) -> list[Event]:
    return [
        Event(
            "state",
            seat,
            item=note.item,
            value=note.value,
            text=note.text,
            data={"seqs": list(note.seqs), **note.data},
            audience=seat,
            phase=MEMORY,
        )
        for note in notes
    ]
