"""Lexical search: businesses ranked by the character 4-grams they share with a query.

The definition is that of the Magentic Marketplace (microsoft/multi-agent-marketplace, MIT): sort by
rating, then, stably, by the share of the query's 4-grams that occur in a business's name,
description and menu items. Nothing is cut off, so paging reaches every business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

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


def document(business: Mapping[str, Any]) -> str:
    """What search knows of a business: name, description and the names of its items."""
    return ", ".join([business["name"], business["description"], *business["menu_features"]])


def ranked(query: str, businesses: Sequence[Mapping[str, Any]]) -> list[tuple[float, int]]:
    """Score and index of every business, best first.

    The score is |S(q) ∩ S(d)| / |S(q)|; ties keep the order of ratings, then that of the list.

    Args:
        query: What is looked for.
        businesses: Businesses with name, description, rating and menu.
    """
    wanted = grams(query)
    scores = [
        len(wanted & grams(document(business))) / len(wanted) if wanted else 0.0
        for business in businesses
    ]
    order = sorted(range(len(businesses)), key=lambda index: -businesses[index]["rating"])
    order.sort(key=lambda index: -scores[index])
    return [(scores[index], index) for index in order]


def n_pages(n_businesses: int, limit: int) -> int:
    """Pages that results take.

    Example:
        >>> n_pages(9, 4)
        3
    """
    return -(-n_businesses // limit)
