"""Texts as vectors: hashed n-grams by default, an embedding model where one is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from pydantic import Field

from tasks.metrics.data import Data
from tasks.metrics.metric import NullOptions, Options, Unusable
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.text.tokens import BLOCK, Tokens, tokens_of

Matrix: TypeAlias = Any

HASHED = "hashed"
DIMENSIONS = 4096


#: What an excess is made of, for ``method``.
EVENED = "excess of word shares, which do not depend on the length of messages"


class Encoder(Protocol):
    """Turns texts into vectors, the same text always into the same vector."""

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.floating[Any]]:
        """One row per text."""
        ...


class TextOptions(Options):
    """Options of a metric over text vectors."""

    encoder: str = Field(
        HASHED, description="hashed, or the alias of an embedding model among the study's models."
    )


class TextNullOptions(NullOptions, TextOptions):
    """Options of a metric over text vectors with a null distribution."""

    draws: int = Field(100, ge=20, le=10_000, description="Draws of the null distribution.")


def hashed_counts(tokens: Tokens, dimensions: int = DIMENSIONS, *, shares: bool = False) -> Matrix:
    """Signed hashed counts of words and word pairs, one row per message, as a sparse matrix.

    Args:
        tokens: The words.
        dimensions: Columns.
        shares: Divide words by the words of the message and pairs by its pairs, so that the
            expected product of two messages does not depend on how long they are.

    Source: Weinberger et al. (2009), Feature hashing for large scale multitask learning.
    """
    pairs, whole = tokens.ngrams(2)
    singles = tokens.hashes[tokens.codes]
    n = len(singles)
    indices = np.empty(2 * n, dtype=np.int32)
    values = np.empty(2 * n)
    for place, (hashes, kept) in enumerate(((singles, None), (pairs, whole))):
        indices[place::2] = (hashes % np.uint64(dimensions)).astype(np.int32)
        sign = 1.0 - 2.0 * ((hashes >> np.uint64(40)) & np.uint64(1))
        values[place::2] = sign if kept is None else sign * kept
        if shares:
            values[place::2] /= np.repeat(np.maximum(tokens.sizes - place, 1), tokens.sizes)
    starts = 2 * tokens.starts
    from scipy import sparse

    matrix = sparse.csr_matrix((values, indices, starts), shape=(len(tokens.sizes), dimensions))
    matrix.sum_duplicates()
    return matrix


def message_vectors(data: Data, encoder: str = HASHED) -> Matrix:
    """Vectors of unit length, one row per message; made once for metrics that share the episodes.

    Raises:
        Unusable: The encoder is not there, or there are no messages.
    """
    if data.messages.is_empty():
        raise Unusable("no episode has a message with words")
    key = ("vectors", encoder)
    if key not in data.shared:
        data.shared[key] = _vectors(data, encoder)
    return data.shared[key]


def evened_vectors(data: Data, encoder: str = HASHED) -> tuple[Matrix, Floats]:
    """Vectors of messages with weights, over which their products do not depend on length.

    The product of two of the vectors over the product of their weights is that of the messages'
    shares of words and of word pairs, whose expectation has nothing to do with how long they are.
    The weights make all vectors about equally long, so that no short message outweighs the others.
    With an embedding model they are 1, since nothing is known of how its vectors depend on length.

    Returns:
        One row, and one weight, per message; 0 for messages without words.

    Raises:
        Unusable: The encoder is not there, or there are no messages.
    """
    unit = message_vectors(data, encoder)
    if encoder != HASHED:
        return unit, (np.diff(unit.indptr) > 0).astype(np.float64)
    if "evened" not in data.shared:
        from scipy import sparse

        tokens = tokens_of(data)
        weights = np.sqrt(tokens.sizes.astype(np.float64))
        parts = [
            _scaled(hashed_counts(tokens.of(block), shares=True), weights[block])
            for block in data.blocks()
        ]
        data.shared["evened"] = sparse.vstack(parts, format="csr"), weights
    return cast("tuple[Matrix, Floats]", data.shared["evened"])


def _vectors(data: Data, encoder: str) -> Matrix:
    from scipy import sparse

    if encoder == HASHED:
        tokens = tokens_of(data)
        return sparse.vstack(
            [unit_rows(hashed_counts(tokens.of(block))) for block in data.blocks()], format="csr"
        )
    known = cast("dict[str, Encoder]", data.encoders)
    if encoder not in known:
        names = ", ".join([HASHED, *sorted(known)])
        raise Unusable(f"there is no encoder {encoder!r}; there are {names}")
    texts = data.messages["text"].to_list()
    matrix = np.asarray(known[encoder].vectors(texts), dtype=np.float64)
    return unit_rows(sparse.csr_matrix(matrix))


def row_lengths(matrix: Matrix) -> Floats:
    """Euclidean length of each row."""
    return np.sqrt(row_squares(matrix))


def row_squares(matrix: Matrix) -> Floats:
    """Sum of squares of each row of a sparse matrix without repeated entries."""
    parts = [matrix[rows].power(2, dtype=np.float64).sum(axis=1) for rows in _some(matrix.shape[0])]
    return np.concatenate([np.empty(0), *(np.asarray(part).ravel() for part in parts)])


def unit_rows(matrix: Matrix) -> Matrix:
    """Rows divided by their length; empty rows stay empty."""
    lengths = row_lengths(matrix)
    factors = np.where(lengths > 0, 1 / np.where(lengths > 0, lengths, 1), 0.0)
    return _scaled(matrix, factors)


def _scaled(matrix: Matrix, factors: Floats) -> Matrix:
    """Rows times a number each."""
    scaled = matrix.copy()
    scaled.data *= np.repeat(factors, np.diff(matrix.indptr))
    return scaled


def summed(matrix: Matrix, groups: Ints, n_groups: int) -> Matrix:
    """Sums of rows by group; rows of group -1 belong to none."""
    from scipy import sparse

    kept = groups >= 0
    chooser = sparse.csr_matrix(
        (np.ones(int(kept.sum())), (groups[kept], np.flatnonzero(kept))),
        shape=(n_groups, matrix.shape[0]),
    )
    return chooser @ matrix


def row_dots(first: Matrix, second: Matrix) -> Floats:
    """Dot product of the rows of two matrices, row by row."""
    parts = [
        first[rows].multiply(second[rows]).sum(axis=1, dtype=np.float64)
        for rows in _some(first.shape[0])
    ]
    return np.concatenate([np.empty(0), *(np.asarray(part).ravel() for part in parts)])


def _some(n: int) -> Iterator[slice]:
    """Numbers below n a few at a time, which bounds the memory of what is made of each."""
    yield from (slice(first, min(first + BLOCK, n)) for first in range(0, n, BLOCK))


def row_cosines(unit: Matrix, first: Ints, second: Ints) -> Floats:
    """Cosine of rows of unit length, pair by pair; not-a-number where one is empty.

    Args:
        unit: The rows.
        first: Number of the first row of each pair.
        second: Number of the second.
    """
    filled = np.diff(unit.indptr) > 0
    dots = [row_dots(unit[first[some]], unit[second[some]]) for some in _some(len(first))]
    there = filled[first] & filled[second]
    return np.where(there, np.concatenate([np.empty(0), *dots]), np.nan)


def encoder_words(encoder: str) -> str:
    """Which vectors they are, for ``method``."""
    if encoder == HASHED:
        return f"hashed counts of words and word pairs in {DIMENSIONS} dimensions, unit length"
    return f"embeddings by {encoder}, unit length"
