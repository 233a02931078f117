from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.market import Business, Customer
from tasks.environments.market.search.grams import grams
from tasks.environments.market.search.indexes import LexicalIndex, document
from tasks.environments.market.search.query import Query

NOBODY = Customer(id="c", name="C", request="", menu_features={}, amenity_features=())


def shop(name: str, *items: str, rating: float = 1.0, description: str = "") -> Business:
    return Business(
        id=name,
        name=name,
        description=description,
        rating=rating,
        menu_features=dict.fromkeys(items, 1.0),
        amenity_features={},
    )


def ranked(query: str, shops: Sequence[Business]) -> list[tuple[float, int]]:
    found = LexicalIndex(shops).ranked(Query(NOBODY, query))
    return [(score, shops.index(one)) for score, one in found]


def test_a_business_is_known_by_name_description_and_items() -> None:
    one = shop("Oven", "bun", "pie", description="We bake.")
    assert document(one) == "Oven, We bake., bun, pie"


def test_the_score_is_the_share_of_the_querys_grams() -> None:
    shops = [shop("Soup Bar", "lentil soup"), shop("Tacos", "taco")]
    found = ranked("Taco!", shops)
    # " tac" and "taco" occur in "Tacos, , taco"; so does "aco ", at its end.
    assert found == [(1.0, 1), (0.0, 0)]
    assert ranked("pumpkin taco", shops)[0][0] == 3 / len(grams("pumpkin taco"))


def test_ties_keep_the_order_of_ratings_then_of_the_list() -> None:
    shops = [shop("aaaa", rating=0.5), shop("bbbb", rating=0.9), shop("cccc", rating=0.9)]
    assert [index for _, index in ranked("zzzz", shops)] == [1, 2, 0]


def test_a_better_match_comes_before_a_better_rating() -> None:
    shops = [shop("Garage", rating=1.0), shop("Bakery", "cinnamon bun", rating=0.1)]
    assert ranked("cinnamon bun", shops)[0][1] == 1


@given(st.text(max_size=30), st.lists(st.text(max_size=20), max_size=6))
def test_nothing_is_cut_off(query: str, descriptions: list[str]) -> None:
    shops = [shop(f"Shop {n}", description=text) for n, text in enumerate(descriptions)]
    found = ranked(query, shops)
    assert sorted(index for _, index in found) == list(range(len(shops)))
    assert all(0 <= score <= 1 for score, _ in found)
