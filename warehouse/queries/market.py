"""Imported markets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from schemas.market import Business, Catalogue, Customer
from warehouse.queries.query import Query
from warehouse.reader import Reader


class MarketSource(NamedTuple):
    """An imported market."""

    catalogue_key: str
    unit_key: str
    source: str


@dataclass(frozen=True)
class MarketOfName(Query[MarketSource]):
    """The market of a name; no row where there is none."""

    title = "imported markets"
    sql = "SELECT catalogue_key, unit_key, source FROM catalogues WHERE name = $name"
    name: str


class CustomerOfMarket(NamedTuple):
    """A customer; features are JSON."""

    id: str
    name: str
    request: str
    menu_features: str
    amenity_features: list[str]


@dataclass(frozen=True)
class CustomersOfMarket(Query[CustomerOfMarket]):
    """Customers of a market."""

    title = "customers of a market"
    sql = """SELECT customer AS id, name, request, menu_features, amenity_features
FROM customers WHERE catalogue_key = $catalogue_key ORDER BY customer"""
    catalogue_key: str


class BusinessOfMarket(NamedTuple):
    """A business; features are JSON."""

    id: str
    name: str
    description: str
    rating: float
    progenitor_customer: str | None
    menu_features: str
    amenity_features: str
    min_price_factor: float | None


@dataclass(frozen=True)
class BusinessesOfMarket(Query[BusinessOfMarket]):
    """Businesses of a market."""

    title = "businesses of a market"
    sql = """SELECT business AS id, name, description, rating, progenitor_customer, menu_features,
    amenity_features, min_price_factor
FROM businesses WHERE catalogue_key = $catalogue_key ORDER BY business"""
    catalogue_key: str


def catalogue_of(reader: Reader, name: str) -> Catalogue:
    """The imported market of a name.

    Raises:
        KeyError: There is none.
    """
    found = reader.rows(MarketOfName(name))
    if not found:
        raise KeyError(name)
    ((key, _, source),) = found
    return Catalogue(
        name=name,
        source=source,
        customers=tuple(
            Customer(**row._asdict() | {"menu_features": orjson.loads(row.menu_features)})
            for row in reader.rows(CustomersOfMarket(key))
        ),
        businesses=tuple(
            Business(
                **row._asdict()
                | {
                    "menu_features": orjson.loads(row.menu_features),
                    "amenity_features": orjson.loads(row.amenity_features),
                }
            )
            for row in reader.rows(BusinessesOfMarket(key))
        ),
    )
