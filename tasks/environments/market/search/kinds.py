"""The kinds of search that a study can name.

A kind is a class here and a name in :data:`Search`. ``kind`` has no default, so that it is part of
every key that a market's search enters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from schemas.base import Record
from schemas.market import Business
from tasks.environments.market.kinds import kind_by_name
from tasks.environments.market.search.indexes import (
    EmbeddingIndex,
    FilteredIndex,
    LexicalIndex,
    OptimalIndex,
    RatingIndex,
    WordIndex,
)
from tasks.environments.market.search.query import Hit, Index, Query


class Paged(Record):
    """What every kind of search has."""

    page_size: int = Field(10, ge=1, le=1000, description="Results on a page.")
    most: int | None = Field(
        None,
        ge=1,
        description="Results of a query at most, over all pages: the size of the consideration "
        "set; none: all that is found.",
    )

    @property
    def filters(self) -> bool:
        """Whether customers may state what a business must have."""
        return False

    @property
    def encoder(self) -> str | None:
        """Alias of the embedding model that it needs; ``None`` for none."""
        return None

    def page(self, index: Index, query: Query, page: int) -> tuple[list[tuple[int, Hit]], int]:
        """The results on a page (from 1) with their positions (from 1), and the number of pages."""
        found = index.ranked(query)[: self.most]
        first = (page - 1) * self.page_size
        shown = list(enumerate(found[first : first + self.page_size], start=first + 1))
        return shown, -(-len(found) // self.page_size)


class RatingSearch(Paged):
    """The best rated first, whatever the query."""

    kind: Literal["rating"]

    def index(self, businesses: Sequence[Business]) -> Index:
        """The businesses, ready to be searched."""
        return RatingIndex(businesses)


class LexicalSearch(Paged):
    """By the share of the query's character 4-grams in name, description and items."""

    kind: Literal["lexical"]

    def index(self, businesses: Sequence[Business]) -> Index:
        """The businesses, ready to be searched."""
        return LexicalIndex(businesses)


class FilteredSearch(Paged):
    """By items, amenities and rating that the customer states."""

    kind: Literal["filtered"]

    @property
    def filters(self) -> bool:
        """Customers state them."""
        return True

    def index(self, businesses: Sequence[Business]) -> Index:
        """The businesses, ready to be searched."""
        return FilteredIndex(businesses)


class OptimalSearch(Paged):
    """Those that sell all that the customer truly requests."""

    kind: Literal["optimal"]

    def index(self, businesses: Sequence[Business]) -> Index:
        """The businesses, ready to be searched."""
        return OptimalIndex(businesses)


class EmbeddingSearch(Paged):
    """By the cosine of vectors of the query and of name, description and items."""

    kind: Literal["embedding"]
    model: str | None = Field(
        None,
        description="Alias of an embedding model; none: vectors of weighted words, made on this "
        "machine.",
    )

    @property
    def encoder(self) -> str | None:
        """The embedding model."""
        return self.model

    def index(self, businesses: Sequence[Business]) -> Index:
        """The businesses, ready to be searched."""
        return WordIndex(businesses) if self.model is None else EmbeddingIndex(businesses)


#: Every kind of search.
Search = RatingSearch | LexicalSearch | FilteredSearch | OptimalSearch | EmbeddingSearch


#: A search as a study writes it; a bare name stands for a kind with its defaults.
SearchField = Annotated[
    Annotated[Search, Field(discriminator="kind")],
    BeforeValidator(
        kind_by_name,
        json_schema_input_type=Literal["rating", "lexical", "filtered", "optimal", "embedding"]
        | Search,
    ),
]
