"""Cards: what a search result shows of a business.

A kind is a class here and a name in :data:`Card`. ``kind`` has no default, so that it is part of
every key that a market's card enters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from schemas.base import Record
from schemas.market import Business, Customer
from tasks.environments.market.kinds import kind_by_name


class NameCard(Record):
    """Name, description and rating; menus, prices and amenities are to be asked for."""

    kind: Literal["name"]

    def text(self, customer: Customer, business: Business) -> str:
        """What is written below the name."""
        return business.description

    def data(self, customer: Customer, business: Business) -> Mapping[str, Any]:
        """The same as data."""
        return {}


class FitCard(Record):
    """The same, and how the business fits this customer: prices of its items, its amenities."""

    kind: Literal["fit"]

    def text(self, customer: Customer, business: Business) -> str:
        """What is written below the name."""
        menu = business.menu_features
        items = (
            f"{item}: ${menu[item]:.2f}" if item in menu else f"{item}: not on the menu"
            for item in customer.menu_features
        )
        amenities = (
            f"{name}: {'yes' if business.amenity_features.get(name) else 'no'}"
            for name in customer.amenity_features
        )
        return f"{business.description}\n{'; '.join([*items, *amenities])}."

    def data(self, customer: Customer, business: Business) -> Mapping[str, Any]:
        """The same as data: price by requested item (``None`` where not sold), amenities."""
        return {
            "prices": {item: business.menu_features.get(item) for item in customer.menu_features},
            "amenities": {
                name: business.amenity_features.get(name, False)
                for name in customer.amenity_features
            },
        }


#: Every kind of card.
Card = NameCard | FitCard


#: A card as a study writes it; a bare name stands for a kind.
CardField = Annotated[
    Annotated[Card, Field(discriminator="kind")],
    BeforeValidator(kind_by_name, json_schema_input_type=Literal["name", "fit"] | Card),
]
