from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.strategy_auction.params import StrategyAuctionParams
from tasks.environments.strategy_auction.scoring import score, tokens_about
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode

TASKS = [
    {"ask": f"What is {n} + {n}?", "options": [str(2 * n), str(2 * n + 1)], "correct": str(2 * n)}
    for n in range(1, 6)
]


def played(gateway: Any, respond: Any, models: Mapping[str, Any], **fields: Any) -> Played:
    declared = {"seats": list(models), "tasks": TASKS, "rounds": 5, **fields}
    specs = {name: ModelSpec(model="sim/agent", sim=dict(sim)) for name, sim in models.items()}
    return asyncio.run(play(episode("strategy_auction", declared, specs), gateway(respond)))


def outcome(found: Played, metric: str, subject: str = "") -> Any:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return rows[subject, metric]


def answers(
    plans: Mapping[str, str],
    marks: Mapping[str, float],
    refined: Callable[[Question], str] = lambda question: "Guess again.",
) -> Callable[[Question], str]:
    """Everybody gives every plan the same mark, and the winner is right."""

    def respond(question: Question) -> str:
        seen = question.observation
        assert seen is not None
        match seen["ask"]:
            case "plan":
                return json.dumps({"plan": plans[question.subject]})
            case "marks":
                return json.dumps({seat: marks[plan] for seat, plan in seen["plans"].items()})
            case "refine":
                return json.dumps({"plan": refined(question)})
        return json.dumps({"reasoning": "So.", "answer": seen["task"]["correct"]})

    return respond


BOTH = {"small": {}, "large": {}}
MARKS = {"Guess.": 1.0, "Think.": 4.0, "Guess again.": 2.0, "Think as well.": 4.0}


def test_the_best_plan_for_its_price_wins(memory_gateway: Any) -> None:
    respond = answers({"s1": "Guess.", "s2": "Think."}, MARKS)
    fields = {"prices": [1.0, 2.0], "refine": False}
    dear = played(memory_gateway, respond, BOTH, cost_weight=0, **fields)
    assert (outcome(dear, "tasks", "s1"), outcome(dear, "tasks", "s2")) == (0, 5)
    # "Think." costs 2 x 2 tokens / 1000 more points than it is worth.
    cheap = played(memory_gateway, respond, BOTH, cost_weight=2000, **fields)
    assert (outcome(cheap, "tasks", "s1"), outcome(cheap, "tasks", "s2")) == (5, 0)
    assert outcome(cheap, "dearest_share") == 0
    assert outcome(cheap, "right") == 1


def test_scores_are_cost_less_marks() -> None:
    params = StrategyAuctionParams.model_validate(
        {"seats": ["m"], "prices": [3], "tasks": TASKS, "cost_weight": 10, "mark_weight": 2}
    )
    assert tokens_about("x" * 10) == 3
    assert score(params, 3, "x" * 10, [1, 4]) == pytest.approx(10 * 3 * 3 / 1000 - 2 * 2.5)
    assert score(params, 3, "x" * 10, []) == pytest.approx(0.09)


def test_only_seats_cheaper_than_the_leading_one_refine_and_may_take_over(
    memory_gateway: Any,
) -> None:
    asked: list[Question] = []

    def refined(question: Question) -> str:
        asked.append(question)
        return "Think as well."

    respond = answers({"s1": "Guess.", "s2": "Think.", "s3": "Guess."}, MARKS, refined)
    models = {"small": {}, "large": {}, "dear": {}}
    found = played(memory_gateway, respond, models, prices=[1.0, 4.0, 5.0])
    assert {question.subject for question in asked} == {"s1"}
    assert outcome(found, "refined_share") == 1
    assert outcome(found, "tasks", "s1") == 5
    alone = played(memory_gateway, respond, models, prices=[1.0, 4.0, 5.0], refine=False)
    assert outcome(alone, "tasks", "s2") == 5


def test_refining_shows_the_past_plans_of_the_most_similar_tasks(memory_gateway: Any) -> None:
    used = memory_gateway(answers({"s1": "Guess.", "s2": "Think."}, MARKS))
    tasks = [
        {"ask": ask, "options": ["a", "b"], "correct": "a"}
        for ask in ("Which tea is green?", "Which bridge is old?", "Which tea is black?")
    ]
    declared = {"seats": ["m", "m"], "tasks": tasks, "rounds": 3, "prices": [1, 2]}
    asyncio.run(play(episode("strategy_auction", {**declared, "shown_pairs": 1}), used))
    seen = [q.observation for q in used.questions if q.observation["ask"] == "refine"]
    for number, one in enumerate(seen):
        lessons = [event for event in one["history"] if event["item"] == "lesson"]
        assert len(lessons) == min(number, 1)
    last, asked = seen[-1], [one["task"]["ask"] for one in seen]
    (lesson,) = [event for event in last["history"] if event["item"] == "lesson"]
    if "tea" in asked[-1]:
        assert "tea" in lesson["data"]["task"]
    assert (lesson["text"], lesson["data"]["lost"]) == ("Think.", "Guess again.")


def test_the_winner_is_shown_the_plan_that_won_and_no_other(memory_gateway: Any) -> None:
    used = memory_gateway(answers({"s1": "Guess.", "s2": "Think."}, MARKS))
    declared = {"seats": ["m", "m"], "tasks": TASKS[:1], "rounds": 1, "prices": [1, 2]}
    asyncio.run(play(episode("strategy_auction", declared), used))
    solve = used.questions[-1]
    text = "\n".join(message.text for message in solve.messages)
    assert solve.subject == "s2"
    assert "Your plan (s2):\nThink." in text
    assert "Guess" not in text
    marks = next(one for one in used.questions if one.observation["ask"] == "marks")
    shown = "\n".join(message.text for message in marks.messages)
    assert "Think." in shown
    assert "Guess." in shown


@pytest.mark.parametrize(("assign", "seat"), [("dearest", "s2"), ("cheapest", "s1")])
def test_without_an_auction_nobody_plans(memory_gateway: Any, assign: str, seat: str) -> None:
    respond = answers({}, {})
    found = played(memory_gateway, respond, BOTH, prices=[1, 2], assign=assign)
    assert {row["ask"] for row in found.rows["actions"]} == {"solve"}
    assert outcome(found, "tasks", seat) == 5
    assert outcome(found, "bidding_share") == 0
    price = {"s1": 1, "s2": 2}[seat]
    assert outcome(found, "usd_per_1000") == pytest.approx(price * tokens_about("So.") / 1e3)


def test_simulated_seats_do_what_they_were_declared_to(memory_gateway: Any, simulate: Any) -> None:
    models = {
        "small": {"skill": 0.9, "skill_loss": 0.2, "learning": 0.2},
        "large": {"skill": 0.9, "skill_loss": 0},
    }
    tasks = [
        {"ask": f"Task {n}?", "options": ["a", "b"], "correct": "a", "level": 1 + n % 5}
        for n in range(50)
    ]
    fields = {"tasks": tasks, "rounds": 250, "prices": [0.05, 0.36]}
    alone = played(memory_gateway, simulate, models, refine=False, **fields)
    assert outcome(alone, "dearest_share") == 0.6  # levels 3 to 5
    assert outcome(alone, "level_2_right") == pytest.approx(0.7, abs=0.2)
    refined = played(memory_gateway, simulate, models, **fields)
    assert outcome(refined, "dearest_share") == pytest.approx(0.4, abs=0.01)  # levels 4 and 5
    assert outcome(refined, "usd_per_1000") < outcome(alone, "usd_per_1000")


def test_a_task_that_nobody_plans_goes_to_nobody(memory_gateway: Any) -> None:
    found = played(memory_gateway, lambda question: "{}", BOTH, prices=[1, 2])
    assert found.rows["episodes"][0]["status"] == "terminated"
    assert outcome(found, "right") == 0
    assert (outcome(found, "tasks", "s1"), outcome(found, "tasks", "s2")) == (0, 0)


@pytest.mark.parametrize(("prices", "message"), [([1.0], "1 for 2 seats"), ([1.0, 0.0], "above 0")])
def test_every_seat_has_a_price(prices: list[float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StrategyAuctionParams.model_validate(
            {"seats": ["m", "m"], "tasks": TASKS, "prices": prices}
        )
