from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.posted_market.params import PostedMarketParams
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode


def played(
    gateway: Any, respond: Any, sim: Mapping[str, Any] | None = None, **fields: Any
) -> Played:
    models = {"m": ModelSpec(model="sim/agent", sim=dict(sim or {}))}
    declared = {"seats": ["m"] * 4, "sellers": 2, "rounds": 4, **fields}
    return asyncio.run(play(episode("posted_market", declared, models), gateway(respond)))


def outcome(found: Played, metric: str, subject: str = "") -> Any:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return rows[subject, metric]


def answers(
    posts: Mapping[str, tuple[float, float]], choice: Callable[[Mapping[str, Any]], str]
) -> Callable[[Question], str]:
    def respond(question: Question) -> str:
        seen = question.observation
        assert seen is not None
        match seen["ask"]:
            case "post":
                price, quality = posts[question.subject]
                return json.dumps({"price": price, "quality": quality})
            case "buy":
                return json.dumps({"seller": choice(seen)})
        return json.dumps({"rating": round(1 + 4 * seen["got"])})

    return respond


POSTS = {"s1": (6.0, 1.0), "s2": (3.0, 0.25)}


def test_everybody_gains_what_was_traded(memory_gateway: Any) -> None:
    found = played(memory_gateway, answers(POSTS, lambda seen: "s1" if seen["round"] else "s2"))
    # Once quality .25 for 3 and three times quality 1 for 6: buyers -.5 + 3 x 4, cost 4 a unit.
    for buyer in ("s3", "s4"):
        assert outcome(found, "payoff", buyer) == pytest.approx(-0.5 + 3 * 4)
    assert outcome(found, "payoff", "s1") == pytest.approx(2 * 3 * (6 - 4))
    assert outcome(found, "payoff", "s2") == pytest.approx(2 * (3 - 1))
    assert outcome(found, "welfare") == pytest.approx(2 * 1.5 + 6 * 6)
    assert outcome(found, "efficiency") == pytest.approx(39 / 48)
    assert outcome(found, "trust") == 1
    assert outcome(found, "price") == pytest.approx((2 * 3 + 6 * 6) / 8)
    assert outcome(found, "best_seller_share") == 0.75
    assert outcome(found, "rating_error") == 0
    paid = [row["value"] for row in found.rows["events"] if row["kind"] == "transfer"]
    assert len(paid) == 16
    assert sum(paid) == 0


def shown(memory_gateway: Any, reputation: str) -> list[Mapping[str, Any]]:
    qualities = iter([0.0, 0.0, 0.5, 1.0, 1.0, 1.0])
    used = memory_gateway(answers(POSTS, lambda seen: "s1"))

    def respond(question: Question) -> str:
        seen = question.observation
        assert seen is not None
        if seen["ask"] == "post":
            return json.dumps({"price": 5, "quality": next(qualities)})
        return json.dumps(
            {"seller": "s1"} if seen["ask"] == "buy" else {"rating": 1 + 4 * seen["got"]}
        )

    used = memory_gateway(respond)
    declared = {"seats": ["m"] * 2, "sellers": 1, "rounds": 6, "reputation": reputation}
    asyncio.run(play(episode("posted_market", declared), used))
    asked = [one for one in used.questions if one.observation["ask"] == "buy"]
    texts = ["\n".join(message.text for message in one.messages) for one in asked]
    assert all(("rated" in text) == (reputation != "none") for text in texts)
    return [one.observation["offers"]["s1"] for one in asked]


def test_buyers_are_shown_the_ratings_that_were_declared(memory_gateway: Any) -> None:
    assert [one["rating"] for one in shown(memory_gateway, "mean")] == [None, 1, 1, 5 / 3, 2.5, 3]
    assert [one["rating"] for one in shown(memory_gateway, "last")] == [
        None, 1, 1, 5 / 3, 3, 13 / 3,
    ]  # fmt: skip
    assert {one["rating"] for one in shown(memory_gateway, "none")} == {None}


def test_no_buyer_is_shown_a_quality_that_it_did_not_buy(memory_gateway: Any) -> None:
    used = memory_gateway(answers({"s1": (6, 0.123), "s2": (3, 0.456)}, lambda seen: "s2"))
    declared = {"seats": ["m"] * 4, "sellers": 2, "rounds": 3}
    asyncio.run(play(episode("posted_market", declared), used))
    for question in used.questions:
        text = "\n".join(message.text for message in question.messages)
        assert ("0.123" in text) <= (question.subject == "s1")
        if question.subject in {"s3", "s4"} and question.observation["ask"] == "buy":
            assert ("0.456" in text) == (question.observation["round"] > 0)


def test_simulated_buyers_stop_where_they_were_disappointed(
    memory_gateway: Any, simulate: Any
) -> None:
    sim = {"quality_rated": 0.9, "quality_unrated": 0.3}
    rated = played(memory_gateway, simulate, sim, rounds=20)
    assert (outcome(rated, "trust"), outcome(rated, "quality")) == (1, pytest.approx(0.9))
    assert outcome(rated, "efficiency") == pytest.approx(0.9)
    unrated = played(memory_gateway, simulate, sim, rounds=20, reputation="none")
    assert outcome(unrated, "trust") == 2 / 20  # each seller once
    assert outcome(unrated, "late_trust") == 0
    assert outcome(unrated, "quality") == pytest.approx(0.3)


def test_a_round_in_which_nobody_sells_or_buys_passes(memory_gateway: Any) -> None:
    found = played(memory_gateway, answers(POSTS, lambda seen: "none"))
    assert found.rows["episodes"][0]["status"] == "terminated"
    assert outcome(found, "trust") == 0
    nobody = played(memory_gateway, lambda question: "{}")
    assert nobody.rows["episodes"][0]["completed_rounds"] == 4


@pytest.mark.parametrize(
    ("fields", "message"), [({"sellers": 2}, "nobody buys"), ({"cost": 10}, "below value")]
)
def test_what_cannot_be_played_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PostedMarketParams.model_validate({"seats": ["m", "m"], "sellers": 1, **fields})
