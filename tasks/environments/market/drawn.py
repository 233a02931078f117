"""Markets that are drawn: of any size, by the plan of the Magentic Marketplace's own.

Each customer requests one to three items and requires one or two amenities. Some businesses are
made for it: their menus cover its request at prices around the reference, among other items. One of
them lacks the first amenity; if it is the only one, none does.
"""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import product

from pydantic import Field

from schemas.base import Record
from schemas.keys import generator
from schemas.market import Business, Catalogue, Customer

_KINDS = ("Apple", "Barley", "Carrot", "Date", "Fig", "Ginger", "Hazelnut", "Kale", "Lemon", "Mint")
_MORE = ("Nutmeg", "Olive", "Pear", "Quince", "Rye", "Sage", "Thyme", "Vanilla", "Walnut", "Yam")
_DISHES = ("Bun", "Cake", "Dumpling", "Flan", "Loaf", "Pie", "Roll", "Salad", "Soup", "Tart")
ITEMS = tuple(" ".join(words) for words in product((*_KINDS, *_MORE), _DISHES))
AMENITIES = ("Delivery", "Garden", "Late Opening", "Live Music", "Parking", "Takeaway")
_NAMES = ("Kitchen", "Table", "Corner", "House", "Larder", "Counter", "Pantry", "Hearth")


class Drawing(Record):
    """A market to be drawn."""

    customers: int = Field(ge=1, le=10_000, description="Customers.")
    sellers: int = Field(3, ge=1, le=20, description="Businesses that are made for each customer.")
    spread: float = Field(
        0.25, ge=0, le=1, description="Standard deviation of prices, as a share of the reference."
    )
    seed: int = Field(0, ge=0, description="Seed of the draw.")


@lru_cache(maxsize=16)
def drawn_catalogue(drawing: Drawing) -> Catalogue:
    """The market of a drawing.

    Example:
        >>> town = drawn_catalogue(Drawing(customers=2))
        >>> len(town.customers), len(town.businesses)
        (2, 6)
    """
    rng = generator("catalogue", drawing.model_dump(mode="json"))
    reference = {item: round(rng.uniform(3, 15), 2) for item in ITEMS}
    customers: list[Customer] = []
    businesses: list[Business] = []
    for number in range(1, drawing.customers + 1):
        items = rng.sample(ITEMS, rng.randint(1, 3))
        amenities = rng.sample(AMENITIES, rng.randint(1, 2))
        customers.append(_customer(number, items, amenities, reference))
        lacking = rng.randrange(drawing.sellers) if drawing.sellers > 1 else None
        for place in range(drawing.sellers):
            lacks = amenities[0] if place == lacking else None
            number_ = len(businesses) + 1
            businesses.append(
                _business(number_, items, amenities, lacks, reference, drawing.spread, rng)
            )
    return Catalogue(name="drawn", customers=tuple(customers), businesses=tuple(businesses))


def _customer(
    number: int, items: list[str], amenities: list[str], reference: dict[str, float]
) -> Customer:
    return Customer(
        id=f"customer_{number:04}",
        name=f"Customer {number}",
        request=f"I would like to order: {', '.join(items)}. I need: {', '.join(amenities)}.",
        menu_features={item: reference[item] for item in items},
        amenity_features=tuple(amenities),
    )


def _business(
    number: int,
    items: list[str],
    amenities: list[str],
    lacks: str | None,
    reference: dict[str, float],
    spread: float,
    rng: random.Random,
) -> Business:
    others = rng.sample([item for item in ITEMS if item not in items], 10)
    menu = {
        item: round(max(0.2, rng.gauss(1, spread)) * reference[item], 2)
        for item in sorted([*items, *others])
    }
    offered = {
        name: name != lacks and (name in amenities or rng.random() < 0.4) for name in AMENITIES
    }
    return Business(
        id=f"business_{number:04}",
        name=f"{rng.choice(ITEMS).split()[0]} {rng.choice(_NAMES)} {number}",
        description=f"A {rng.choice(_NAMES).lower()} with {rng.choice(_DISHES).lower()} and more.",
        rating=1.0,
        menu_features=menu,
        amenity_features=offered,
        min_price_factor=round(rng.uniform(0.6, 0.95), 2),
    )
