"""Vectors of the texts that a game compares, asked for before the step that needs them."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.comparing import ComparingGame, Vectors
from schemas.environment import Action, Game, Step
from schemas.gateway import EmbeddingFailed
from schemas.unit import Failure

#: Turns texts into vectors, one row each, by the embedding model of an alias.
Embed = Callable[[str, Sequence[str]], Awaitable[npt.NDArray[np.float32]]]


class ComparedTexts:
    """The texts that the games of one episode have compared, with their vectors.

    Args:
        embed: Turns texts into vectors.

    Attributes:
        vectors: The vectors.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._held: dict[str, dict[str, npt.NDArray[np.float32]]] = {}
        self.vectors: Vectors = self._held

    async def bring_up_to_date(
        self, game: Game[Any], state: Any, actions: Mapping[str, Action]
    ) -> Failure | None:
        """Ask for the vectors that the next step needs and that are not there yet.

        Returns:
            Why there are none; ``None`` where the step can be taken.
        """
        if not isinstance(game, ComparingGame):
            return None
        for alias, texts in game.compared(state, actions).items():
            held = self._held.setdefault(alias, {})
            fresh = [text for text in dict.fromkeys(texts) if text not in held]
            if not fresh:
                continue
            try:
                found = await self._embed(alias, fresh)
            except EmbeddingFailed as failed:
                kind, why = failed.failure.kind, failed.failure.message
                return Failure(kind, f"vectors by {alias}: {why}")
            held.update(zip(fresh, found, strict=True))
        return None

    def step(
        self, game: Game[Any], state: Any, actions: Mapping[str, Action], rng: random.Random
    ) -> Step[Any]:
        """The step of a game, with the vectors where it compares texts."""
        if isinstance(game, ComparingGame):
            return game.step(state, actions, rng, self.vectors)
        return game.step(state, actions, rng)
