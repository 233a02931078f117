"""Texts as sets of character 4-grams, and an index of which documents hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

GRAM = 4

_NOT_WORD = re.compile(r"[^\w\s]")


@lru_cache(maxsize=8192)
def grams(text: str) -> frozenset[str]:
    """The character 4-grams of a text: lower case, punctuation removed, one space at either end.

    Example:
        >>> sorted(grams("Taco!"))
        [' tac', 'aco ', 'taco']
    """
    normal = f" {' '.join(_NOT_WORD.sub('', text.lower()).split())} "
    return frozenset(normal[start : start + GRAM] for start in range(len(normal) - GRAM + 1))


class GramIndex:
    """Documents by the 4-grams that they hold, so that a query touches no others.

    Args:
        documents: The texts.
    """

    def __init__(self, documents: Sequence[str]) -> None:
        holders: dict[str, list[int]] = {}
        for place, document in enumerate(documents):
            for gram in grams(document):
                holders.setdefault(gram, []).append(place)
        self._n = len(documents)
        self._holders = {gram: np.array(places, dtype=np.int32) for gram, places in holders.items()}

    def shares(self, query: str) -> npt.NDArray[np.float64]:
        """|S(q) ∩ S(d)| / |S(q)| of each document d, where S is the set of 4-grams."""
        wanted = grams(query)
        held = [self._holders[gram] for gram in wanted if gram in self._holders]
        if not held:
            return np.zeros(self._n)
        return np.bincount(np.concatenate(held), minlength=self._n) / len(wanted)
