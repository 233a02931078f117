"""Texts as vectors of weighted words, made on this machine without a model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case.

    Example:
        >>> words_of("Plum-Tart, please!")
        ['plum', 'tart', 'please']
    """
    return _WORD.findall(text.lower())


class TextVectors:
    """Documents as vectors of length 1, a dimension for each word.

    The weight of a word is (1 + ln n) ln((1 + N) / (1 + N_w) + 1), where n is how often it occurs
    in the document and N_w the number of the N documents that have it (Salton and Buckley, 1988).

    Args:
        documents: The texts.
    """

    def __init__(self, documents: Sequence[str]) -> None:
        counts = [Counter(words_of(document)) for document in documents]
        spread = Counter(word for count in counts for word in count)
        n = self._n = len(counts)
        self._rarity = {word: math.log((1 + n) / (1 + k) + 1) for word, k in spread.items()}
        places: dict[str, list[int]] = {}
        weights: dict[str, list[float]] = {}
        for at, count in enumerate(counts):
            for word, weight in self._unit(count).items():
                places.setdefault(word, []).append(at)
                weights.setdefault(word, []).append(weight)
        self._places = {word: np.array(held, dtype=np.int32) for word, held in places.items()}
        self._weights = {word: np.array(held) for word, held in weights.items()}

    def cosines(self, query: str) -> npt.NDArray[np.float64]:
        """Cosine of each document with a query; 0 where they share no word."""
        found = np.zeros(self._n)
        for word, weight in self._unit(Counter(words_of(query))).items():
            found[self._places[word]] += weight * self._weights[word]
        return found

    def _unit(self, count: Counter[str]) -> dict[str, float]:
        weights = {
            word: (1 + math.log(n)) * self._rarity[word]
            for word, n in count.items()
            if word in self._rarity
        }
        length = math.sqrt(sum(weight**2 for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items()}
