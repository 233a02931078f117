"""Two-sided markets: customers, businesses and the catalogue that holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.errors import nearest
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


class CatalogueProblem(NamedTuple):
    """What is wrong with a customer or a business among the others.

    Attributes:
        id: Whose problem it is.
        field: Where.
        what: What is wrong.
        found: The value.
        expected: What would be right.
    """

    id: str
    field: str
    what: str
    found: str
    expected: str


def catalogue_problems(
    customers: Iterable[Customer], businesses: Iterable[Business]
) -> Iterator[CatalogueProblem]:
    """What is wrong with the two sides of a market, beyond what is wrong with any one of them.

    Customers who request what nobody sells are allowed. Names of businesses are unique, since
    customers tell them apart by name; an amenity that no business mentions is taken for misspelt.
    """
    sellers = list(businesses)
    owners: dict[str, str] = {}
    for one in sellers:
        owner = owners.setdefault(one.name, one.id)
        if owner != one.id:
            yield CatalogueProblem(
                one.id,
                "name",
                "two businesses have this name",
                one.name,
                f"another name than that of {owner}",
            )
    known = sorted({name for one in sellers for name in one.amenity_features})
    for customer in customers:
        for name in customer.amenity_features:
            if name not in known:
                close = nearest(name, known)
                yield CatalogueProblem(
                    customer.id,
                    "amenity_features",
                    "no business says whether it has this amenity",
                    name,
                    f"an amenity of the businesses, such as {close or ', '.join(known[:5])}",
                )


class Catalogue(Record):
    """The two sides of a market."""

    name: Name
    source: str = Field("", exclude=True, description="Folder that it was read from.")
    customers: tuple[Customer, ...] = Field(min_length=1)
    businesses: tuple[Business, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sides_fit_together(self) -> Self:
        count = Counter(one.id for one in self.customers)
        count.update(one.id for one in self.businesses)
        twice = sorted(name for name, n in count.items() if n > 1)
        if twice:
            raise ValueError(f"identifiers used twice: {', '.join(twice[:5])}")
        for problem in catalogue_problems(self.customers, self.businesses):
            raise ValueError(
                f"{problem.id}: {problem.what}: {problem.found!r}; expected {problem.expected}"
            )
        return self

    @property
    def key(self) -> str:
        """Digest of both sides."""
        return digest("catalogue", self.model_dump(mode="json", exclude={"source"}))
