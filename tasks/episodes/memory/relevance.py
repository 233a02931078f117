"""How alike texts are in their words, without asking a model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

DIMENSIONS = 512

_WORD = re.compile(r"\w+")


def similarities(query: str, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Cosine of a query with each text, as hashed counts of words and pairs of words.

    Args:
        query: The query.
        texts: The texts.

    Example:
        >>> similarities("the old bridge", ["The old bridge", "A bridge", "Fish"]).round(2)
        array([1.  , 0.26, 0.  ])
    """
    if not texts:
        return np.empty(0)
    rows = np.concatenate([_vector(text) for text in texts]).reshape(len(texts), DIMENSIONS)
    return (rows @ _vector(query)).astype(np.float64)


@lru_cache(maxsize=8192)
def _vector(text: str) -> npt.NDArray[np.float32]:
    """Hashed counts of unit length; zeros for a text without words.

    Source: Weinberger et al. (2009), Feature hashing for large scale multitask learning.
    """
    words = _WORD.findall(text.lower())
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for term in (*words, *map(" ".join, pairwise(words))):
        found = zlib.crc32(term.encode())
        vector[found % DIMENSIONS] += 1 - 2 * (found >> 31)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
