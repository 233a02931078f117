"""Messages as numbered words, once for all metrics of the same episodes.

Words are runs of letters, digits and apostrophes in lower case, so the same in every script that
puts blanks between words. Their hashes come from BLAKE2, so they are the same everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Ints

Hashes = npt.NDArray[np.uint64]
WORD = r"[\p{L}\p{N}']+"
#: Messages that are taken apart at once.
BLOCK = 50_000


@dataclass(frozen=True)
class Tokens:
    """The words of all messages one after the other.

    Attributes:
        codes: Number of each word in the vocabulary.
        hashes: Stable 64-bit hash of each vocabulary entry.
        sizes: Words of each message, in the order of ``Data.messages``.
    """

    codes: npt.NDArray[np.uint32]
    hashes: Hashes
    sizes: Ints

    @cached_property
    def starts(self) -> Ints:
        """First word of each message, and the end of the last."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    def of(self, messages: slice) -> Tokens:
        """The words of some messages."""
        first, last = self.starts[messages.start], self.starts[messages.stop]
        return Tokens(self.codes[first:last], self.hashes, self.sizes[messages])

    def ngrams(self, n: int) -> tuple[Hashes, npt.NDArray[np.bool_]]:
        """Hash of the n-gram that starts at each word, and whether it ends in the same message."""
        own = self.hashes[self.codes]
        mixed = own.copy()
        whole = np.ones(len(own), dtype=bool)
        ends = np.repeat(self.starts[1:], self.sizes)
        for step in range(1, n):
            following = np.zeros_like(own)
            following[:-step] = own[step:]
            mixed = (mixed * np.uint64(0x9E3779B97F4A7C15)) ^ (following + np.uint64(step))
            mixed ^= mixed >> np.uint64(29)
        if n > 1:
            whole = np.arange(len(own)) + n <= ends
        return mixed, whole


def stable_hash(word: str) -> int:
    """64 bits of BLAKE2b of a word.

    Example:
        >>> stable_hash("budget") == stable_hash("budget")
        True
    """
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def tokens_of(data: Data) -> Tokens:
    """The words of the messages of some episodes, made once for all metrics of them."""
    if "tokens" not in data.shared:
        data.shared["tokens"] = tokens_in(data.messages["text"])
    return cast("Tokens", data.shared["tokens"])


def tokens_in(texts: pl.Series) -> Tokens:
    """The words of some texts, one text after the other."""
    parts = [_words(texts[first : first + BLOCK]) for first in range(0, len(texts), BLOCK)]
    empty = pl.Series([], dtype=pl.String)
    vocabulary = pl.concat([empty, *(words for words, _, _ in parts)]).unique().sort()
    known = pl.Enum(vocabulary)
    codes = [
        words.cast(known).to_physical().to_numpy().astype(np.uint32)[local]
        for words, local, _ in parts
    ]
    hashes = np.array([stable_hash(word) for word in vocabulary.to_list()], dtype=np.uint64)
    return Tokens(
        np.concatenate([np.empty(0, np.uint32), *codes]),
        hashes,
        np.concatenate([np.empty(0, np.int64), *(sizes for _, _, sizes in parts)]),
    )


def _words(texts: pl.Series) -> tuple[pl.Series, npt.NDArray[np.uint32], Ints]:
    """The different words of some texts, the number of each word that stands there, and sizes."""
    lists = texts.str.to_lowercase().str.extract_all(WORD)
    words = lists.explode(empty_as_null=False)
    known = words.unique().sort()
    codes = words.cast(pl.Enum(known)).to_physical().to_numpy().astype(np.uint32)
    return known, codes, lists.list.len().to_numpy().astype(np.int64)
