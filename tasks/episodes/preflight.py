"""What is wrong with interventions that only the first prompts of an episode can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemas.environment import Ask
from schemas.gateway import Answer, Question
from schemas.keys import generator
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import EditPrompt
from tasks.episodes.log import Log
from tasks.episodes.parts import first_arrangement
from tasks.episodes.presenting import Prompt


def edit_problems(episode: Episode) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Edits of prompts that name a part or a line that no prompt has, each with its place.

    The lines are those of the first prompts; an edit is looked at after those listed before it.

    Args:
        episode: An episode of the condition; of personas, only that there are any matters.
    """
    edits = [
        (place, one)
        for place, one in enumerate(episode.parts.interventions)
        if isinstance(one, EditPrompt)
    ]
    if not edits:
        return
    parts = sorted(set(episode.environment.templates) - {"event"})
    first, roster = _FirstPrompts(episode), episode.roster
    for place, edit in edits:
        if edit.part not in parts:
            there = ", ".join(parts)
            yield ("interventions", place, "part"), f"no part {edit.part!r}; there are {there}"
            continue
        texts = [first.text(seat, edit.part) for seat in roster.named(edit.seats)]
        problems = [edit.missing(text) for text in texts if text is not None]
        if problems and all(problems):
            yield ("interventions", place), f"{problems[0]}, which is: {texts[0]!r}"
        first.edit(roster.named(edit.seats), edit)


class _FirstPrompts:
    """The prompts of an episode before anything has happened.

    Args:
        episode: The episode.
    """

    def __init__(self, episode: Episode) -> None:
        game = episode.environment.game(episode.params, episode.seats)
        self._state = game.start(generator(episode.seed, "reset")).state
        self._asks = game.asks(self._state)
        log = Log(episode.key, [seat.seat for seat in episode.seats])
        arrangement = first_arrangement(episode.parts, episode.roster)
        self._asker = Asker(episode, game, _nobody, log, arrangement)

    def edit(self, seats: Sequence[str], edit: EditPrompt) -> None:
        """Show the prompts of these seats with one more edit from now on."""
        self._asker.arrangement = self._asker.arrangement.with_edit(seats, edit)

    def text(self, seat: str, part: str) -> str | None:
        """A part of the first prompt of a seat; ``None`` where it is no part of that one."""
        ask, words = self._asks.get(seat), None
        if ask is None:  # only what stands before the question is known of who is not asked first
            ask, words = Ask("preflight"), "-"
        if part not in {"system", "opening", ask.name}:
            return None
        _, prompt = self._asker.question(self._state, seat, ask, ("preflight",), words)
        return _parts(prompt, ask.name)[part]


def _parts(prompt: Prompt, ask: str) -> Mapping[str, str]:
    last = prompt.messages[-1].text if prompt.messages else ""
    return {ask: last, "opening": prompt.first("user"), "system": prompt.first("system")}


async def _nobody(questions: Sequence[Question]) -> list[Answer]:
    raise RuntimeError(f"{len(questions)} questions were put before anything runs")
