"""Attributes out of a taxonomy: drawn near to a persona's anchors, farther off, and far from them.

Nearness is the cosine of TF-IDF weighted trigrams of letters (:data:`MEASURE`), between what a path
and its descriptions say and the values of the persona's anchors. It needs no model and no network.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.study.taxonomy import STRATA, Leaf, Node, TaxonomySpec
from tasks.personas.structure import Column, Draws, Floats, Whole, number_column

#: How nearness is measured, as rows name it.
MEASURE = "tfidf_cosine_of_trigrams"
#: Digits of a similarity that count: the last ones differ from machine to machine.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Chosen:
    """An attribute of a taxonomy, with the personas that have it.

    Attributes:
        leaf: The attribute.
        personas: Numbers of the personas, from 0.
        values: Their values; ``None`` where it is left to prose.
        strata: Number of the stratum that it is in for each.
        similarities: How near it is to the anchors of each.
        ordinals: Its place among the attributes of each, the nearest first, from 1.
    """

    leaf: Leaf
    personas: Whole
    values: Column | None
    strata: Whole
    similarities: Floats
    ordinals: Whole

    def of_persona(self, place: int) -> str | None:
        """The value of a persona by its number from 0; ``None`` where it has none."""
        row = int(np.searchsorted(self.personas, place))
        if self.values is None or row == len(self.personas) or self.personas[row] != place:
            return None
        return self.values.of_persona(row)

    def column(self, size: int) -> Column | None:
        """Its values for a whole population; nobody else has any."""
        if self.values is None:
            return None
        codes = np.full(size, -1, dtype=np.int64)
        codes[self.personas] = self.values.codes
        return Column(self.values.categories, codes)


def chosen_attributes(
    spec: TaxonomySpec, attributes: Mapping[str, Column], size: int, draws: Draws
) -> list[Chosen]:
    """The attributes that personas have out of a taxonomy, each with its personas.

    Args:
        spec: The taxonomy, and how many attributes a persona has of it.
        attributes: Attributes of the personas, the anchors among them.
        size: Number of personas.
        draws: Generators.
    """
    leaves = spec.leaves
    groups, texts = _anchor_groups(spec.anchors, attributes, size)
    similarity = similarities(texts, [leaf.about for leaf in leaves])
    rng = draws.of("taxonomy", spec.tree.name)
    # Equally near attributes stand in an order of their own, the same for everybody.
    places = rng.permutation(len(leaves))
    picked: list[tuple[Whole, Whole, Whole, Whole]] = []
    for group in range(len(texts)):
        members = np.flatnonzero(groups == group)
        ranked = np.lexsort((places, -similarity[group]))
        ordinal = 1
        for number, stratum in enumerate(STRATA):
            first, last = spec.thirds[stratum]
            wanted = spec.numbers[stratum]
            order = np.argsort(rng.random((len(members), last - first)), axis=1)[:, :wanted]
            drawn = ranked[first:last][np.sort(order, axis=1)]
            picked.append(
                (
                    np.repeat(members, wanted),
                    drawn.ravel(),
                    np.full(drawn.size, number),
                    np.tile(np.arange(ordinal, ordinal + wanted), len(members)),
                )
            )
            ordinal += wanted
    personas, of_leaf, strata, ordinals = (
        np.concatenate(part) for part in zip(*picked, strict=True)
    )
    order = np.lexsort((personas, of_leaf))
    edges = np.searchsorted(of_leaf[order], np.arange(len(leaves) + 1))
    found = []
    for number, leaf in enumerate(leaves):
        rows = order[edges[number] : edges[number + 1]]
        if len(rows):
            values = _values(leaf.node, len(rows), draws.of("taxonomy", spec.tree.name, leaf.path))
            near = similarity[groups[personas[rows]], number]
            found.append(Chosen(leaf, personas[rows], values, strata[rows], near, ordinals[rows]))
    return found


def taken_columns(chosen: Sequence[Chosen], size: int, names: Collection[str]) -> dict[str, Column]:
    """Attributes out of a taxonomy for a whole population, those left to prose apart.

    Args:
        chosen: The attributes.
        size: Number of personas.
        names: Paths of those that are wanted.
    """
    columns = {one.leaf.path: one.column(size) for one in chosen if one.leaf.path in names}
    return {path: column for path, column in columns.items() if column is not None}


def _anchor_groups(
    anchors: Sequence[str], attributes: Mapping[str, Column], size: int
) -> tuple[Whole, list[str]]:
    """Personas with the same values of the anchors, by number, and these values as a text."""
    columns = [attributes[name] for name in anchors]
    codes = np.zeros(size, dtype=np.int64)
    for column in columns:
        codes = codes * (len(column.categories) + 1) + column.codes + 1
    _, first, groups = np.unique(codes, return_index=True, return_inverse=True)
    texts = [" ".join(column.of_persona(int(place)) or "" for column in columns) for place in first]
    return groups.astype(np.int64), texts


def similarities(texts: Sequence[str], others: Sequence[str]) -> Floats:
    """TF-IDF cosine of every text with every other, over trigrams of letters within words.

    Weights are ``count * (1 + ln((1 + n) / (1 + df)))``, document frequencies over the others.

    Returns:
        A row for each text, a column for each other; from 0 to 1.

    Example:
        >>> similarities(["nurse"], ["nursing homes", "fishing"]).round(2).tolist()
        [[0.33, 0.0]]
    """
    counts = [_trigrams(text) for text in others]
    n = len(others)
    held = Counter(gram for count in counts for gram in count)
    weight = {gram: 1 + math.log((1 + n) / (1 + df)) for gram, df in held.items()}
    place = {gram: number for number, gram in enumerate(sorted(weight))}
    rare = 1 + math.log(1 + n)

    def vectors(texts: Sequence[Counter[str]]) -> Floats:
        found = np.zeros((len(texts), len(place)))
        for row, count in enumerate(texts):
            length = math.sqrt(
                sum((times * weight.get(gram, rare)) ** 2 for gram, times in count.items())
            )
            for gram, times in count.items():
                if gram in place:
                    found[row, place[gram]] = times * weight[gram] / length
        return found

    cosine: Floats = np.round(
        vectors([_trigrams(text) for text in texts]) @ vectors(counts).T, DIGITS
    )
    return np.clip(cosine, 0.0, 1.0)


def _trigrams(text: str) -> Counter[str]:
    words = re.findall(r"\w+", text.lower().replace("_", " "))
    return Counter(f" {word} "[start : start + 3] for word in words for start in range(len(word)))


def _values(node: Node, n: int, rng: np.random.Generator) -> Column | None:
    if node.values:
        categories = tuple(node.values)
        edges = np.cumsum(list(node.values.values()))
        codes = np.searchsorted(edges, rng.random(n) * edges[-1], side="right")
        return Column(categories, codes.astype(np.int64))
    if node.range is not None:
        low, high = (round(end / node.round_to) for end in node.range)
        return number_column((rng.integers(low, high + 1, n) * node.round_to).astype(np.float64))
    return None
