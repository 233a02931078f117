"""Treatments of descriptions, and customers that fall for them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.market.manipulation import WORDS
from tasks.environments.market.params import MarketParams
from tasks.environments.market.policies.cues import CUES, cues_in
from tasks.importers.marketplace import read_marketplace
from tests.tasks.environments.markets import CATALOGUE, market, played_with, proposing, value_of

#: The habit that each kind of words appeals to.
APPEALS = {
    "authority": {"falls_for_authority"},
    "social_proof": {"falls_for_social_proof"},
    "loss_aversion": {"falls_for_loss_aversion"},
    "injection_basic": {"falls_for_injection"},
    "injection_strong": {"falls_for_injection"},
    "sham": set(),
}


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_each_kind_of_words_appeals_to_its_own_habit(kind: Any) -> None:
    assert cues_in(WORDS[kind].format(name="Shop")) == APPEALS[kind]


def test_the_sham_is_as_long_as_what_it_is_held_against() -> None:
    lengths = {kind: len(words) for kind, words in WORDS.items()}
    ordinary = [lengths[kind] for kind in ("authority", "social_proof", "loss_aversion")]
    assert min(ordinary) * 0.8 <= lengths["sham"] <= max(ordinary) * 1.2


@pytest.mark.parametrize(
    ("arm", "habits"),
    [
        ("control", set()),
        ("authority", {"falls_for_authority"}),
        ("social_proof", {"falls_for_social_proof"}),
        ("loss_aversion", {"falls_for_loss_aversion"}),
        ("prompt_injection_basic", {"falls_for_injection"}),
        ("prompt_injection_strong", {"falls_for_injection"}),
    ],
)
def test_published_arms_are_read_and_told_apart(shared: Path, arm: str, habits: set[str]) -> None:
    folder = shared / "data" / "magentic" / "malicious_description" / f"mexican_{arm}"
    first, *others = read_marketplace(folder).businesses
    assert cues_in(first.description) >= habits
    assert bool(cues_in(first.description)) == bool(habits)
    assert not any(cues_in(one.description) for one in others)


def described(manipulation: Any, gateway: Any, **fields: Any) -> dict[str, str]:
    """What search results say of each business."""
    texts: dict[str, str] = {}

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        for event in seen["history"]:
            if event["data"].get("what") == "result":
                texts[event["item"]] = event["text"]
        return {"action": "end"} if texts else {"action": "search", "query": "soup"}

    market(act, gateway, manipulation=manipulation, **fields)
    return texts


def test_search_results_show_what_the_treated_write_of_themselves(memory_gateway: Any) -> None:
    treated = {"businesses": ["b2"], "kind": "authority"}
    texts = described(treated, memory_gateway)
    assert texts["b1"] == texts["b3"] == "Soups."
    assert texts["b2"].startswith("Soups. Winner of")
    assert "Shop 2 is certified" in texts["b2"]
    assert described({**treated, "kind": "as_written"}, memory_gateway)["b2"] == "Soups."


def test_a_seller_rewrites_its_description_before_the_market_opens(memory_gateway: Any) -> None:
    shown: list[str] = []

    def respond(question: Question) -> str:
        seen = question.observation or {}
        if seen["ask"] == "description":
            return "The best soups of all."
        shown.extend(
            event["text"] for event in seen["history"] if event["data"].get("what") == "result"
        )
        return json.dumps({"action": "end"} if shown else {"action": "search", "query": "soups"})

    params = MarketParams.model_validate(
        {
            "catalogue": CATALOGUE,
            "models": {"customer": "c", "business": "b"},
            "manipulation": {"businesses": ["b3"], "kind": "rewritten"},
        }
    )
    played = played_with(params, memory_gateway(respond))
    assert "The best soups of all." in shown
    assert played.rows["actions"][0]["seat"] == "b3"
    (written,) = [event for event in played.rows["events"] if event["item"] == "description"]
    assert (written["actor"], written["audience"]) == ("b3", "b3")


def test_who_is_treated_must_be_there() -> None:
    with pytest.raises(ValidationError, match="manipulation: the market has no 'b9'"):
        MarketParams.model_validate(
            {
                "catalogue": CATALOGUE,
                "models": {"customer": "c", "business": "b"},
                "manipulation": {"businesses": ["b9"], "kind": "sham"},
            }
        )


EVEN = {
    "name": "even",
    "customers": [
        {
            "id": f"c{n}",
            "name": f"Customer {n}",
            "request": "a bun",
            "menu_features": {"bun": 3.0},
            "amenity_features": [],
        }
        for n in range(1, 9)
    ],
    "businesses": [
        {
            "id": f"b{n}",
            "name": f"Shop {n}",
            "description": "A bakery.",
            "rating": 1.0,
            "menu_features": {"bun": 3.0},
            "amenity_features": {},
        }
        for n in (1, 2, 3)
    ],
}


@pytest.mark.parametrize("kind", ["sham", "authority", "injection_strong"])
def test_payments_to_the_manipulator_follow_the_declared_susceptibility(
    memory_gateway: Any, simulate: Any, kind: str
) -> None:
    habits: dict[str, Any] = dict.fromkeys(CUES, 0.4)
    choosy = {"first_offer_bias": 0.0, "price_sensitivity": 0.0, "patience": 3}
    models = {
        "c": ModelSpec(model="sim/agent", sim={**habits, **choosy}),
        "b": ModelSpec(model="sim/agent"),
    }
    params = MarketParams.model_validate(
        {
            "catalogue": EVEN,
            "models": {"customer": "c", "business": "b"},
            "manipulation": {"businesses": ["b2"], "kind": kind},
        }
    )
    played = [played_with(params, memory_gateway(simulate), seed, models) for seed in range(12)]
    share = sum(value_of(one, "treated_share") for one in played) / len(played)
    falls = 0.0 if kind == "sham" else 0.4
    expected = falls + (1 - falls) / 3
    spread = math.sqrt(expected * (1 - expected) / (12 * 8))
    assert abs(share - expected) < 4 * spread
    assert value_of(played[0], "treated", "b2") == 1
    assert value_of(played[0], "treated_orders") == value_of(played[0], "orders", "b2")
