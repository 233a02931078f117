"""Texts that a game compares by the vectors of an embedding model."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

from schemas.base import Record
from schemas.environment import Action, Step

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Vectors by alias of the embedding model and text.
Vectors: TypeAlias = "Mapping[str, Mapping[str, npt.NDArray[np.float32]]]"
NO_VECTORS: Vectors = MappingProxyType({})

S = TypeVar("S")
P_contra = TypeVar("P_contra", bound=Record, contravariant=True)


@runtime_checkable
class ComparingEnvironment(Protocol[P_contra]):
    """What an environment has besides if its games compare texts."""

    def encoders(self, params: P_contra) -> Mapping[tuple[str | int, ...], str]:
        """Aliases of the embedding models, by their place in the parameters."""
        ...


@runtime_checkable
class ComparingGame(Protocol[S]):
    """What a game has besides if it compares texts.

    The engine asks for the vectors before the step that needs them. Where they do not come, the
    episode fails, as it does where an answer does not.
    """

    def compared(self, state: S, actions: Mapping[str, Action]) -> Mapping[str, Collection[str]]:
        """The texts that the step of these actions compares, by alias of the embedding model."""
        ...

    def step(
        self,
        state: S,
        actions: Mapping[str, Action],
        rng: random.Random,
        vectors: Vectors = NO_VECTORS,
    ) -> Step[S]:
        """The state after the actions; see :meth:`schemas.environment.Game.step`.

        Args:
            state: The state.
            actions: What the seats did.
            rng: Generator for what is drawn.
            vectors: Vectors of the texts that :meth:`compared` named, now or before.
        """
        ...
