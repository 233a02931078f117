"""Lexical search: businesses ranked by the character 4-grams they share with a query.

The definition is that of the Magentic Marketplace (microsoft/multi-agent-marketplace, MIT): sort by
rating, then, stably, by the share of the query's 4-grams that occur in a business's name,
description and menu items. Nothing is cut off, so paging reaches every business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from schemas.market import Business

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


def document(business: Business) -> str:
    """What search knows of a business: name, description and the names of its items."""
    return ", ".join([business.name, business.description, *business.menu_features])


class Index:
    """The businesses of a market, ready to be searched."""

    def __init__(self, businesses: Sequence[Business], limit: int) -> None:
        self._businesses = tuple(businesses)
        self._limit = limit
        self._grams = [grams(document(business)) for business in businesses]
        self._by_rating = sorted(range(len(businesses)), key=lambda at: -businesses[at].rating)

    @property
    def n_pages(self) -> int:
        """Pages that results take."""
        return -(-len(self._businesses) // self._limit)

    def ranked(self, query: str) -> list[tuple[float, Business]]:
        """Score and business, best first.

        The score is |S(q) ∩ S(d)| / |S(q)|; ties keep the order of ratings, then that of the list.
        """
        wanted = grams(query)
        scores = [len(wanted & known) / len(wanted) if wanted else 0.0 for known in self._grams]
        order = sorted(self._by_rating, key=lambda at: -scores[at])
        return [(scores[at], self._businesses[at]) for at in order]

    def page(self, query: str, page: int) -> list[tuple[int, float, Business]]:
        """Position (from 1), score and business of the results on a page (from 1)."""
        first = (page - 1) * self._limit
        found = self.ranked(query)[first : first + self._limit]
        return [(at, score, one) for at, (score, one) in enumerate(found, start=first + 1)]
