"""How many questions an episode puts to each model, found by playing it without models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from schemas.gateway import Answer, Purpose, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.episodes.engine import Play
from tasks.episodes.episode import Episode
from tasks.models.estimate import TEXTS_PER_CALL

#: Plays of an episode at most, and questions of a play after which its rounds are taken for alike.
PLAYS, QUESTIONS = 3, 1000

#: Questions of a play at most, however few of its rounds they are.
MOST_QUESTIONS = 20_000

#: A model alias, and who asks it.
Asked = tuple[str, Purpose]

T = TypeVar("T")


def question_counts(episode: Episode) -> dict[Asked, tuple[float, float]]:
    """Questions to each model alias by purpose in an episode: fewest and most of a few plays.

    Of an embedding model they are requests for vectors of texts that the episode has not compared.

    The plays are the engine's own, with simulated models in the place of all others. Of a long
    episode the first rounds are played, and the planned ones counted by them.

    Args:
        episode: The episode; its seed is not used.

    Example:
        >>> from schemas.study import ModelSpec
        >>> from tasks.environments.registry import environment_named
        >>> from tasks.episodes.episode import seats_of
        >>> talk, models = environment_named("discussion"), {"a": ModelSpec(model="sim/agent")}
        >>> declared = {"brief": "Talk.", "rounds": 3, "seats": ["a", "a"]}
        >>> params = talk.params.model_validate(declared)
        >>> seats = seats_of(talk, params, models, seed=0)
        >>> question_counts(Episode("0" * 32, talk, params, seats, models, seed=0))
        {('a', 'agent'): (6.0, 6.0)}
    """
    counted: list[dict[Asked, float]] = []
    for number in range(PLAYS):
        key = digest("count", episode.key, number)
        count = _Rehearsal(replace(episode, key=key, seed=number)).count()
        if counted == [count]:
            break
        counted.append(count)
    return {
        asked: (
            min(one.get(asked, 0.0) for one in counted),
            max(one.get(asked, 0.0) for one in counted),
        )
        for asked in dict.fromkeys(asked for one in counted for asked in one)
    }


class _Enough(Exception):
    """So many questions were asked that the rest can be told by them."""


class _Rehearsal:
    """A play of an episode in which simulated models answer at once."""

    def __init__(self, episode: Episode) -> None:
        models = {alias: _stand_in(spec) for alias, spec in episode.models.items()}
        self._aliases = {id(spec): alias for alias, spec in models.items()}
        self._play = Play(replace(episode, models=models), self._put, self._embed)
        self._by_round: dict[int, Counter[Asked]] = {}
        self._n_asked = 0

    def count(self) -> dict[Asked, float]:
        """Questions by alias and purpose."""
        planned = self._play.game.planned_rounds
        try:
            played = _driven(self._play.played())
            over = played.failure is None
        except _Enough:
            over = False
        rounds = list(self._by_round.values())
        if not over and len(rounds) > 1:
            rounds.pop()  # the round that was not over
        scale = 1.0 if over or planned is None else planned / max(len(rounds), 1)
        total: Counter[Asked] = sum(rounds, Counter())
        return {asked: n * scale for asked, n in total.items()}

    async def _put(self, questions: Sequence[Question]) -> list[Answer]:
        round_ = self._round
        partial = round_ > 0 and self._play.game.planned_rounds is not None
        if self._n_asked >= (QUESTIONS if partial else MOST_QUESTIONS):
            raise _Enough
        self._n_asked += len(questions)
        count = self._by_round.setdefault(round_, Counter())
        count.update((self._aliases[id(one.model)], one.purpose) for one in questions)
        return [_answer(question) for question in questions]

    async def _embed(self, alias: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        from tasks.models.sim.encoder import vector
        from tasks.models.sim.policies import EncoderPolicy

        requests = math.ceil(len(texts) / TEXTS_PER_CALL)
        self._by_round.setdefault(self._round, Counter())[alias, "embedding"] += requests
        return np.array([vector(EncoderPolicy(), text) for text in texts])

    @property
    def _round(self) -> int:
        reached = self._play.reached
        return reached.rounds if reached else 0


def _stand_in(spec: ModelSpec) -> ModelSpec:
    """A simulated model without faults in the place of a model, known again by its identity."""
    sim = {name: value for name, value in spec.sim.items() if not name.endswith("_rate")}
    model = spec.model if spec.simulated else "sim/agent"
    # With a limit of its own, the engine never makes a copy of it.
    return ModelSpec(model=model, sim=sim, max_tokens=spec.max_tokens or 1)


def _answer(question: Question) -> Answer:
    """What the simulated model answers, read as the gateway would."""
    from tasks.models.sim import reply

    key = digest("rehearsal", question.unit_key, question.ordinal)
    text = reply(question.model, question, key).text
    value: Any = text
    if question.answer is not None:
        try:
            value = question.answer.model_validate_json(text)
        except ValidationError:
            return Answer(key, text, None, 1, Failure("bad_shape", "it has another shape"))
    problem = question.check(value) if question.check else None
    failure = Failure("bad_shape", problem) if problem else None
    return Answer(key, text, None if failure else value, 1, failure)


def _driven(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise RuntimeError("the play of an episode without models waited for something")
