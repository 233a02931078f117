from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.environment import Environment
from schemas.keys import generator
from schemas.study import ModelSpec
from tasks.episodes import Played, play
from tasks.episodes.episode import Episode, seats_of
from tasks.episodes.parts import EpisodeParts

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "add_an_environment.md"
MODELS = {"a": ModelSpec(model="sim/agent"), "b": ModelSpec(model="sim/agent")}
SEATS = ("s1", "s2", "s3")


@pytest.fixture
def modules(tmp_path: Path, modules_of_page: Any) -> list[Any]:
    """The rules and the policy of the guide, made by following it."""
    (prompts,) = re.findall(r"```text\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "prompts").mkdir()
    for line in prompts.splitlines():
        name, template = line.split(maxsplit=1)
        (tmp_path / "prompts" / name).write_text(template)
    found: list[Any] = modules_of_page(GUIDE.name, "public_goods", "public_goods_policy")
    return found


@pytest.fixture
def public_goods(modules: list[Any]) -> Environment[Any]:
    environment: Environment[Any] = modules[0].PublicGoods()
    return environment


def played(environment: Environment[Any], gateway: Any, **parts: Any) -> Played:
    params = environment.params.model_validate({"seats": ["a", "a", "b"], "rounds": 4})
    seats = seats_of(environment, params, MODELS, 1)
    declared = EpisodeParts.model_validate(parts)
    episode = Episode("0" * 32, environment, params, seats, MODELS, 1, parts=declared)
    return asyncio.run(play(episode, gateway))


def payoffs(played: Played) -> dict[str, float]:
    return {row["subject"]: row["value"] for row in played.rows["outcomes"] if row["subject"]}


def test_the_guides_environment_has_the_result_that_it_says(
    public_goods: Environment[Any], memory_gateway: Any
) -> None:
    found = played(public_goods, memory_gateway(lambda question: json.dumps({"amount": 20})))
    assert payoffs(found) == pytest.approx(dict.fromkeys(SEATS, 4 * 1.6 * 20))


def test_simulated_agents_play_it_without_a_policy(
    public_goods: Environment[Any], memory_gateway: Any, simulate: Any
) -> None:
    gateway = memory_gateway(simulate)
    found = played(public_goods, gateway)
    assert found.rows["episodes"][0]["status"] == "terminated"
    assert len([event for event in found.rows["events"] if event["kind"] == "choose"]) == 12
    assert all(row["valid"] for row in found.rows["actions"])
    prompt = gateway.questions[-1].messages
    assert "You are Agent-C. You play with Agent-A, Agent-B" in prompt[0].text
    assert "Agent-A: contribution" in "\n".join(message.text for message in prompt)


def test_the_engines_parts_work_with_it(
    public_goods: Environment[Any], memory_gateway: Any
) -> None:
    found = played(
        public_goods,
        memory_gateway(
            lambda question: json.dumps({"amount": 20}) if question.answer else "It is fair."
        ),
        interventions=[{"do": "crash", "seat": 3, "at": {"after_rounds": 2}}],
        probes=[{"name": "fair", "ask": "Is it fair?", "at": ["start", "end"]}],
        memory={"kind": "last", "size": 2},
    )
    # Two rounds with three contributions, then two with two, of which all three have a share.
    share = 2 * 1.6 * 20 + 2 * 1.6 * 40 / 3
    expected = {"s1": share, "s2": share, "s3": share + 2 * 20}
    assert payoffs(found) == pytest.approx(expected)
    assert [row["seat"] for row in found.rows["responses"]] == [*SEATS, "s1", "s2"]


def test_the_guides_policy_answers_as_it_declares(modules: list[Any]) -> None:
    policy = modules[1].PublicGoodsPolicy()
    habits = policy.params.model_validate({"contribution": 0.25})
    rng = generator("test")
    assert policy.answer(habits, "contribution", {"endowment": 20}, rng, rng) == {"amount": 5.0}
    assert policy.answer(habits, "vote", {}, rng, rng) is None
    for values in policy.presets.values():
        policy.params.model_validate(values)
