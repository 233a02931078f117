"""Parameters of product choice, and the products that it is about."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from schemas.base import Record
from schemas.files import named_file, study_files
from schemas.names import Name
from tasks.environments.seating import SeatedParams

#: What a shopper is asked to do with a choice set. All but the first have a right answer.
Task = Literal["choose", "dominance", "cheapest", "budget", "brand", "colour"]


class Product(Record):
    """A product as it stands in a catalogue; what its listing shows is drawn around it."""

    id: Name
    title: str = Field(min_length=1)
    price: float = Field(gt=0, description="In USD.")
    rating: float = Field(4.0, ge=0, le=5, description="Mean rating, in stars.")
    reviews: int = Field(100, ge=0, description="Number of reviews.")
    brand: str = Field("", description="Brand, where tasks ask for one.")
    colour: str = Field("", description="Colour, where tasks ask for one.")


class ProductList(Record):
    """The products of a catalogue."""

    products: tuple[Product, ...] = Field(min_length=2, max_length=1000)

    @model_validator(mode="after")
    def _an_identifier_each(self) -> Self:
        count = Counter(one.id for one in self.products)
        twice = sorted(name for name, n in count.items() if n > 1)
        if twice:
            raise ValueError(f"identifiers used twice: {', '.join(twice[:5])}")
        return self


class Variation(Record):
    """What is drawn anew for every choice set, after ACES (arXiv 2508.02630)."""

    positions: bool = Field(True, description="Whether the order of the listings is drawn.")
    price: float = Field(
        0.3, ge=0, le=2, description="Prices are multiplied by a log-normal of this deviation."
    )
    rating: float = Field(
        0.4, ge=0, le=1, description="Ratings r become r + u (5 - r), u uniform up to this size."
    )
    reviews: float = Field(1.0, ge=0, le=3, description="As price, of the number of reviews.")
    sponsored: float = Field(
        0.5, ge=0, le=1, description="Probability that one to four listings are sponsored."
    )
    overall_pick: float = Field(
        0.5, ge=0, le=1, description="Probability that one that is not sponsored is the pick."
    )
    scarcity: float = Field(
        0.5, ge=0, le=1, description="Probability that one without a tag is low on stock."
    )


class SellerSpec(Record):
    """A seller that is asked once to rewrite the title of its product, and nothing else."""

    model: str = Field(min_length=1, description="Alias of the model that acts for it.")
    product: Name = Field(description="Its product, by identifier.")
    after_rounds: int = Field(0, ge=0, description="Rounds that are played before it is asked.")


class ProductChoiceParams(SeatedParams):
    """Shoppers who each choose one product a round from a grid of listings of their own."""

    query: str = Field("desk lamp", min_length=1, description="What the shoppers look for.")
    products: ProductList | int = Field(
        8,
        description="The products: a file, written in place, or how many are drawn for an episode.",
    )
    rounds: int = Field(20, ge=1, le=10_000, description="Choice sets of every shopper.")
    listings: int = Field(8, ge=2, le=100, description="Listings of a choice set.")
    columns: int = Field(4, ge=1, le=100, description="Columns of the grid.")
    tasks: tuple[Task, ...] = Field(
        ("choose",), min_length=1, description="Tasks of successive rounds, over and over."
    )
    margin: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="By how much the better listing of the task dominance is cheaper or, of what "
        "is left to five stars, better rated.",
    )
    vary: Variation = Field(Variation(), description="What is drawn for every choice set.")
    seller: SellerSpec | None = Field(None, description="A seller that rewrites a title.")

    @field_validator("products", mode="before")
    @classmethod
    def _from_path(cls, value: Any, info: ValidationInfo) -> Any:
        path = value if isinstance(value, str) else named_file(value)
        return value if path is None else study_files(info, "a list of products").load(path)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers of the products; those that are drawn are called p1, p2, ..."""
        if isinstance(self.products, int):
            return tuple(f"p{number}" for number in range(1, self.products + 1))
        return tuple(product.id for product in self.products.products)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        known = self.identifiers
        if len(known) < self.listings:
            raise ValueError(f"{len(known)} products cannot fill {self.listings} listings")
        if self.seller is not None and self.seller.product not in known:
            raise ValueError(f"the seller's product {self.seller.product} is none of the products")
        for task in {"brand", "colour"} & set(self.tasks):
            if isinstance(self.products, ProductList):
                values = {getattr(product, task) for product in self.products.products}
                if len(values) < 2:
                    raise ValueError(f"the task {task} needs products of at least two {task}s")
        return self
