from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import Mistake
from schemas.study import LoadContext, ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.registry import environment_named, environments
from tasks.episodes import play

ENVIRONMENT = Discussion()
MODELS = {"a": ModelSpec(model="openai/gpt-5"), "b": ModelSpec(model="ollama/llama3")}


def params(**fields: Any) -> DiscussionParams:
    return DiscussionParams.model_validate(
        {"brief": "Plan a festival.", "rounds": 3, "seats": ["a", "b", "a"], **fields}
    )


def seats_of(given: DiscussionParams) -> Any:
    names = {alias: model.model for alias, model in MODELS.items()}
    return ENVIRONMENT.seats(given, names, random.Random(0))


def rows_of(given: DiscussionParams, gateway: Any, seed: int = 1) -> Any:
    return asyncio.run(
        play(ENVIRONMENT, given, seats_of(given), MODELS, seed, "0" * 32, gateway, 0)
    ).rows


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


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ("neutral", ["Agent-A", "Agent-B", "Agent-C"]),
        ("model", ["gpt-5-1", "llama3", "gpt-5-2"]),
        (["Ana", "Ben", "Cy"], ["Ana", "Ben", "Cy"]),
    ],
)
def test_names_are_a_factor_of_their_own(names: Any, shown: list[str]) -> None:
    seats = seats_of(params(names=names))
    assert [seat.name for seat in seats] == shown
    assert [seat.model for seat in seats] == ["a", "b", "a"]
    assert [seat.position for seat in seats] == [1, 2, 3]


def test_the_number_of_questions_is_known_beforehand() -> None:
    assert ENVIRONMENT.questions(params()) == {"a": (6, 6), "b": (3, 3)}


def test_aliases_are_named_by_their_place() -> None:
    assert ENVIRONMENT.aliases(params()) == {
        ("seats", 0): "a",
        ("seats", 1): "b",
        ("seats", 2): "a",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"rounds": 0},
        {"seats": []},
        {"names": ["Ana"]},
        {"names": ["Ana", "Ana", "Ben"]},
        {"floor": "bidding"},
        {"pace": 3},
    ],
)
def test_bad_parameters_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        params(**fields)


def test_a_brief_is_read_from_its_file() -> None:
    context = LoadContext(read=lambda path: f"content of {path}", load=lambda path: {})
    given = DiscussionParams.model_validate(
        {"brief": "briefs/a.md", "seats": ["a"]}, context=context
    )
    assert given.brief.text == "content of briefs/a.md"


def test_an_unknown_environment_is_met_with_the_nearest_name() -> None:
    with pytest.raises(Mistake, match="write discussion"):
        environment_named("discusion")
    assert set(environments()) >= {"discussion", "market"}
