"""The ways to search the businesses of a market.

Definitions of the first four are those of the Magentic Marketplace (microsoft/multi-agent-
marketplace, MIT). In all of them ties keep the order of ratings, then that of the catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from schemas.market import Business
from tasks.environments.market.fit import Sellers, covers, has_amenities
from tasks.environments.market.search.grams import GramIndex
from tasks.environments.market.search.query import Hit, Query
from tasks.environments.market.search.vectors import TextVectors

#: Decimals of a cosine.
DECIMALS = 12


def document(business: Business) -> str:
    """What search knows of a business: name, description and the names of its items."""
    return ", ".join([business.name, business.description, *business.menu_features])


class _ByRating:
    def __init__(self, businesses: Sequence[Business]) -> None:
        self._businesses = tuple(businesses)
        order = sorted(range(len(self._businesses)), key=lambda at: -self._businesses[at].rating)
        self._order = np.array(order, dtype=np.int64)
        self._rank = {at: rank for rank, at in enumerate(order)}

    def _best(self, scores: npt.NDArray[np.float64]) -> list[Hit]:
        """All businesses, the highest score first."""
        order = self._order[np.argsort(-scores[self._order], kind="stable")]
        return [Hit(float(scores[at]), self._businesses[at]) for at in order.tolist()]

    def _rated(self, places: Sequence[int]) -> list[Hit]:
        """Some businesses, the best rated first; the score is the rating."""
        best = [self._businesses[at] for at in sorted(places, key=self._rank.__getitem__)]
        return [Hit(one.rating, one) for one in best]


class RatingIndex(_ByRating):
    """Every business, the best rated first, whatever the query."""

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Rating and business."""
        return self._rated(range(len(self._businesses)))


class LexicalIndex(_ByRating):
    """Every business, by the share of the query's 4-grams in its name, description and items."""

    def __init__(self, businesses: Sequence[Business]) -> None:
        super().__init__(businesses)
        self._grams = GramIndex([document(one) for one in self._businesses])

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Share and business; nothing is cut off, so paging reaches every business."""
        return self._best(self._grams.shares(query.text))


class FilteredIndex(_ByRating):
    """Businesses with all that the customer asks for, the best rated first.

    The words of the query count only if there are any: then they must stand in name or description.
    """

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Rating and business."""
        words, asked = query.text.strip().lower(), query.filters
        return self._rated(
            [
                at
                for at, one in enumerate(self._businesses)
                if one.rating >= asked.min_rating
                and covers(one.menu_features, asked.items)
                and has_amenities(one.amenity_features, asked.amenities)
                and (words in one.name.lower() or words in one.description.lower())
            ]
        )


class OptimalIndex(_ByRating):
    """Businesses whose menus cover what this customer truly requests, the best rated first.

    The query is ignored, and so are amenities: what fits is still to be found out by asking.
    """

    def __init__(self, businesses: Sequence[Business]) -> None:
        super().__init__(businesses)
        self._sellers = Sellers(self._businesses)

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Rating and business."""
        return self._rated(self._sellers.of_all(query.customer.menu_features))


class WordIndex(_ByRating):
    """Every business, by the cosine of vectors of weighted words."""

    def __init__(self, businesses: Sequence[Business]) -> None:
        super().__init__(businesses)
        self._vectors = TextVectors([document(one) for one in self._businesses])

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Cosine and business."""
        return self._best(self._vectors.cosines(query.text))


class EmbeddingIndex(_ByRating):
    """Every business, by the cosine of the query's vector with that of its document.

    The vectors are an embedding model's; they come with the query.
    """

    def __init__(self, businesses: Sequence[Business]) -> None:
        super().__init__(businesses)
        self._documents = [document(one) for one in self._businesses]
        self._vectors: npt.NDArray[np.float64] | None = None

    def ranked(self, query: Query) -> Sequence[Hit]:
        """Cosine and business."""
        if self._vectors is None:
            rows = [query.vectors[one] for one in self._documents]
            self._vectors = _of_unit_length(np.array(rows, dtype=np.float64))
        asked = _of_unit_length(query.vectors[query.text].astype(np.float64))
        # Rounded, so that businesses with the same document are equal on every machine.
        return self._best((self._vectors * asked).sum(axis=1).round(DECIMALS))


def _of_unit_length(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Vectors divided by their length; those of length 0 stay as they are."""
    lengths = np.sqrt((vectors**2).sum(axis=-1, keepdims=True))
    return vectors / np.where(lengths > 0, lengths, 1.0)
