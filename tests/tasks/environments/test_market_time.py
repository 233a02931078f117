"""The market's own clock: when answers reach customers, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.gateway import Question
from schemas.keys import generator
from schemas.study import ModelSpec
from tasks.environments.market.arrival import ACTION, BySpeed, InFixedOrder, InRandomOrder
from tasks.environments.market.params import MarketParams
from tests.tasks.environments.markets import (
    CATALOGUE,
    asking,
    market,
    offers_to,
    played_with,
    proposing,
    value_of,
)

SHOPS = ["b1", "b2", "b3"]
EAGER = {"first_offer_bias": 1.0, "fit_checking": 0.0, "patience": 1, "consideration": 3}


def seeing(log: list[tuple[str, float, tuple[str, ...]]]) -> Any:
    """A script that asks all three, and notes what a customer has before it whenever it acts."""

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        offers = offers_to(question)
        log.append((seen["id"], seen["at"], tuple(one["actor"] for one in offers)))
        if seen["at"] == 0:
            return asking(*SHOPS)
        return {"action": "end"} if len(offers) == 3 else {"action": "wait"}

    return act


def of(log: list[tuple[str, float, tuple[str, ...]]], customer: str) -> list[tuple[float, Any]]:
    return [(at, offers) for name, at, offers in log if name == customer]


def test_simultaneous_answers_are_before_a_customer_all_at_once(memory_gateway: Any) -> None:
    log: list[Any] = []
    market(seeing(log), memory_gateway, arrival="simultaneous")
    assert [(at, len(offers)) for at, offers in of(log, "c1")] == [(0, 0), (1, 3)]


def test_answers_in_a_fixed_order_come_one_at_a_time(memory_gateway: Any) -> None:
    log: list[Any] = []
    market(seeing(log), memory_gateway, arrival="fixed")
    shown = [(0, ()), (1, ("b1",)), (2, ("b1", "b2")), (3, ("b1", "b2", "b3"))]
    assert of(log, "c1") == shown == of(log, "c2")


def test_answers_come_when_the_speed_of_their_business_says(memory_gateway: Any) -> None:
    log: list[Any] = []
    arrival = {"kind": "speed", "usual": 2.5, "of": {"b3": 1.0}}
    market(seeing(log), memory_gateway, arrival=arrival)
    assert of(log, "c2") == [(0, ()), (1, ("b3",)), (2.5, ("b3", "b1", "b2"))]


def test_a_customer_that_acts_on_one_answer_has_the_next_at_its_next_action(
    memory_gateway: Any,
) -> None:
    log: list[Any] = []
    arrival = {"kind": "speed", "usual": 1.2, "of": {"b3": 1.0, "b2": 1.9}}
    market(seeing(log), memory_gateway, arrival=arrival)
    assert of(log, "c1") == [(0, ()), (1, ("b3",)), (2, ("b3", "b1", "b2"))]


def test_drawn_orders_follow_the_seed_and_never_the_order_of_answers(memory_gateway: Any) -> None:
    def first(seed: int, order: int, arrival: str) -> tuple[str, ...]:
        log: list[Any] = []
        market(seeing(log), memory_gateway, seed, order, arrival=arrival)
        return tuple(str(offers[0]) for _, offers in of(log, "c1") if offers)

    for arrival in ("simultaneous", "random"):
        assert len({first(1, order, arrival) for order in range(5)}) == 1
        assert {first(seed, 0, arrival)[0] for seed in range(12)} == set(SHOPS)


@settings(deadline=None, max_examples=12)
@given(
    seed=st.integers(0, 1000),
    order=st.integers(1, 1000),
    flight=st.sampled_from([1, 2, 200]),
    arrival=st.sampled_from(
        ["simultaneous", "random", "fixed", {"kind": "speed", "usual": 2, "spread": 0.7}]
    ),
    limits=st.sampled_from([{}, {"stock": 1}, {"capacity": 1}, {"expiry": 1.5}]),
)
def test_the_same_answers_give_the_same_tables_at_any_concurrency(
    memory_gateway: Any,
    simulate: Any,
    seed: int,
    order: int,
    flight: int,
    arrival: Any,
    limits: Any,
) -> None:
    params = MarketParams.model_validate(
        {
            "catalogue": {"drawn": {"customers": 4, "seed": seed}},
            "models": {"customer": "c", "business": "b"},
            "arrival": arrival,
            "limits": limits,
        }
    )
    models = {"c": ModelSpec(model="sim/agent"), "b": ModelSpec(model="sim/agent")}
    one = played_with(params, memory_gateway(simulate), seed, models)
    again = played_with(params, memory_gateway(simulate, flight, order), seed, models)
    assert one.rows == again.rows
    times = [
        event["data"]["at"] for event in one.rows["events"] if event["kind"] in ("ask", "choose")
    ]
    assert times == sorted(times)


@given(seed=st.integers(0, 1000), n=st.integers(1, 6))
def test_delays_are_whole_actions_or_longer(seed: int, n: int) -> None:
    shops = [f"b{number}" for number in range(n)]
    rng = generator(seed)
    assert list(InFixedOrder(kind="fixed").delays(shops, rng).values()) == list(range(1, n + 1))
    drawn = InRandomOrder(kind="random").delays(shops, rng)
    assert sorted(drawn.values()) == list(range(1, n + 1))
    slow = BySpeed(kind="speed", usual=1.5, spread=1.0).delays(shops, rng)
    assert min(slow.values()) >= ACTION


def shares(
    gateway: Any, simulate: Any, customer: Mapping[str, Any], arrival: Any, n: int = 12, **more: Any
) -> float:
    """Share of payments that go to the business whose proposal came first, of several."""
    params = MarketParams.model_validate(
        {
            "catalogue": {"drawn": {"customers": 4, "seed": 3}},
            "models": {"customer": "c", "business": "b"},
            "search": "optimal",
            "arrival": arrival,
            **more,
        }
    )
    models = {
        "c": ModelSpec(model="sim/agent", sim=dict(customer)),
        "b": ModelSpec(model="sim/agent"),
    }
    taken = []
    for seed in range(n):
        played = played_with(params, gateway(simulate), seed, models)
        for event in played.rows["events"]:
            if event["kind"] == "choose":
                taken.append(event["data"]["position"] == 1)
    return sum(taken) / len(taken)


def test_a_gate_keeps_customers_from_paying_before_they_have_several_offers(
    memory_gateway: Any,
) -> None:
    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        if any(event["kind"] == "choose" for event in seen["history"]):
            return {"action": "end"}
        offers = offers_to(question)
        return {"action": "pay", "proposal": offers[0]["item"]} if offers else asking(*SHOPS)

    free = market(act, memory_gateway, arrival="fixed", max_rounds=12)
    gated = market(act, memory_gateway, arrival="fixed", max_rounds=12, gate=3)
    for played, n_alternatives in ((free, 1), (gated, 3)):
        assert value_of(played, "choosing_customers") == 2
        assert value_of(played, "first_proposal_share") == 1
        chosen = [event for event in played.rows["events"] if event["kind"] == "choose"]
        assert [event["data"]["n_alternatives"] for event in chosen] == [n_alternatives] * 2
    reasons = [
        event["data"]["reason"] for event in gated.rows["events"] if event["item"] == "payment"
    ]
    assert reasons == ["gate"] * 4
    assert value_of(gated, "refused_payments") == 4


def test_customers_wait_for_as_many_offers_as_they_are_told_if_they_heed_it(
    memory_gateway: Any, simulate: Any
) -> None:
    def paid_at_once(heeds: float) -> float:
        return shares(
            memory_gateway, simulate, {**EAGER, "heeds_wait": heeds}, "fixed", 5, wait_for=3
        )

    def n_offers(heeds: float) -> set[int]:
        params = MarketParams.model_validate(
            {
                "catalogue": CATALOGUE,
                "models": {"customer": "c", "business": "b"},
                "arrival": "fixed",
                "wait_for": 3,
            }
        )
        sim = {**EAGER, "heeds_wait": heeds}
        models = {"c": ModelSpec(model="sim/agent", sim=sim), "b": ModelSpec(model="sim/agent")}
        played = played_with(params, memory_gateway(simulate), 1, models)
        return {
            event["data"]["n_alternatives"]
            for event in played.rows["events"]
            if event["kind"] == "choose"
        }

    assert n_offers(0.0) == {1}
    assert n_offers(1.0) == {3}
    assert paid_at_once(1.0) == 1.0


def test_an_early_order_of_arrival_is_no_advantage_with_those_who_compare(
    memory_gateway: Any, simulate: Any
) -> None:
    patient = {**EAGER, "first_offer_bias": 0.0, "price_sensitivity": 0.0, "patience": 3}
    hasty = shares(memory_gateway, simulate, EAGER, "random")
    assert hasty == 1.0
    assert shares(memory_gateway, simulate, patient, "random") == pytest.approx(1 / 3, abs=0.25)
