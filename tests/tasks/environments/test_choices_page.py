"""The page about choices and games: its examples are played, and its table names what there is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.study import ModelSpec
from tasks.episodes import play
from tests.tasks.episodes.games import episode

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "choices_and_games.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NAMED = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", PAGE, re.MULTILINE))
MODELS = {name: ModelSpec(model="sim/agent") for name in ("ana", "ben", "shopper", "seller")}


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_played_and_has_the_outcomes_of_the_table(
    block: str, memory_gateway: Any, simulate: Any
) -> None:
    fields = YAML(typ="safe").load(block)
    name = fields.pop("environment")
    played = asyncio.run(play(episode(name, fields, MODELS), memory_gateway(simulate)))
    assert played.rows["episodes"][0]["status"] == "terminated"
    found = {row["metric"] for row in played.rows["outcomes"]}
    told = set(re.findall(r"`(\w+)`", NAMED[name])) - {"right_TASK"}
    assert told <= found
    assert ("right_TASK" in NAMED[name]) == any(one.startswith("right_") for one in found)


def test_every_environment_of_the_table_has_an_example() -> None:
    assert set(NAMED) == {YAML(typ="safe").load(block)["environment"] for block in BLOCKS}
