"""What is searched for, and what a search gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field

from schemas.base import Record
from schemas.market import Business, Customer


class Filters(Record):
    """What a customer says a business must have."""

    items: tuple[str, ...] = Field((), description="Items that must be on the menu.")
    amenities: tuple[str, ...] = Field((), description="Amenities that must be offered.")
    min_rating: float = Field(0.0, ge=0, le=1, description="Lowest rating.")


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Query:
    """A search by a customer.

    Attributes:
        customer: Who searches; only a search that knows the truth looks at its request.
        text: Its words.
        filters: What it says a business must have, where the search takes that.
        vectors: Vectors of the query and of what search knows of every business, by text, where the
            search has an embedding model.
    """

    customer: Customer
    text: str
    filters: Filters = NO_FILTERS
    vectors: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)


class Hit(NamedTuple):
    """A business that was found."""

    score: float
    business: Business


class Index(Protocol):
    """The businesses of a market, ready to be searched."""

    def ranked(self, query: Query) -> Sequence[Hit]:
        """What is found, best first."""
        ...
