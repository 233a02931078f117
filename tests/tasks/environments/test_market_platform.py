"""What the platform refuses, and what limits do."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.market.params import MarketParams
from tests.tasks.environments.markets import (
    CATALOGUE,
    asking,
    buying,
    market,
    offers_to,
    played_with,
    proposing,
    told,
    value_of,
)


def refusals(played: Any, item: str) -> list[str]:
    return [
        event["data"]["reason"]
        for event in played.rows["events"]
        if event["data"].get("what") == "refusal" and event["item"] == item
    ]


SOUP = {"item": "soup", "unit_price": 4.0}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"items": [{"item": "cake", "unit_price": 1.0}], "total": 1.0}, "unknown_item"),
        ({"items": [SOUP], "total": 5.0}, "wrong_total"),
        ({"items": [{**SOUP, "quantity": 2}], "total": 4.0}, "wrong_total"),
        ({"items": [{**SOUP, "quantity": 4}], "total": 16.0}, "out_of_stock"),
        ({"items": [SOUP, SOUP, SOUP, SOUP], "total": 16.0}, "out_of_stock"),
    ],
)
def test_a_proposal_that_is_not_in_order_is_refused_and_may_be_mended(
    memory_gateway: Any, answer: dict[str, Any], reason: str
) -> None:
    heard: list[str] = []

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            heard.extend(event["text"] for event in told(seen, "refusal"))
            return proposing(question) if seen["tries"] else answer
        if seen["id"] == "c2":
            return {"action": "end"}
        offers = offers_to(question)
        return {"action": "end"} if offers else asking("b1")

    played = market(act, memory_gateway, limits={"stock": 3})
    assert refusals(played, "proposal") == [reason]
    assert len(heard) == 1
    assert value_of(played, "invalid_proposals") == 1
    assert value_of(played, "invalid_proposals", "b1") == 1
    assert value_of(played, "invalid_share") == 0.5
    assert value_of(played, "proposals_received", "c1") == 1


def test_a_business_that_never_mends_its_proposal_is_asked_three_times(memory_gateway: Any) -> None:
    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return {"items": [SOUP], "total": 9.0}
        return asking("b1") if seen["at"] == 0 and seen["id"] == "c1" else {"action": "end"}

    played = market(act, memory_gateway)
    assert refusals(played, "proposal") == ["wrong_total"] * 3
    assert [row["seat"] for row in played.rows["actions"]].count("b1") == 3
    assert value_of(played, "proposals_received", "c1") == 0


def test_no_unit_price_is_below_the_floor_of_its_business(memory_gateway: Any) -> None:
    floors = CATALOGUE.model_dump(mode="json")
    floors["businesses"][0]["min_price_factor"] = 0.9

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            price = 3.6 if seen["tries"] else 3.5
            assert seen["lowest"] == {"soup": 3.6, "bread": 1.8}
            line = {"item": "soup", "unit_price": price}
            return {"items": [line], "total": price}
        if offers_to(question):
            paid = any(event["kind"] == "choose" for event in seen["history"])
            offer = offers_to(question)[0]["item"]
            return {"action": "end"} if paid else {"action": "pay", "proposal": offer}
        return asking("b1")

    played = market(act, memory_gateway, catalogue=floors, limits={"floor": True}, max_rounds=9)
    assert refusals(played, "proposal") == ["below_floor"] * 2
    assert value_of(played, "price_over_menu") == pytest.approx(0.9)


def paying(name: str, after: str = "") -> Any:
    """A script: both ask the first business; c1 pays, in turn, the proposals of these names."""
    wanted = [name, after]

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        if not offers_to(question):
            return asking("b1")
        if seen["id"] == "c2":
            return {"action": "wait"} if seen["at"] < 5 else {"action": "end"}
        done = sum(event["kind"] == "choose" for event in seen["history"]) + len(
            told(seen, "refusal")
        )
        if done < len(wanted) and wanted[done]:
            return {"action": "pay", "proposal": wanted[done]}
        return {"action": "end"}

    return act


@pytest.mark.parametrize(
    ("first", "second", "fields", "reason"),
    [
        ("b1_c1_9", "", {}, "unknown_proposal"),
        ("b1_c2_1", "", {}, "not_addressed"),
        ("b1_c1_1", "b1_c1_1", {}, "paid_already"),
        ("b1_c1_9", "b1_c1_1", {"limits": {"expiry": 0.5}}, "expired"),
        ("b1_c1_1", "", {"limits": {"budget": 0.7}}, "over_budget"),
        ("b1_c1_1", "", {"gate": 2}, "gate"),
        ("b1_c1_1", "", {"limits": {"capacity": 0}}, None),
    ],
)
def test_a_payment_that_is_not_in_order_is_refused(
    memory_gateway: Any, first: str, second: str, fields: dict[str, Any], reason: str | None
) -> None:
    played = market(paying(first, second), memory_gateway, max_rounds=9, **fields)
    assert refusals(played, "payment")[-1:] == ([reason] if reason else [])
    assert value_of(played, "refused_payments", "c1") == len(refusals(played, "payment"))
    assert value_of(played, "paid", "c1") == (1 if reason == "paid_already" else 0)


def test_a_budget_just_as_large_as_the_price_is_enough(memory_gateway: Any) -> None:
    played = market(paying("b1_c1_1"), memory_gateway, max_rounds=9, limits={"budget": 0.8})
    assert value_of(played, "spent", "c1") == 4.0


@pytest.mark.parametrize("limits", [{"stock": 1}, {"capacity": 1}])
def test_of_two_who_pay_for_the_last_one_only_one_gets_it(
    memory_gateway: Any, limits: dict[str, int]
) -> None:
    winners = set()
    for seed in range(12):
        played = market(
            buying(lambda offers: next(one for one in offers if one["actor"] == "b1")),
            memory_gateway,
            seed,
            limits=limits,
        )
        assert value_of(played, "orders", "b1") == 1
        assert set(refusals(played, "payment")) <= {"out_of_stock", "at_capacity"}
        assert refusals(played, "payment")
        winners.update(one for one in ("c1", "c2") if value_of(played, "paid", one))
    assert winners == {"c1", "c2"}


def test_a_business_sees_one_conversation_and_nothing_of_another(memory_gateway: Any) -> None:
    seen_by: list[tuple[str, set[str]]] = []

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            met = {event["actor"] for event in seen["history"]} - {seen["id"]}
            seen_by.append((seen["customer"], met))
            prompt = "\n".join(message.text for message in question.messages)
            assert ("(c1)" in prompt) == (seen["customer"] == "c1")
            return {"text": "What else?"}
        return asking("b1") if seen["at"] < 3 else {"action": "end"}

    market(act, memory_gateway)
    assert len(seen_by) >= 4
    assert all(met == {customer} for customer, met in seen_by)


def test_slips_of_simulated_businesses_are_the_declared_share_of_first_proposals(
    memory_gateway: Any, simulate: Any
) -> None:
    refused = sent = 0
    params = MarketParams.model_validate(
        {
            "catalogue": {"drawn": {"customers": 15, "seed": 2}},
            "models": {"customer": "c", "business": "b"},
            "search": "optimal",
        }
    )
    models = {
        "c": ModelSpec(model="sim/agent"),
        "b": ModelSpec(model="sim/agent", sim={"slips": 0.3}),
    }
    for seed in range(3):
        played = played_with(params, memory_gateway(simulate), seed, models)
        refused += value_of(played, "invalid_proposals")
        sent += sum(event["kind"] == "offer" for event in played.rows["events"])
    # Each slip is mended at once, so what is sent counts the first proposals.
    assert 0.2 < refused / sent < 0.4
