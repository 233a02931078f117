"""Personas that are there twice, or nearly."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.metric import Metric, NullOptions, Quantity
from tasks.metrics.persona.fields import Fields, fields_by_condition
from tasks.metrics.persona.texts import written_by_condition
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.statistics.arrays import Bools
from tasks.metrics.text.tokens import Hashes, Tokens

#: Hash functions of MinHash, in bands: texts of Jaccard similarity s share a band with probability
#: 1 - (1 - s^4)^20, which is .9999 at .8.
BANDS, ROWS = 20, 4
#: Texts with the same band that are compared pair by pair, at most; beyond, neighbours are.
MOST_TOGETHER = 200


class DuplicateOptions(NullOptions):
    """Options of ``persona_duplicates``."""

    draws: int = Field(20, ge=20, le=10_000, description="Draws of the null distribution.")
    jaccard: float = Field(
        0.8, gt=0.4, le=1, description="Jaccard similarity of shingles from which texts are near."
    )
    words: int = Field(3, ge=1, le=5, description="Words of a shingle.")


def same_fields(fields: Fields) -> float:
    """Share of personas with exactly the fields of another; numbers to two digits."""
    table = np.column_stack([fields.codes, (fields.numbers * 100).round().astype(np.int64)])
    _, counts = np.unique(table, axis=0, return_counts=True)
    return float(counts[counts > 1].sum() / fields.n)


def near_texts(tokens: Tokens, words: int, jaccard: float) -> Bools:
    """Which texts have another whose shingles are as similar.

    Candidates are found by MinHash, and each is checked against its exact similarity.
    """
    shingles = _shingles(tokens, words)
    near = np.zeros(len(shingles), dtype=bool)
    for one, other in _candidates(shingles):
        if near[one] and near[other]:
            continue
        common = len(np.intersect1d(shingles[one], shingles[other], assume_unique=True))
        if common >= jaccard * (len(shingles[one]) + len(shingles[other]) - common):
            near[[one, other]] = True
    return near


def _shingles(tokens: Tokens, words: int) -> list[Hashes]:
    """The different shingles of each text; a shorter text is one shingle."""
    hashes, whole = tokens.ngrams(words)
    found = []
    for first, last in itertools.pairwise(tokens.starts.tolist()):
        own = hashes[first:last][whole[first:last]]
        found.append(np.unique(own if len(own) else hashes[first : first + 1]))
    return found


def _candidates(shingles: list[Hashes]) -> set[tuple[int, int]]:
    """Pairs of texts that share a band of MinHash; empty texts are in none."""
    filled = [place for place, own in enumerate(shingles) if len(own)]
    if len(filled) < 2:
        return set()
    # Fixed odd multipliers: the same pairs everywhere, whatever is drawn elsewhere.
    mixing = np.random.default_rng(20_240_515).integers(1, 2**63, BANDS * ROWS, dtype=np.uint64)
    flat = np.concatenate([shingles[place] for place in filled])
    starts = np.cumsum([0, *(len(shingles[place]) for place in filled[:-1])])
    least = np.empty((len(filled), BANDS * ROWS), dtype=np.uint64)
    for column, factor in enumerate(mixing):
        mixed = flat * (factor | np.uint64(1))
        mixed ^= mixed >> np.uint64(31)
        least[:, column] = np.minimum.reduceat(mixed * np.uint64(0x9E3779B97F4A7C15), starts)
    pairs: set[tuple[int, int]] = set()
    for band in range(BANDS):
        _, group = np.unique(least[:, band * ROWS : (band + 1) * ROWS], axis=0, return_inverse=True)
        order = np.argsort(group, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            places = [filled[one] for one in members]
            together = itertools.combinations(places, 2)
            pairs.update(together if len(places) <= MOST_TOGETHER else itertools.pairwise(places))
    return pairs


def compute(data: PersonaData, options: DuplicateOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``persona_duplicates``."""
    found = []
    for condition, fields in fields_by_condition(data):
        if not fields.n_fields:
            continue
        nulls = [same_fields(fields.shuffled(rng)) for _ in range(options.draws)]
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": fields.n,
                "quantity": "fields",
                "value": same_fields(fields),
                "null_mean": np.mean(nulls),
                "null_sd": np.std(nulls, ddof=1),
                "method": "personas with the structured fields of another, numbers and scores to "
                "two digits of their range; null: every field shuffled among the personas",
            }
        )
    for condition, written in written_by_condition(data):
        if not written.n:
            continue
        near = near_texts(written.tokens, options.words, options.jaccard)
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_measured": written.n,
                "n_excluded": written.n_without,
                "quantity": "texts",
                "value": near.mean(),
                "method": f"personas with another whose shingles of {options.words} words have a "
                f"Jaccard similarity of at least {options.jaccard:g} (candidates by MinHash)",
            }
        )
    return rows.frame(found)


METRIC = Metric(
    name="persona_duplicates",
    title="How many personas are there twice, or nearly",
    quantities={
        "fields": Quantity("share with the same fields as another", "k / n", "[0, 1]"),
        "texts": Quantity("share with nearly the text of another", "k / n", "[0, 1]"),
    },
    source="Broder (1997), On the resemblance and containment of documents.",
    avoid="A large population of few categories has duplicates by chance: look at the null.",
    needs=("traits", "attributes", "texts"),
    options=DuplicateOptions,
    scope="persona",
    compute=compute,
)
