"""Two-sided markets: customers, businesses and the catalogue that holds them."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.keys import digest
from schemas.names import Name

Price = Annotated[float, Field(ge=0)]


class Customer(Record):
    """A customer: wants items and amenities; its prices (USD) say what an item is worth to it."""

    id: Name
    name: Name
    request: str = Field(description="The order in natural language.")
    menu_features: dict[Name, Price] = Field(description="Reference price by requested item.")
    amenity_features: tuple[Name, ...] = Field(description="Required amenities.")


class Business(Record):
    """A business: sells the items of its menu."""

    id: Name
    name: Name
    description: str
    rating: float = Field(ge=0, le=1)
    progenitor_customer: str | None = None
    menu_features: dict[Name, Price] = Field(description="Price by item.")
    amenity_features: dict[Name, bool] = Field(description="Whether an amenity is offered.")
    min_price_factor: float | None = Field(None, ge=0)


class Catalogue(Record):
    """The two sides of a market."""

    name: Name
    source: str = Field("", exclude=True, description="Folder that it was read from.")
    customers: tuple[Customer, ...] = Field(min_length=1)
    businesses: tuple[Business, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _an_identifier_each(self) -> Self:
        count = Counter(one.id for one in self.customers)
        count.update(one.id for one in self.businesses)
        twice = sorted(name for name, n in count.items() if n > 1)
        if twice:
            raise ValueError(f"identifiers used twice: {', '.join(twice[:5])}")
        return self

    @property
    def key(self) -> str:
        """Digest of both sides."""
        return digest("catalogue", self.model_dump(mode="json", exclude={"source"}))
