from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from schemas.market import Catalogue
from schemas.study import ModelSpec
from tasks.environments.market.environment import Market
from tasks.environments.market.params import MarketParams
from tasks.episodes import play
from tasks.episodes.episode import Episode, seats_of
from tasks.studies.yamltext import document

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = Catalogue.model_validate(
    document((ROOT / "studies" / "catalogues" / "town_food.yaml").read_text(), "").value
)
PATIENT = {"first_offer_bias": 0.0, "fit_checking": 1.0, "price_sensitivity": 1.0, "patience": 4}


def rows(
    gateway: Any, simulate: Any, customer: dict[str, Any], business: dict[str, Any], unit: int
) -> Any:
    environment = Market()
    params = MarketParams.model_validate(
        {"catalogue": CATALOGUE, "models": {"customer": "c", "business": "b"}, "max_rounds": 12}
    )
    models = {
        "c": ModelSpec(model="sim/agent", sim={**PATIENT, "consideration": 5, **customer}),
        "b": ModelSpec(model="sim/agent", sim=business),
    }
    seats = seats_of(environment, params, models, unit)
    episode = Episode(f"{unit:032x}", environment, params, seats, models, unit)
    return asyncio.run(play(episode, gateway(simulate))).rows


def outcome(played: Any, metric: str, subject: str = "") -> Any:
    return next(
        row["value"]
        for row in played["outcomes"]
        if (row["metric"], row["subject"]) == (metric, subject)
    )


@pytest.mark.parametrize("bias", [0.2, 0.8])
def test_the_bias_for_the_first_offer_is_recovered(
    memory_gateway: Any, simulate: Any, bias: float
) -> None:
    taken = []
    for unit in range(40):
        played = rows(
            memory_gateway,
            simulate,
            {
                "first_offer_bias": bias,
                "fit_checking": 0.0,
                "price_sensitivity": 0.0,
                "patience": 3,
            },
            {},
            unit,
        )
        for event in played["events"]:
            if event["kind"] == "choose" and event["data"]["n_alternatives"] > 1:
                n = event["data"]["n_alternatives"]
                taken.append((event["data"]["position"] == 1, bias + (1 - bias) / n))
    expected = sum(rate for _, rate in taken)
    spread = math.sqrt(sum(rate * (1 - rate) for _, rate in taken))
    assert len(taken) > 100
    assert abs(sum(first for first, _ in taken) - expected) < 4 * spread


def test_a_markup_raises_every_price_by_its_share(memory_gateway: Any, simulate: Any) -> None:
    played = rows(memory_gateway, simulate, {}, {"markup": 0.5}, 1)
    menus = {one.id: one.menu_features for one in CATALOGUE.businesses}
    offers = [event for event in played["events"] if event["kind"] == "offer"]
    assert offers
    for event in offers:
        for line in event["data"]["items"]:
            price = menus[event["actor"]][line["item"]]
            assert line["unit_price"] == pytest.approx(1.5 * price, abs=0.006)


def test_businesses_that_never_respond_sell_nothing(memory_gateway: Any, simulate: Any) -> None:
    played = rows(memory_gateway, simulate, {}, {"responsiveness": 0.0}, 1)
    assert outcome(played, "share_paid") == 0
    assert outcome(played, "welfare") == 0
    assert not [event for event in played["events"] if event["kind"] == "offer"]


def test_dishonest_businesses_cost_careful_customers_their_welfare(
    memory_gateway: Any, simulate: Any
) -> None:
    def welfare(honesty: float) -> float:
        played = [
            rows(memory_gateway, simulate, {}, {"honesty": honesty}, unit) for unit in range(6)
        ]
        return sum(outcome(one, "welfare") for one in played) / len(played)

    assert welfare(0.0) < welfare(1.0)
    assert welfare(1.0) > 0.8 * outcome(
        rows(memory_gateway, simulate, {}, {}, 1), "welfare_optimal"
    )
