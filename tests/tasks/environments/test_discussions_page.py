"""The page about discussions: its examples hold, and the study that it shows can be played."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter
from ruamel.yaml import YAML

from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk.decisions import Decision
from tasks.environments.talk.floors import Order
from tasks.environments.talk.visibility import Visibility
from tasks.episodes import play
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.episodes.games import episode

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "discussions.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("line", [line for block in BLOCKS[:-1] for line in block.splitlines()])
def test_every_line_of_the_page_is_a_part_of_a_protocol(line: str) -> None:
    ((part, value),) = YAML(typ="safe").load(line).items()
    kind: Any = {"visibility": Visibility, "decision": Decision}[part]
    TypeAdapter(kind).validate_python(value)


def test_the_page_lists_every_floor() -> None:
    (listed,) = re.findall(r"^\| `floor` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", listed)) == get_args(Order)


def test_the_study_of_the_page_is_played_in_every_condition(
    tmp_path: Path, memory_gateway: Any
) -> None:
    path = tmp_path / "story_chain.yaml"
    path.write_text(BLOCKS[-1], encoding="utf-8")
    study = load_study(path).study
    heard = {}
    for condition in design(study).conditions:
        assert isinstance(condition.params, DiscussionParams)
        given = condition.params.model_dump(exclude_defaults=True)
        gateway = memory_gateway(lambda question: f"version {question.ordinal}")
        rows = asyncio.run(play(episode("discussion", given, study.models), gateway)).rows
        last = {row["seat"]: row["seqs"] for row in rows["exposures"]}
        heard[condition.name] = [
            sum(span["last"] - span["first"] + 1 for span in seqs) for seqs in last.values()
        ]
    assert heard["alone"] == [5] * 5
    assert heard["crowd"] == [25] * 5
    assert heard["chain"] == [10, 15, 15, 15, 10]
    assert heard["circle"] == [15] * 5
    assert len(heard["villages"]) == 6
