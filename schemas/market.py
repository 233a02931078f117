"""Two-sided markets: customers, businesses and the catalogue that holds them."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Record
from schemas.keys import digest


class Customer(Record):
    """A customer: wants items and amenities; its prices (USD) say what an item is worth to it."""

    id: str
    name: str
    request: str = Field(description="The order in natural language.")
    menu_features: dict[str, float] = Field(description="Reference price by requested item.")
    amenity_features: tuple[str, ...] = Field(description="Required amenities.")


class Business(Record):
    """A business: sells the items of its menu."""

    id: str
    name: str
    description: str
    rating: float = Field(ge=0, le=1)
    progenitor_customer: str | None = None
    menu_features: dict[str, float] = Field(description="Price by item.")
    amenity_features: dict[str, bool] = Field(description="Whether an amenity is offered.")
    min_price_factor: float | None = None


class Catalogue(Record):
    """The two sides of a market."""

    name: str
    source: str = Field("", exclude=True, description="Folder that it was read from.")
    customers: tuple[Customer, ...] = Field(min_length=1)
    businesses: tuple[Business, ...] = Field(min_length=1)

    @property
    def key(self) -> str:
        """Digest of both sides."""
        return digest("catalogue", self.model_dump(mode="json", exclude={"source"}))
