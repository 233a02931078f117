"""What is written about personas as words, TF-IDF vectors and shingles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import polars as pl

from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.text.tokens import Tokens, tokens_in

#: Rows of a product of sparse matrices that are looked at at once.
ROWS = 500


@dataclass(frozen=True)
class Written:
    """What is written about the personas of a condition; those without prose are left out.

    Attributes:
        tokens: The words of each persona's texts, one persona after the other.
        n_without: Personas without prose.
    """

    tokens: Tokens
    n_without: int

    @property
    def n(self) -> int:
        """Number of personas with prose."""
        return len(self.tokens.sizes)


def written_by_condition(data: PersonaData) -> Iterator[tuple[str, Written]]:
    """The prose about the population of each condition, all texts of a persona as one."""
    if "written" not in data.shared:
        texts = data.texts
        if not texts.width:
            texts = pl.DataFrame(schema={"persona": pl.Int64, "kind": pl.String, "text": pl.String})
        texts = (
            texts.sort("persona", "kind")
            .group_by("persona", maintain_order=True)
            .agg(pl.col("text").str.join("\n"))
        )
        data.shared["written"] = (texts["persona"].to_numpy(), tokens_in(texts["text"]))
    persona, tokens = cast("tuple[Ints, Tokens]", data.shared["written"])
    for condition, personas in data.by_condition.items():
        if not len(personas):
            continue
        # Personas are sorted by condition.
        first, end = np.searchsorted(persona, [personas[0], personas[-1] + 1]).tolist()
        yield condition, Written(tokens.of(slice(first, end)), len(personas) - (end - first))


def tf_idf(tokens: Tokens) -> Any:
    """Unit vectors of texts, one row each, as a sparse matrix.

    A word counts as often as it occurs, times ``ln((1 + n) / (1 + df)) + 1`` where ``df`` of the
    ``n`` texts have it, as in scikit-learn.
    """
    from scipy import sparse

    n = len(tokens.sizes)
    used, codes = np.unique(tokens.codes, return_inverse=True)
    words = len(used)
    counts = sparse.csr_matrix((np.ones(len(codes)), codes, tokens.starts), (n, words))
    counts.sum_duplicates()
    frequency = np.bincount(counts.indices, minlength=words)
    weighted = counts.multiply(np.log((1 + n) / (1 + frequency)) + 1).tocsr()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.diags(1 / np.where(lengths > 0, lengths, 1.0)) @ weighted


def mean_cosine(vectors: Any) -> float:
    """Mean cosine of all pairs of unit vectors, without looking at each pair."""
    n = vectors.shape[0]
    if n < 2:
        return float("nan")
    total = np.asarray(vectors.sum(axis=0)).ravel()
    own = float(vectors.multiply(vectors).sum())
    return float((total @ total - own) / (n * (n - 1)))


def nearest_cosine(vectors: Any, texts: Ints) -> Floats:
    """Cosine of some texts to the most similar of all others."""
    found = np.empty(len(texts))
    for first in range(0, len(texts), ROWS):
        some = texts[first : first + ROWS]
        cosines = (vectors[some] @ vectors.T).toarray()
        cosines[np.arange(len(some)), some] = -np.inf
        found[first : first + ROWS] = cosines.max(axis=1)
    return found
