from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import Mistake
from schemas.study import LoadContext, ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.registry import ENVIRONMENTS, environment_named
from tasks.episodes import play
from tests.tasks.episodes.games import episode

ENVIRONMENT = Discussion()
MODELS = {"a": ModelSpec(model="openai/gpt-5"), "b": ModelSpec(model="ollama/llama3")}


def params(**fields: Any) -> dict[str, Any]:
    return {"brief": "Plan a festival.", "rounds": 3, "seats": ["a", "b", "a"], **fields}


def rows_of(given: dict[str, Any], gateway: Any, seed: int = 1, **parts: Any) -> Any:
    talk = episode("discussion", given, MODELS, seed, reasks=0, **parts)
    return asyncio.run(play(talk, gateway)).rows


def speakers(rows: Any) -> list[list[str]]:
    by_round: dict[int, list[str]] = {}
    for event in rows["events"]:
        by_round.setdefault(event["round"], []).append(event["actor"])
    return [by_round[number] for number in sorted(by_round)]


def test_everybody_speaks_once_a_round_in_the_order_of_seats(memory_gateway: Any) -> None:
    rows = rows_of(params(), memory_gateway(lambda question: "Fine."))
    assert speakers(rows) == [["s1", "s2", "s3"]] * 3


def test_a_shuffled_floor_is_drawn_for_every_round_and_follows_the_seed(
    memory_gateway: Any,
) -> None:
    given = params(floor="shuffled", rounds=12)

    def floors(seed: int) -> list[list[str]]:
        return speakers(rows_of(given, memory_gateway(lambda question: "Fine."), seed))

    assert floors(1) == floors(1) != floors(2)
    assert all(sorted(one) == ["s1", "s2", "s3"] for one in floors(1))
    assert len({tuple(one) for one in floors(1)}) > 1


def test_messages_are_read_at_once_and_by_all(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"I am message {question.ordinal}.")
    rows = rows_of(params(), gateway)
    for question, exposure in zip(gateway.questions, rows["exposures"], strict=True):
        seen = [{"first": 0, "last": question.ordinal - 1}] if question.ordinal else []
        assert exposure["seqs"] == seen
        prompt = "\n".join(message.text for message in question.messages)
        assert all(f"message {n}." in prompt for n in range(question.ordinal))


def test_a_round_behind_a_barrier_is_read_as_a_whole(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"I am message {question.ordinal}.")
    rows = rows_of(params(barrier="round"), gateway)
    assert speakers(rows) == [["s1", "s2", "s3"]] * 3
    assert [event["turn"] for event in rows["events"]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for question, exposure in zip(gateway.questions, rows["exposures"], strict=True):
        before = 3 * (question.ordinal // 3)
        assert exposure["seqs"] == ([{"first": 0, "last": before - 1}] if before else [])


def test_a_shuffled_round_behind_a_barrier_is_published_in_the_order_drawn(
    memory_gateway: Any,
) -> None:
    given = params(barrier="round", floor="shuffled", rounds=12)
    gateway = memory_gateway(lambda question: "Fine.")
    floors = speakers(rows_of(given, gateway))
    assert all(sorted(one) == ["s1", "s2", "s3"] for one in floors)
    assert len({tuple(one) for one in floors}) > 1
    assert [question.subject for question in gateway.questions[:3]] == ["s1", "s2", "s3"]


def test_a_seat_may_bring_its_name_and_role(memory_gateway: Any) -> None:
    chair = {"model": "b", "name": "Ada", "role": "chair"}
    gateway = memory_gateway(lambda question: "Fine.")
    rows = rows_of(params(seats=["a", chair]), gateway)
    assert [(seat["name"], seat["role"], seat["model"]) for seat in rows["seats"]] == [
        ("Agent-A", "participant", "a"),
        ("Ada", "chair", "b"),
    ]
    assert "You are Ada" in gateway.questions[1].messages[0].text


def test_seats_are_kept_in_their_shortest_form() -> None:
    chair = {"model": "b", "role": "chair"}
    given = ENVIRONMENT.params.model_validate(params(seats=["a", chair, {"model": "a"}]))
    assert given.model_dump(mode="json")["seats"] == ["a", chair, "a"]
    assert ENVIRONMENT.params.model_validate(given.model_dump(mode="json")) == given


def test_aliases_are_named_by_their_place() -> None:
    assert ENVIRONMENT.aliases(DiscussionParams.model_validate(params())) == {
        ("seats", 0): "a",
        ("seats", 1): "b",
        ("seats", 2): "a",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"rounds": 0},
        {"seats": []},
        {"barrier": "hour"},
        {"seats": [{"name": "Ana"}]},
        {"floor": "bidding"},
        {"pace": 3},
    ],
)
def test_bad_parameters_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DiscussionParams.model_validate(params(**fields))


def test_a_brief_is_read_from_its_file() -> None:
    context = LoadContext(
        read=lambda path: f"content of {path}", load=lambda path: {}, rows=lambda path, names: {}
    )
    given = DiscussionParams.model_validate(
        {"brief": "briefs/a.md", "seats": ["a"]}, context=context
    )
    assert given.brief.text == "content of briefs/a.md"


def test_an_unknown_environment_is_met_with_the_nearest_name() -> None:
    with pytest.raises(Mistake, match="write discussion"):
        environment_named("discusion")
    assert set(ENVIRONMENTS) >= {"discussion", "market"}
