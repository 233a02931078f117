"""Tables of imported markets."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from schemas.base import Share
from schemas.tables.column import Json, Key, Name, Row, Table


class CatalogueRow(Row):
    """A market: its customers and businesses."""

    table: ClassVar[Table] = Table("catalogues", ("name",), "imported market", owner="unit_key")

    name: Name = Field(description="Name that studies use.")
    catalogue_key: Key = Field(description="Digest of both sides.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    source: str = Field(description="Folder that it was imported from.")


class CustomerRow(Row):
    """A customer of an imported market."""

    table: ClassVar[Table] = Table(
        "customers",
        ("catalogue_key", "customer"),
        "customer of an imported market",
        {"catalogue_key": "catalogues.catalogue_key"},
        owner="unit_key",
    )

    catalogue_key: Key = Field(description="The market.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    customer: Name = Field(description="Identifier in the market.")
    name: Name = Field(description="Name.")
    request: str = Field(description="The order in natural language.")
    menu_features: Json = Field(description="Reference price in USD by requested item.")
    amenity_features: list[str] = Field(description="Required amenities.")


class BusinessRow(Row):
    """A business of an imported market."""

    table: ClassVar[Table] = Table(
        "businesses",
        ("catalogue_key", "business"),
        "business of an imported market",
        {"catalogue_key": "catalogues.catalogue_key"},
        owner="unit_key",
    )

    catalogue_key: Key = Field(description="The market.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    business: Name = Field(description="Identifier in the market.")
    name: Name = Field(description="Name.")
    description: str = Field(description="What it says of itself.")
    rating: Share = Field(description="Rating.")
    progenitor_customer: str | None = Field(None, description="Customer that it was made for.")
    menu_features: Json = Field(description="Price in USD by item.")
    amenity_features: Json = Field(description="Whether an amenity is offered, by amenity.")
    min_price_factor: float | None = Field(None, description="Lowest acceptable share of a price.")
