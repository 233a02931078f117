from __future__ import annotations

import asyncio
import importlib.util
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.study import ModelSpec
from tasks.episodes import play

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "add_an_environment.md"


@pytest.fixture
def public_goods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The environment of the guide, made by following it."""
    text = GUIDE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (prompts,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    (tmp_path / "environment.py").write_text(code)
    (tmp_path / "prompts").mkdir()
    for line in prompts.splitlines():
        name, template = line.split(maxsplit=1)
        (tmp_path / "prompts" / name).write_text(template)
    spec = importlib.util.spec_from_file_location("public_goods", tmp_path / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "public_goods", module)
    spec.loader.exec_module(module)
    return module.PublicGoods()


def played(environment: Any, gateway: Any) -> Any:
    params = environment.params_model.model_validate({"seats": ["a", "a", "b"], "rounds": 4})
    models = {"a": ModelSpec(model="sim/agent"), "b": ModelSpec(model="sim/agent")}
    seats = environment.seats(params, {}, random.Random(0))
    return asyncio.run(play(environment, params, seats, models, 1, "0" * 32, gateway, 2)).rows


def test_the_guides_environment_has_the_result_that_it_says(
    public_goods: Any, memory_gateway: Any
) -> None:
    rows = played(public_goods, memory_gateway(lambda question: json.dumps({"amount": 20})))
    payoffs = {row["subject"]: row["value"] for row in rows["outcomes"] if row["scope"] == "seat"}
    assert payoffs == pytest.approx(dict.fromkeys(("s1", "s2", "s3"), 4 * 1.6 * 20))


def test_simulated_agents_play_it_without_a_policy(
    public_goods: Any, memory_gateway: Any, simulate: Any
) -> None:
    gateway = memory_gateway(simulate)
    rows = played(public_goods, gateway)
    assert rows["episodes"][0]["status"] == "complete"
    assert len([event for event in rows["events"] if event["kind"] == "choose"]) == 12
    assert all(event["valid"] for event in rows["events"])
    prompt = gateway.questions[-1].messages
    assert "You are Player 3" in prompt[0].text
    assert "Player 1: contribution" in "\n".join(message.text for message in prompt)
