from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.environment import audience_name
from schemas.gateway import Question
from schemas.study import LoadContext, ModelSpec
from schemas.tables import EventRow, OutcomeRow
from tasks.environments.market.params import ImportedCatalogue, MarketParams
from tasks.importers.marketplace import read_marketplace
from tests.tasks.environments.markets import (
    CATALOGUE,
    asking,
    buying,
    market,
    offers_to,
    played_with,
    proposing,
    value_of,
)


def test_a_script_that_pays_the_best_reaches_the_optimum(memory_gateway: Any) -> None:
    best = market(
        buying(lambda offers: next(one for one in offers if one["actor"] == "b1")), memory_gateway
    )
    # Each customer values its soup at 10 and pays 4.
    assert value_of(best, "welfare") == pytest.approx(12)
    assert value_of(best, "welfare_optimal") == pytest.approx(12)
    assert value_of(best, "optimal_share") == pytest.approx(1)
    assert value_of(best, "revenue", "b1") == pytest.approx(8)
    assert value_of(best, "revenue") == pytest.approx(8)
    assert value_of(best, "share_needs_met") == 1
    assert best.rows["episodes"][0]["status"] == "terminated"


def test_a_script_that_pays_the_cheapest_falls_for_the_shop_without_delivery(
    memory_gateway: Any,
) -> None:
    cheap = market(buying(lambda offers: min(offers, key=lambda one: one["value"])), memory_gateway)
    assert value_of(cheap, "welfare") == pytest.approx(-6)
    assert value_of(cheap, "welfare_cheapest") == pytest.approx(-6)
    assert value_of(cheap, "utility", "c1") == pytest.approx(-3)
    assert value_of(cheap, "needs_met", "c1") == 0


def test_positions_in_the_inbox_are_logged_and_the_first_is_recognised(
    memory_gateway: Any,
) -> None:
    first = market(buying(lambda offers: offers[0]), memory_gateway)
    last = market(buying(lambda offers: offers[-1]), memory_gateway)
    assert value_of(first, "first_proposal_share") == 1
    assert value_of(last, "first_proposal_share") == 0
    for customer in ("c1", "c2"):
        positions = [
            event["data"]["position"]
            for event in first.rows["events"]
            if event["kind"] == "offer" and event["target"] == customer
        ]
        assert positions == [1, 2, 3]
        assert value_of(first, "proposals_received", customer) == 3


def test_payments_are_two_transfers_that_net_to_nothing(memory_gateway: Any) -> None:
    played = market(buying(lambda offers: offers[0]), memory_gateway)
    transfers = [event for event in played.rows["events"] if event["kind"] == "transfer"]
    by_transaction: dict[str, list[float]] = {}
    for event in transfers:
        assert event["data"]["net"] is True
        by_transaction.setdefault(event["data"]["transaction"], []).append(event["value"])
    assert len(by_transaction) == 2
    assert all(len(values) == 2 and sum(values) == 0 for values in by_transaction.values())


def test_a_payment_names_what_was_bought(memory_gateway: Any) -> None:
    played = market(buying(lambda offers: offers[0]), memory_gateway)
    transfers = [event for event in played.rows["events"] if event["kind"] == "transfer"]
    assert [event["data"]["items"] for event in transfers] == [["soup"]] * 4


def test_every_alternative_of_a_search_is_logged_with_its_position(memory_gateway: Any) -> None:
    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        page = 1 + seen["round"]
        if page > 2:
            return {"action": "end"}
        return {"action": "search", "query": "soup", "page": page}

    played = market(act, memory_gateway, search={"kind": "lexical", "page_size": 2})
    shown = [
        (event["data"]["page"], event["data"]["position"])
        for event in played.rows["events"]
        if event["data"].get("what") == "result" and event["audience"] == "c1"
    ]
    assert shown == [(1, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("action", "problem"),
    [
        ({"action": "pay", "proposal": " "}, "needs the identifier"),
        ({"action": "ask", "messages": [{"to": "b9", "text": "Hi"}]}, "no business"),
        ({"action": "ask", "messages": []}, "at least one"),
        ({"action": "search", "query": " "}, "needs a query"),
        ({"action": "ask", "messages": [{"to": "b", "text": "Hi"}]}, "did you mean 'b"),
        ({"action": "ask", "messages": [{"to": "b1", "text": ""}]}, "is empty"),
        (
            {
                "action": "ask",
                "messages": [{"to": "b1", "text": "a"}, {"to": "b1", "text": "b"}],
            },
            "addressed twice",
        ),
    ],
)
def test_illegal_actions_of_customers_are_told(
    memory_gateway: Any, action: dict[str, Any], problem: str
) -> None:
    problems = []

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        if not offers_to(question):
            return asking("b1")
        assert question.answer is not None
        assert question.check is not None
        problems.append(question.check(question.answer.model_validate(action)))
        return {"action": "end"}

    market(act, memory_gateway)
    assert problem in problems[0]


def test_what_two_say_to_each_other_no_third_can_see(memory_gateway: Any) -> None:
    played = market(buying(lambda offers: offers[0]), memory_gateway)
    for event in played.rows["events"]:
        if event["kind"] in ("say", "offer", "choose", "transfer"):
            assert event["audience"] == audience_name(event["actor"], event["target"])
    members = {row["audience"]: set(row["seats"]) for row in played.rows["audiences"]}
    assert members == {
        audience_name(customer, business): {customer, business}
        for customer in ("c1", "c2")
        for business in ("b1", "b2", "b3")
    }


def test_rows_are_rows_of_their_tables(memory_gateway: Any) -> None:
    played = market(buying(lambda offers: offers[0]), memory_gateway)
    for row in played.rows["events"]:
        EventRow.model_validate(row)
    for row in played.rows["outcomes"]:
        OutcomeRow.model_validate(row)


def test_a_catalogue_is_read_from_its_file_or_named_as_imported() -> None:
    models = {"customer": "c", "business": "b"}
    context = LoadContext(
        read=lambda path: "",
        load=lambda path: CATALOGUE.model_dump(mode="json"),
        rows=lambda path, names: {},
        personas=lambda path: (),
    )
    given = MarketParams.model_validate(
        {"catalogue": "catalogues/two.yaml", "models": models}, context=context
    )
    assert given.catalogue == CATALOGUE
    named = MarketParams.model_validate({"catalogue": {"imported": "two"}, "models": models})
    assert named.catalogue == ImportedCatalogue(imported="two")
    with pytest.raises(ValidationError, match=r"write \{imported: two\}"):
        MarketParams.model_validate({"catalogue": "two", "models": models})


def test_identifiers_are_unique_across_both_sides() -> None:
    catalogue = CATALOGUE.model_dump(mode="json")
    catalogue["businesses"][0]["id"] = "c1"
    with pytest.raises(ValidationError, match="used twice: c1"):
        MarketParams.model_validate(
            {"catalogue": catalogue, "models": {"customer": "c", "business": "b"}}
        )


def test_careful_simulated_customers_reach_the_published_optimum(
    shared: Path, memory_gateway: Any, simulate: Any
) -> None:
    catalogue = read_marketplace(shared / "data" / "magentic" / "mexican_3_9")
    params = MarketParams.model_validate(
        {"catalogue": catalogue, "models": {"customer": "c", "business": "b"}}
    )
    careful = ModelSpec(model="sim/reserved", sim={"first_offer_bias": 0.0})
    played = played_with(params, memory_gateway(simulate), models={"c": careful, "b": careful})
    assert round(value_of(played, "welfare"), 2) == 63.78


def test_a_market_goes_on_without_seats_that_are_out(memory_gateway: Any, simulate: Any) -> None:
    params = MarketParams.model_validate(
        {"catalogue": CATALOGUE, "models": {"customer": "c", "business": "b"}, "max_rounds": 8}
    )
    out = [{"do": "crash", "seat": seat} for seat in ("c1", "b1")]
    probe = {"name": "mood", "ask": "How is it?", "at": [{"every_rounds": 1}, "end"]}
    played = played_with(params, memory_gateway(simulate), interventions=out, probes=[probe])
    absent = {row["seat"] for row in played.rows["actions"] if row["absent"]}
    assert "c1" in absent
    assert not [row for row in played.rows["events"] if row["actor"] in ("c1", "b1")]
    assert value_of(played, "paid", "c1") == 0
    assert value_of(played, "paid", "c2") == 1
    assert {row["seat"] for row in played.rows["responses"]} == {"c2", "b2", "b3"}
