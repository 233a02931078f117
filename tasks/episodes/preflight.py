"""What is wrong with interventions that only the first prompts of an episode can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from schemas.environment import Ask
from schemas.gateway import Answer, Question
from schemas.keys import generator
from tasks.episodes.asking import Asker
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import EditPrompt, Script
from tasks.episodes.log import Log
from tasks.episodes.parts import first_arrangement
from tasks.episodes.presenting import Prompt

#: Steps at most in which questions of a game are looked for.
STEPS = 500


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


def script_problems(episode: Episode) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Answers of scripts to questions that are never put, or of another form, each with its place.

    Args:
        episode: An episode of the condition.
    """
    scripts = [
        (place, one)
        for place, one in enumerate(episode.parts.interventions)
        if isinstance(one, Script) and one.answers
    ]
    if not scripts:
        return
    asks, all_found = _asks_of(episode)
    for place, script in scripts:
        for name in script.answers:
            field = ("interventions", place, "answers", name)
            if name not in asks and all_found:
                there = ", ".join(sorted(asks))
                yield field, f"no question is called {name!r}; there are {there}"
            elif name in asks and asks[name].schema is None:
                yield field, f"the answer to {name} is a free text; write it under lines"
            elif name in asks:
                try:
                    script.answers_to(asks[name], 0)
                except ValidationError as error:
                    yield (
                        field,
                        "; ".join(
                            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
                            for one in error.errors()
                        ),
                    )


def _asks_of(episode: Episode) -> tuple[dict[str, Ask], bool]:
    """Questions of the game by name, if nobody ever answers, and whether these are all."""
    game = episode.environment.game(episode.params, episode.seats)
    step = game.start(generator(episode.seed, "reset"))
    found: dict[str, Ask] = {}
    for turn in range(STEPS):
        asks = game.asks(step.state)
        found |= {ask.name: ask for ask in asks.values()}
        if not asks:
            return found, True
        step = game.step(step.state, {}, generator(episode.seed, "step", turn))
        if step.status != "running":
            return found, True
    return found, False


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
