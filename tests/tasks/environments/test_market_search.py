"""Kinds of search and cards, the fit rule, drawn markets, and markets of published size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from schemas.market import Business, Catalogue, Customer
from schemas.study import ModelSpec
from tasks.environments.market.cards import CardField
from tasks.environments.market.drawn import Drawing, drawn_catalogue
from tasks.environments.market.params import MarketParams
from tasks.environments.market.search.indexes import document
from tasks.environments.market.search.kinds import SearchField
from tasks.environments.market.search.query import Filters, Query
from tasks.environments.market.welfare import baselines, options
from tasks.importers.marketplace import read_marketplace
from tests.tasks.environments.markets import played_with, value_of

PERFECT = {
    "first_offer_bias": 0.0,
    "fit_checking": 1.0,
    "price_sensitivity": 1.0,
    "patience": 3,
    "consideration": 3,
}
SCRIPTED = {"buyer": "scripted", "seller": "scripted"}
HUNGRY = Customer(
    id="c",
    name="C",
    request="pie and soup",
    menu_features={"pie": 4.0, "soup": 3.0},
    amenity_features=("garden",),
)


def shop(name: str, rating: float, garden: bool, *items: str) -> Business:
    return Business(
        id=name,
        name=name,
        description=f"Known for {items[0]}.",
        rating=rating,
        menu_features=dict.fromkeys(items, 2.5),
        amenity_features={"garden": garden},
    )


SHOPS = (
    shop("low", 0.2, True, "pie", "soup", "bun"),
    shop("high", 0.9, False, "soup", "pie"),
    shop("top", 1.0, True, "bun"),
)


def found(kind: Any, query: str = "", **filters: Any) -> list[str]:
    search = TypeAdapter(SearchField).validate_python(kind)
    index = search.index(SHOPS)
    hits, _ = search.page(index, Query(HUNGRY, query, Filters.model_validate(filters)), 1)
    return [hit.business.id for _, hit in hits]


def test_each_kind_of_search_ranks_as_it_says() -> None:
    assert found("rating", "anything") == ["top", "high", "low"]
    assert found("lexical", "known for pie") == ["low", "high", "top"]
    assert found("embedding", "bun soup pie") == ["low", "high", "top"]
    assert found("optimal") == ["high", "low"]
    assert found("filtered", items=("pie",)) == ["high", "low"]
    assert found("filtered", amenities=("garden",), min_rating=0.5) == ["top"]
    assert found("filtered", "FOR SOUP") == ["high"]


def test_a_page_holds_so_many_and_the_consideration_set_no_more() -> None:
    search = TypeAdapter(SearchField).validate_python({"kind": "rating", "page_size": 1, "most": 2})
    index = search.index(SHOPS)
    pages = [search.page(index, Query(HUNGRY, ""), page) for page in (1, 2, 3)]
    shown = [[(position, hit.business.id) for position, hit in hits] for hits, _ in pages]
    assert shown == [[(1, "top")], [(2, "high")], []]
    assert [n for _, n in pages] == [2, 2, 2]


def test_a_fit_card_shows_prices_and_amenities_of_this_customer() -> None:
    name, fit = (TypeAdapter(CardField).validate_python(kind) for kind in ("name", "fit"))
    assert name.text(HUNGRY, SHOPS[1]) == "Known for soup."
    assert name.data(HUNGRY, SHOPS[1]) == {}
    assert fit.text(HUNGRY, SHOPS[2]) == (
        "Known for bun.\npie: not on the menu; soup: not on the menu; garden: yes."
    )
    assert fit.data(HUNGRY, SHOPS[1]) == {
        "prices": {"pie": 2.5, "soup": 2.5},
        "amenities": {"garden": False},
    }


def played(
    gateway: Any, catalogue: Any, customer: Any, business: Any, seed: int = 1, **fields: Any
) -> Any:
    params = MarketParams.model_validate(
        {"catalogue": catalogue, "models": {"customer": "c", "business": "b"}, **fields}
    )
    models = {
        "c": ModelSpec(model="sim/agent", sim=customer),
        "b": ModelSpec(model="sim/agent", sim=business),
    }
    return played_with(params, gateway, seed, models)


@pytest.mark.parametrize("data", ["mexican_3_9", "mexican_10_30", "mexican_100_300"])
def test_a_perfect_shopper_reaches_the_optimum_if_search_is_optimal(
    shared: Path, memory_gateway: Any, simulate: Any, data: str
) -> None:
    catalogue = read_marketplace(shared / "data" / "magentic" / data)
    bought = played(memory_gateway(simulate), catalogue, PERFECT, {}, search="optimal")
    assert value_of(bought, "optimal_share") == pytest.approx(1)
    assert value_of(bought, "share_needs_met") == 1


def test_the_scripted_shopper_has_the_same_welfare_on_every_run(
    shared: Path, memory_gateway: Any, simulate: Any
) -> None:
    catalogue = read_marketplace(shared / "data" / "magentic" / "mexican_10_30")
    welfare = {
        round(
            value_of(
                played(memory_gateway(simulate, flight, order), catalogue, SCRIPTED, SCRIPTED),
                "welfare",
            ),
            6,
        )
        for flight, order in ((1, 0), (200, 1), (7, 2))
    }
    assert len(welfare) == 1


def test_fit_cards_help_where_names_tell_little(memory_gateway: Any, simulate: Any) -> None:
    def fitting(card: str) -> float:
        bought = played(
            memory_gateway(simulate),
            {"drawn": {"customers": 8, "seed": 5}},
            {**PERFECT, "consideration": 3},
            {},
            search="rating",
            card=card,
        )
        contacted = value_of(bought, "mean_contacted")
        return float(value_of(bought, "mean_contacted_fitting") / contacted)

    assert fitting("fit") > 1.5 * fitting("name")


def test_customers_who_request_what_nobody_sells_are_allowed_and_counted(
    memory_gateway: Any, simulate: Any
) -> None:
    lost = HUNGRY.model_copy(update={"id": "d", "menu_features": {"moon dust": 1.0}})
    catalogue = Catalogue(name="odd", customers=(HUNGRY, lost), businesses=SHOPS)
    bought = played(memory_gateway(simulate), catalogue, PERFECT, {})
    assert value_of(bought, "share_servable") == 0.5
    assert value_of(bought, "paid", "d") == 0


def test_drawn_markets_have_three_sellers_for_each_customer_and_one_lacks_an_amenity() -> None:
    catalogue = drawn_catalogue(Drawing(customers=20, seed=4))
    assert len(catalogue.businesses) == 60
    for place, customer in enumerate(catalogue.customers):
        own = catalogue.businesses[3 * place : 3 * place + 3]
        mine = Catalogue(name="own", customers=(customer,), businesses=own)
        assert sorted(one.fits for one in options(customer, mine)) == [False, True, True]
    assert drawn_catalogue(Drawing(customers=20, seed=5)) != catalogue
    assert baselines(catalogue).servable == 1


def test_an_embedding_model_ranks_by_the_vectors_that_come_with_the_query() -> None:
    search = TypeAdapter(SearchField).validate_python({"kind": "embedding", "model": "small"})
    assert search.encoder == "small"
    texts = [document(shop) for shop in SHOPS]
    vectors = dict(zip(texts, np.eye(3, dtype=np.float32), strict=True))
    vectors["pie"] = np.array([0.0, 2.0, 1.0], dtype=np.float32)
    vectors["nothing"] = np.zeros(3, dtype=np.float32)
    index = search.index(SHOPS)

    def ranked(text: str) -> list[tuple[str, float]]:
        hits = index.ranked(Query(HUNGRY, text, vectors=vectors))
        return [(hit.business.id, round(hit.score, 3)) for hit in hits]

    assert ranked("pie") == [("high", 0.894), ("top", 0.447), ("low", 0.0)]
    assert ranked("nothing") == [("top", 0.0), ("high", 0.0), ("low", 0.0)]  # by their ratings
    with pytest.raises(KeyError):
        ranked("a text without a vector")
