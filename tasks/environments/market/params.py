"""Parameters of a market."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from schemas.base import Record
from schemas.errors import nearest
from schemas.files import LoadContext, looks_like_path
from schemas.market import Catalogue
from tasks.environments.market.arrival import ArrivalField, Simultaneous
from tasks.environments.market.cards import CardField, NameCard
from tasks.environments.market.drawn import Drawing, drawn_catalogue
from tasks.environments.market.limits import Limits
from tasks.environments.market.manipulation import ManipulationField
from tasks.environments.market.search.kinds import LexicalSearch, SearchField


class ImportedCatalogue(Record):
    """A catalogue that ``agora import marketplace`` brought in, by name."""

    imported: str = Field(min_length=1, description="Name of the imported catalogue.")


class DrawnCatalogue(Record):
    """A catalogue of any size, drawn from a seed."""

    drawn: Drawing = Field(description="What is drawn.")


class Sides(Record):
    """Who plays the two sides."""

    customer: str = Field(description="Model alias of every customer.")
    business: str = Field(description="Model alias of every business.")
    of: dict[str, str] = Field(
        {}, description="Model alias of single customers and businesses, by identifier."
    )


class MarketParams(Record):
    """A two-sided market: customers search, ask and pay; businesses answer and offer."""

    catalogue: Catalogue | ImportedCatalogue | DrawnCatalogue = Field(
        description="The two sides: a file, written in place, {imported: NAME}, or {drawn: ...}."
    )
    models: Sides = Field(description="Models of customers and businesses.")
    search: SearchField = Field(
        LexicalSearch(kind="lexical"), description="How customers find businesses."
    )
    card: CardField = Field(NameCard(kind="name"), description="What a search result shows.")
    arrival: ArrivalField = Field(
        Simultaneous(kind="simultaneous"), description="When answers reach a customer."
    )
    gate: int = Field(
        0,
        ge=0,
        le=100,
        description="Proposals that a customer must have received before the platform takes a "
        "payment.",
    )
    wait_for: int = Field(
        0,
        ge=0,
        le=100,
        description="Proposals that a customer is told to wait for; nothing holds it to that.",
    )
    limits: Limits = Field(Limits(), description="Stock, capacity, budgets, floor, expiry.")
    manipulation: ManipulationField | None = Field(
        None, description="What some businesses write of themselves."
    )
    max_rounds: int = Field(
        20, ge=1, le=1000, description="Units of time after which the market is closed."
    )

    @field_validator("catalogue", mode="before")
    @classmethod
    def _catalogue_from_path(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if not looks_like_path(value):
            raise ValueError(
                f"{value!r} is not a file; write {{imported: {value}}} for an imported catalogue"
            )
        if not isinstance(info.context, LoadContext):
            raise ValueError("a catalogue named by file can only be read with its study")
        return info.context.load(value)

    @model_validator(mode="after")
    def _everybody_named_is_there(self) -> Self:
        if isinstance(self.catalogue, ImportedCatalogue):
            return self
        catalogue = self.sides
        businesses = {one.id for one in catalogue.businesses}
        _refuse_unknown("arrival.of", getattr(self.arrival, "of", {}), businesses)
        _refuse_unknown("manipulation", getattr(self.manipulation, "businesses", ()), businesses)
        everybody = businesses | {one.id for one in catalogue.customers}
        _refuse_unknown("models.of", self.models.of, everybody)
        return self

    @property
    def sides(self) -> Catalogue:
        """The customers and businesses.

        Raises:
            LookupError: They are imported, and only the warehouse holds them.
        """
        match self.catalogue:
            case Catalogue():
                return self.catalogue
            case DrawnCatalogue(drawn=drawing):
                return drawn_catalogue(drawing)
            case ImportedCatalogue(imported=name):
                raise LookupError(f"catalogue {name} is to be put in before planning")


def _refuse_unknown(place: str, names: Iterable[str], known: Collection[str]) -> None:
    """Make sure that all names are known.

    Raises:
        ValueError: One is not.
    """
    for name in names:
        if name not in known:
            close = nearest(name, known)
            raise ValueError(
                f"{place}: the market has no {name!r}"
                + (f"; did you mean {close!r}?" if close else "")
            )
