from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.product_choice.params import ProductChoiceParams, Task
from tasks.environments.product_choice.policy import ShoppingHabits, utility
from tasks.environments.product_choice.sets import choice_set, products_of
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode

TASKS: tuple[Task, ...] = ("choose", "dominance", "cheapest", "budget", "brand", "colour")


def played(
    respond: Any, gateway: Any, sim: Mapping[str, Any] | None = None, **fields: Any
) -> Played:
    given_ = {"seats": ["m", "m"], "rounds": 4, **fields}
    models = {"m": ModelSpec(model="sim/agent", sim=dict(sim or {}))}
    return asyncio.run(play(episode("product_choice", given_, models), gateway(respond)))


def first_listing(question: Question) -> str:
    assert question.observation is not None
    choosing = question.observation["ask"] == "choose"
    return json.dumps({"listing": 1} if choosing else {"title": "New words"})


def events(found: Played, kind: str) -> list[dict[str, Any]]:
    return [row for row in found.rows["events"] if row["kind"] == kind]


def outcome(found: Played, metric: str) -> float:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return float(rows["", metric])


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    task=st.sampled_from(TASKS),
    n=st.integers(2, 9),
    more=st.integers(0, 5),
    margin=st.floats(0.01, 0.9),
)
def test_a_choice_set_has_what_its_task_says(
    seed: int, task: Task, n: int, more: int, margin: float
) -> None:
    rng = random.Random(seed)
    params = ProductChoiceParams.model_validate(
        {"seats": ["m"], "products": n + more, "listings": n, "margin": margin}
    )
    drawn = choice_set(params, products_of(params, rng), task, rng)
    shown = drawn.listings
    right = [one for one in shown if one.right]
    assert len(shown) == n
    assert all(one.price > 0 and 0 <= one.rating <= 5 and one.reviews >= 0 for one in shown)
    tags = [one.sponsored + one.overall_pick + (one.stock is not None) for one in shown]
    assert max(tags) <= 1
    assert sum(one.sponsored for one in shown) <= 4
    assert sum(one.overall_pick for one in shown) <= 1
    match task:
        case "choose":
            assert all(one.right is None for one in shown)
            assert len({one.product for one in shown}) == n
        case "dominance":
            (better,) = right
            assert all(
                better.price <= one.price and better.rating >= one.rating and better != one
                for one in shown
                if one is not better
            )
            assert len({(one.price, one.rating) for one in shown}) == 2
        case "cheapest":
            assert {one.price for one in right} == {min(one.price for one in shown)}
        case "budget":
            assert right == [one for one in shown if one.price <= float(drawn.requirement)]
            assert right
        case _:
            assert right == [one for one in shown if getattr(one, task) == drawn.requirement]
            assert 0 < len(right) < n


def test_each_product_has_each_place_equally_often() -> None:
    rng = random.Random(1)
    params = ProductChoiceParams.model_validate({"seats": ["m"], "products": 4, "listings": 4})
    products = products_of(params, rng)
    count = Counter(
        (place, one.product)
        for _ in range(2000)
        for place, one in enumerate(choice_set(params, products, "choose", rng).listings)
    )
    assert len(count) == 16
    assert all(420 < n < 580 for n in count.values())


def test_without_variation_every_set_is_the_catalogue() -> None:
    vary = dict.fromkeys(("price", "rating", "reviews", "sponsored", "overall_pick", "scarcity"), 0)
    given_ = {"seats": ["m"], "products": 4, "listings": 4, "vary": {**vary, "positions": False}}
    params = ProductChoiceParams.model_validate(given_)
    rng = random.Random(1)
    products = products_of(params, rng)
    shown = choice_set(params, products, "choose", rng).listings
    assert [(one.product, one.price, one.rating, one.reviews) for one in shown] == [
        (one.id, one.price, one.rating, one.reviews) for one in products
    ]


def test_every_listing_is_logged_with_its_place_and_the_choice_with_it(memory_gateway: Any) -> None:
    found = played(first_listing, memory_gateway)
    offers, choices = events(found, "offer"), events(found, "choose")
    assert len(offers) == 2 * 4 * 8
    assert len(choices) == 2 * 4
    for choice in choices:
        mine = [
            row
            for row in offers
            if (row["turn"], row["target"]) == (choice["turn"], choice["actor"])
        ]
        assert [row["data"]["position"] for row in mine] == list(range(1, 9))
        assert [(row["data"]["row"], row["data"]["column"]) for row in mine][3:5] == [
            (1, 4),
            (2, 1),
        ]
        assert choice["item"] == mine[0]["item"]
    assert outcome(found, "top_row") == 1
    assert outcome(found, "price") == pytest.approx(
        sum(row["value"] for row in offers if row["data"]["position"] == 1) / 8
    )


def test_a_prompt_shows_one_set_and_not_which_listing_is_right(memory_gateway: Any) -> None:
    gateway = memory_gateway(first_listing)
    params = {"seats": ["m"], "rounds": 3, "tasks": ["brand"]}
    asyncio.run(play(episode("product_choice", params), gateway))
    for question in gateway.questions:
        text = "\n".join(message.text for message in question.messages)
        assert text.count("of 5 stars") == 8
        assert "right" not in question.observation["listings"][0]


def test_a_new_title_is_shown_after_it_was_written_and_to_all(memory_gateway: Any) -> None:
    found = played(
        first_listing,
        memory_gateway,
        seller={"model": "m", "product": "p3", "after_rounds": 2},
    )
    titles = {
        (row["round"], row["data"]["title"])
        for row in events(found, "offer")
        if row["item"] == "p3"
    }
    before = next(title for round_, title in titles if round_ == 0)
    assert titles == {(0, before), (1, before), (2, "New words"), (3, "New words")}
    (written,) = events(found, "state")
    assert (written["audience"], written["text"]) == ("seller", "New words")


def test_who_gives_no_answer_buys_nothing(memory_gateway: Any) -> None:
    found = played(lambda question: '{"listing": 9}', memory_gateway)
    assert not events(found, "choose")
    assert len(events(found, "offer")) == 64
    assert outcome(found, "choices") == 0


def test_simulated_shoppers_obey_as_declared(memory_gateway: Any, simulate: Any) -> None:
    tasks = ["cheapest", "budget", "brand", "colour"]
    obeying = played(simulate, memory_gateway, {"obedience": 1.0}, tasks=tasks, rounds=40)
    assert all(outcome(obeying, f"right_{task}") == 1 for task in tasks)
    # Whoever heeds nothing but the price finds the cheapest, and the colour by chance.
    greedy = {"obedience": 0.0, "price_weight": -10.0}
    careless = played(simulate, memory_gateway, greedy, tasks=tasks, rounds=200)
    assert outcome(careless, "right_colour") == pytest.approx(0.25, abs=0.1)


def test_praise_sells_as_declared(memory_gateway: Any, simulate: Any) -> None:
    seller = {"model": "m", "product": "p3"}
    plain = played(simulate, memory_gateway, {"praise": 0.0}, seller=seller, rounds=100)
    praised = played(simulate, memory_gateway, {"praise_weight": 1.0}, seller=seller, rounds=100)
    assert outcome(praised, "focal_share") > outcome(plain, "focal_share") + 0.2


def test_a_utility_is_the_declared_sum() -> None:
    listing = {
        **{"title": "Premium, durable lamp", "price": 1.0, "rating": 4.0, "reviews": 0},
        **{"sponsored": True, "overall_pick": False, "stock": 2, "row": 1, "column": 2},
    }
    own = ShoppingHabits(rating_weight=1, sponsored_weight=-2, scarcity_weight=5, top_row_weight=7)
    assert utility(own, listing) == pytest.approx(4 - 2 + 5 + 7 + 2 * 0.3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"products": 3}, "3 products cannot fill 8 listings"),
        ({"seller": {"model": "m", "product": "p99"}}, "none of the products"),
        (
            {
                "products": {"products": [{"id": n, "title": n, "price": 1} for n in "ab"]},
                "listings": 2,
                "tasks": ["brand"],
            },
            "at least two brands",
        ),
        (
            {"products": {"products": [{"id": "a", "title": "a", "price": 1}] * 2}, "listings": 2},
            "identifiers used twice",
        ),
        (
            {"products": {"products": [{"id": n, "title": n, "price": -1} for n in "ab"]}},
            "greater than 0",
        ),
    ],
)
def test_what_cannot_be_played_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ProductChoiceParams.model_validate({"seats": ["m"], **fields})
