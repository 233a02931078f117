"""Choice sets: which listings a shopper is shown, where, and which of them are right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from tasks.environments.product_choice.params import (
    Product,
    ProductChoiceParams,
    ProductList,
    Task,
    Variation,
)

BRANDS = ("Alder", "Brook", "Cedar", "Dune")
COLOURS = ("black", "white", "green", "blue")
#: Most listings that are sponsored, and most pieces of one that is low on stock.
MOST_SPONSORED, LOW_STOCK = 4, 4


@dataclass(frozen=True, slots=True)
class Listing:
    """A product as a choice set shows it; ``right`` where the task has a right answer."""

    product: str
    title: str
    price: float
    rating: float
    reviews: int
    brand: str
    colour: str
    sponsored: bool = False
    overall_pick: bool = False
    stock: int | None = None
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class ChoiceSet:
    """Listings in the order in which they are shown, and what is asked about them.

    Attributes:
        task: The task.
        requirement: The brand, the colour or the budget that it names.
        listings: The listings; positions count from 1.
    """

    task: Task
    requirement: str
    listings: tuple[Listing, ...]


def products_of(params: ProductChoiceParams, rng: Random) -> tuple[Product, ...]:
    """The products of an episode: those listed, or drawn ones."""
    if isinstance(params.products, ProductList):
        return params.products.products
    return tuple(
        _drawn(name, place, params.query, rng) for place, name in enumerate(params.identifiers)
    )


def _drawn(name: str, place: int, query: str, rng: Random) -> Product:
    """A product out of nothing. Brands and colours come in turn, so every set has several."""
    brand, colour = BRANDS[place % len(BRANDS)], COLOURS[(place + place // 4) % len(COLOURS)]
    return Product(
        id=name,
        title=f"{brand} {query}, {colour}",
        price=round(rng.lognormvariate(math.log(30), 0.3), 2),
        rating=round(rng.uniform(3.5, 4.8), 1),
        reviews=round(rng.lognormvariate(math.log(200), 1)),
        brand=brand,
        colour=colour,
    )


def choice_set(
    params: ProductChoiceParams, products: Sequence[Product], task: Task, rng: Random
) -> ChoiceSet:
    """A choice set for a task.

    Args:
        params: The parameters.
        products: The products, under the titles that they have now.
        task: The task.
        rng: Draws what is shown.
    """
    if task == "dominance":
        shown = _alike(rng.choice(products), params.listings, params.margin, rng)
        return ChoiceSet(task, "", tuple(shown))
    while True:
        some = rng.sample(products, params.listings)
        if task not in ("brand", "colour") or len({getattr(one, task) for one in some}) > 1:
            break
    if not params.vary.positions:
        some.sort(key=products.index)
    shown = _tagged([_varied(product, params.vary, rng) for product in some], params.vary, rng)
    return _with_answer(task, shown, rng)


def _listing(product: Product) -> Listing:
    return Listing(**product.model_dump(exclude={"id"}), product=product.id)


def _varied(product: Product, vary: Variation, rng: Random) -> Listing:
    rating = product.rating + rng.uniform(-vary.rating, vary.rating) * (5 - product.rating)
    return replace(
        _listing(product),
        price=max(0.01, round(product.price * rng.lognormvariate(0, vary.price), 2)),
        rating=min(5.0, max(0.0, round(rating, 1))),
        reviews=round(product.reviews * rng.lognormvariate(0, vary.reviews)),
    )


def _tagged(shown: list[Listing], vary: Variation, rng: Random) -> list[Listing]:
    """The listings with their tags; none has two."""
    free = list(range(len(shown)))
    rng.shuffle(free)
    if rng.random() < vary.sponsored:
        for _ in range(rng.randint(1, min(MOST_SPONSORED, len(free)))):
            place = free.pop()
            shown[place] = replace(shown[place], sponsored=True)
    if rng.random() < vary.overall_pick and free:
        place = free.pop()
        shown[place] = replace(shown[place], overall_pick=True)
    if rng.random() < vary.scarcity and free:
        place = free.pop()
        shown[place] = replace(shown[place], stock=rng.randint(1, LOW_STOCK))
    return shown


def _alike(product: Product, n: int, margin: float, rng: Random) -> list[Listing]:
    """Listings that differ in nothing, but for one that is cheaper or better rated."""
    worse = replace(_listing(product), right=False)
    better = replace(worse, price=max(0.01, round(worse.price * (1 - margin), 2)), right=True)
    rated = min(5.0, round(worse.rating + max(0.1, margin * (5 - worse.rating)), 1))
    if rng.random() < 0.5 and rated > worse.rating:
        better = replace(worse, rating=rated, right=True)
    shown = [worse] * n
    shown[rng.randrange(n)] = better
    return shown


def _with_answer(task: Task, shown: list[Listing], rng: Random) -> ChoiceSet:
    """The choice set with its right answers, where the task has any."""
    match task:
        case "cheapest":
            least, requirement = min(one.price for one in shown), ""
            right = [one.price == least for one in shown]
        case "budget":
            prices = sorted(one.price for one in shown)
            number = rng.randint(1, len(shown) // 2)
            budget = round((prices[number - 1] + prices[number]) / 2, 2)
            requirement = f"{budget:.2f}"
            right = [one.price <= budget for one in shown]
        case "brand" | "colour":
            requirement = rng.choice(sorted({getattr(one, task) for one in shown}))
            right = [getattr(one, task) == requirement for one in shown]
        case _:
            return ChoiceSet(task, "", tuple(shown))
    answered = (replace(one, right=fits) for one, fits in zip(shown, right, strict=True))
    return ChoiceSet(task, requirement, tuple(answered))
