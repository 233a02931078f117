from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.environment import Action
from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.auction.environment import AuctionGame, Bid, Stay
from tasks.environments.auction.params import AuctionParams
from tasks.environments.auction.selling import sealed_sale, theory_revenue
from tasks.environments.seating import declared_seats
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode


def played(
    gateway: Any, respond: Any, seed: int = 1, sim: Mapping[str, Any] | None = None, **fields: Any
) -> Played:
    models = {"m": ModelSpec(model="sim/agent", sim=dict(sim or {}))}
    declared = {"seats": ["m"] * 4, "rounds": 20, **fields}
    return asyncio.run(play(episode("auction", declared, models, seed), gateway(respond)))


def outcome(found: Played, metric: str, subject: str = "") -> Any:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return rows[subject, metric]


def truthful(question: Question) -> str:
    assert question.observation is not None
    return json.dumps({"amount": question.observation["value"]})


@pytest.mark.parametrize("seed", range(5))
def test_truthful_bids_in_a_second_price_auction_give_efficiency_1(
    memory_gateway: Any, seed: int
) -> None:
    found = played(memory_gateway, truthful, seed)
    assert outcome(found, "efficiency") == pytest.approx(1)
    assert outcome(found, "revenue_ratio") == pytest.approx(1)
    assert outcome(found, "bid_over_value") == pytest.approx(1)


@pytest.mark.parametrize("pays", [1, 2, 3])
def test_equilibrium_bids_bring_the_revenue_of_theory(memory_gateway: Any, pays: int) -> None:
    slope = 3 / (4 - pays + 1)

    def bid(question: Question) -> str:
        assert question.observation is not None
        return json.dumps({"amount": 10 + slope * (question.observation["value"] - 10)})

    found = played(memory_gateway, bid, pays=pays, value_low=10, value_high=60)
    assert outcome(found, "efficiency") == pytest.approx(1)
    assert outcome(found, "revenue_ratio") == pytest.approx(1)


def test_revenue_is_the_same_on_average_whatever_bid_is_paid() -> None:
    rng = np.random.default_rng(1)
    means = []
    for pays in (1, 2, 3):
        params = AuctionParams.model_validate({"seats": ["m"] * 4, "pays": pays})
        found = [theory_revenue(params, row) for row in rng.uniform(0, 100, (4000, 4)).tolist()]
        means.append(np.mean([one for one in found if one is not None]))
    # Four uniform values: the second highest is 3/5 of the range on average (Vickrey 1961).
    assert means == pytest.approx([60, 60, 60], abs=2)


def test_a_reserve_is_the_least_price_and_may_keep_the_thing() -> None:
    params = AuctionParams.model_validate({"seats": ["m", "m"], "reserve": 40})
    assert theory_revenue(params, [70.0, 30.0]) == 40
    assert theory_revenue(params, [30.0, 20.0]) == 0
    values = {"s1": 70.0, "s2": 30.0}
    assert sealed_sale(params, values, values, Random(1)).price == 40
    low = sealed_sale(params, values, {"s1": 39.0}, Random(1))
    assert (low.winner, low.price) == (None, 0)
    first = AuctionParams.model_validate({"seats": ["m", "m"], "reserve": 40, "pays": 1})
    assert theory_revenue(first, [70.0, 30.0]) is None


def test_equal_bids_win_equally_often() -> None:
    params = AuctionParams.model_validate({"seats": ["m", "m"]})
    bids = {"s1": 5.0, "s2": 5.0}
    rng = Random(1)
    wins = sum(sealed_sale(params, bids, bids, rng).winner == "s1" for _ in range(1000))
    assert 430 < wins < 570


def test_an_ascending_price_ends_just_above_the_second_value(
    memory_gateway: Any, simulate: Any
) -> None:
    found = played(memory_gateway, simulate, form="ascending", increment=1)
    assert outcome(found, "efficiency") > 0.99
    second = [sorted(values.values())[-2] for values in values_of(found)]
    prices = [row["value"] for row in found.rows["events"] if row["item"] == "sold"]
    assert all(abs(price - value) <= 1 for price, value in zip(prices, second, strict=True))


def test_whoever_has_left_an_ascending_auction_is_asked_no_more(
    memory_gateway: Any, simulate: Any
) -> None:
    found = played(memory_gateway, simulate, form="ascending", increment=10, rounds=6)
    values = values_of(found)
    asked = {(row["round"], row["seat"]): 0 for row in found.rows["actions"]}
    for row in found.rows["actions"]:
        asked[row["round"], row["seat"]] += 1
    for (number, seat), n in asked.items():
        # Truthful bidders agree to 0, 10, ... up to their value; the last one is asked with the
        # second, and all are asked once more at the price at which they leave.
        highest = seat == max(values[number], key=values[number].__getitem__)
        second = sorted(values[number].values())[-2]
        own = second if highest else values[number][seat]
        assert n == own // 10 + 2


def values_of(found: Played) -> list[dict[str, float]]:
    by_round: dict[int, dict[str, float]] = defaultdict(dict)
    for row in found.rows["events"]:
        if row["kind"] == "chance":
            by_round[row["round"]][row["target"]] = row["value"]
    return [by_round[number] for number in sorted(by_round)]


def test_simulated_bidders_shade_as_declared(memory_gateway: Any, simulate: Any) -> None:
    found = played(memory_gateway, simulate, sim={"shading": 0.25}, pays=1, rounds=50)
    assert outcome(found, "bid_over_value") == pytest.approx(0.75, abs=1e-3)
    assert outcome(found, "efficiency") == pytest.approx(1)
    # A quarter off is the equilibrium of four bidders.
    assert outcome(found, "revenue_ratio") == pytest.approx(1, abs=1e-3)
    noisy = played(memory_gateway, simulate, sim={"bid_noise": 0.5}, rounds=50)
    assert outcome(noisy, "efficiency") < 0.98


def test_a_value_is_shown_to_who_has_it_alone(memory_gateway: Any) -> None:
    used = memory_gateway(truthful)
    declared = {"seats": ["m"] * 3, "rounds": 4, "reveal": "nothing"}
    found = asyncio.run(play(episode("auction", declared), used))
    for values, number in zip(values_of(found), range(4), strict=True):
        for question in used.questions[3 * number : 3 * number + 3]:
            text = "\n".join(message.text for message in question.messages)
            for seat, value in values.items():
                assert (f"${value:.2f}" in text) == (seat == question.subject)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from(["sealed", "ascending"]), st.integers(1, 5), st.booleans())
def test_whatever_is_bid_one_pays_what_the_house_gets(
    data: st.DataObject, form: str, n: int, reserve: bool
) -> None:
    params = AuctionParams.model_validate(
        {
            "seats": ["m"] * n,
            "form": form,
            "rounds": 3,
            "pays": data.draw(st.integers(1, n)),
            "reserve": 20 if reserve else 0,
            "increment": 15,
        }
    )
    game = AuctionGame(params, declared_seats(params.seats))
    rng = Random(data.draw(st.integers(0, 1000)))
    step, steps = game.start(rng), 0
    while step.status == "running":
        asks = game.asks(step.state)
        assert asks
        actions = {
            seat: Action(
                Bid(amount=data.draw(st.floats(0, 300)))
                if form == "sealed"
                else Stay(stay=data.draw(st.booleans()))
            )
            for seat in asks
            if data.draw(st.integers(0, 4))
        }
        step, steps = game.step(step.state, actions, rng), steps + 1
        paid = [event.value for event in step.events if event.kind == "transfer"]
        sold = [event for event in step.events if event.item == "sold"]
        assert sum(value for value in paid if value is not None) == 0
        assert len(paid) == 2 * len(sold)
        assert all(event.value is not None and event.value >= params.reserve for event in sold)
        if form == "sealed" and sold:
            bids = {seat: action.value.amount for seat, action in actions.items()}
            assert bids[str(sold[0].target)] == max(bids.values())
    assert steps < 200
    whole = game.outcome(step.state)["episode", ""]
    efficiency = whole["efficiency"]
    assert efficiency is None or 0 <= float(efficiency) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"pays": 3}, "only 2 bids"),
        ({"value_low": 100}, "above value_low"),
        ({"reserve": 100}, "below value_high"),
        ({"form": "ascending", "increment": 0.01}, "more than 1000 times"),
    ],
)
def test_what_cannot_be_played_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AuctionParams.model_validate({"seats": ["m", "m"], **fields})
