"""Small markets for tests, and scripts that play them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from schemas.gateway import Question
from schemas.market import Business, Catalogue, Customer
from schemas.study import ModelSpec
from tasks.environments.market.environment import Market
from tasks.environments.market.params import MarketParams
from tasks.episodes import Episode, Played, play
from tasks.episodes.episode import seats_of
from tasks.episodes.parts import EpisodeParts

ENVIRONMENT = Market()
MODELS = {"c": ModelSpec(model="sim/reserved"), "b": ModelSpec(model="sim/reserved")}
CATALOGUE = Catalogue(
    name="two",
    customers=tuple(
        Customer(
            id=f"c{n}",
            name=f"Customer {n}",
            request="I want soup.",
            menu_features={"soup": 5.0},
            amenity_features=("delivery",),
        )
        for n in (1, 2)
    ),
    businesses=tuple(
        Business(
            id=f"b{n}",
            name=f"Shop {n}",
            description="Soups.",
            rating=0.9,
            menu_features={"soup": price, "bread": 2.0},
            amenity_features={"delivery": delivery},
        )
        for n, price, delivery in ((1, 4.0, True), (2, 6.0, True), (3, 3.0, False))
    ),
)

Act = Callable[[Question], dict[str, Any]]


def market(respond: Act, gateway: Any, seed: int = 1, order: int = 0, **fields: Any) -> Played:
    params = MarketParams.model_validate(
        {
            "catalogue": CATALOGUE,
            "models": {"customer": "c", "business": "b"},
            "max_rounds": 6,
            **fields,
        }
    )
    answering = gateway(lambda question: json.dumps(respond(question)), order_seed=order)
    return played_with(params, answering, seed)


def played_with(
    params: MarketParams,
    gateway: Any,
    seed: int = 1,
    models: Mapping[str, ModelSpec] = MODELS,
    **parts: Any,
) -> Played:
    episode = Episode(
        key=f"{seed:032x}",
        environment=ENVIRONMENT,
        params=params,
        seats=seats_of(ENVIRONMENT, params, models, seed),
        models=models,
        seed=seed,
        parts=EpisodeParts.model_validate(parts),
    )
    return asyncio.run(play(episode, gateway))


def asking(*businesses: str) -> dict[str, Any]:
    notes = [{"to": business, "text": "Soup, please."} for business in businesses]
    return {"action": "ask", "messages": notes}


def offers_to(question: Question) -> list[dict[str, Any]]:
    """The offers that have reached a customer, in the order of arrival."""
    seen = question.observation or {}
    return [event for event in seen["history"] if event["kind"] == "offer"]


def told(seen: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """What the market told a seat, of one kind."""
    return [event for event in seen["history"] if event["data"].get("what") == what]


def proposing(question: Question) -> dict[str, Any]:
    """A business that offers its soup at its price."""
    price = (question.observation or {})["menu"]["soup"]
    line = {"item": "soup", "quantity": 1, "unit_price": price}
    return {"text": "Here.", "items": [line], "total": price}


def buying(choose: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> Act:
    """A script: ask all three, pay the chosen offer, end."""

    def act(question: Question) -> dict[str, Any]:
        seen = question.observation or {}
        if seen["role"] == "business":
            return proposing(question)
        if any(event["kind"] == "choose" for event in seen["history"]):
            return {"action": "end"}
        offers = offers_to(question)
        if not offers:
            return asking("b1", "b2", "b3")
        return {"action": "pay", "proposal": choose(offers)["item"]}

    return act


def value_of(played: Played, metric: str, subject: str = "") -> Any:
    return {(row["subject"], row["metric"]): row["value"] for row in played.rows["outcomes"]}[
        subject, metric
    ]
