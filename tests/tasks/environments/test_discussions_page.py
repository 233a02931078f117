"""The page about discussions: its examples hold, and the study that it shows can be played."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk.floors import Floor, Order
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.episodes.games import members

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "discussions.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
STUDIES = [block for block in BLOCKS if block.startswith("name:")]
LINES = [line for block in BLOCKS if block not in STUDIES for line in block.splitlines()]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_is_a_part_of_a_protocol(line: str) -> None:
    given = YAML(typ="safe").load(line)
    (part,) = given
    if part == "stop":
        given["may_pass"] = True
    seats = [{"model": name} for name in ("slow", "b", "c", "d", "e", "f")]
    if part == "visibility":
        given["speakers"] = [1, 2, 3, 4]
    DiscussionParams.model_validate({"brief": "Talk.", "seats": seats, **given})


def test_the_page_lists_every_floor() -> None:
    (listed,) = re.findall(r"^\| `floor` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    _, kinds = get_args(Floor)
    named = [
        get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(kinds)[0])
    ]
    assert re.findall(r"`(\w+)`", listed) == list(get_args(Order))
    assert re.findall(r"kind: (\w+)", listed) == named


def played(text: str, tmp_path: Path, respond: Any, gateway: Any) -> dict[str, Any]:
    """Rows of an episode by condition, and the questions that were asked in it."""
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    study = load_study(path).study
    found = {}
    for condition in design(study).conditions:
        assert isinstance(condition.params, DiscussionParams)
        used = gateway(respond)
        seats = seats_of(Discussion(), condition.params, study.models, 1)
        models = dict(study.models)
        given = Episode("1" * 32, Discussion(), condition.params, seats, models, 1)
        result = asyncio.run(play(dataclasses.replace(given, parts=condition.parts), used))
        assert result.failure is None
        found[condition.name] = (result.rows, used.questions)
    return found


def heard(rows: Any) -> list[int]:
    """How many events the last prompt of each seat showed."""
    last = {row["seat"]: row["seqs"] for row in rows["exposures"]}
    return [sum(span["last"] - span["first"] + 1 for span in seqs) for seqs in last.values()]


def test_the_protocols_of_the_page_are_played_side_by_side(
    tmp_path: Path, memory_gateway: Any, simulate: Any
) -> None:
    found = played(STUDIES[0], tmp_path, simulate, memory_gateway)
    said = {
        name: [event for event in rows["events"] if event["kind"] == "say"]
        for name, (rows, _) in found.items()
    }
    assert all(event["actor"] != "s1" for event in said["panel"])
    assert len(said["panel"]) == 16
    assert 0 < len(said["reactive"]) <= 20
    workshop = [event["actor"] for event in said["workshop"]]
    assert workshop[:6] == ["s1", "s2", "s3", "s4", "s5", "s1"]
    assert {len(shown) for shown in members(found["rumour"][0])} == {2}
    assert heard(found["story_chain"][0]) == [3] * 5
    _, asked = found["delphi"]
    read = [message.text for message in asked[5].messages if message.text.startswith("[")]
    assert [text.partition(":")[0] for text in read] == ["[Another participant]"] * 4
    first = [event["actor"] for event in said["dyads"]][:4]
    assert (set(first[:2]), set(first[2:])) == ({"s1", "s2"}, {"s3", "s4"})
    words = [question.messages[-1].text for question in found["dyads"][1][:4]]
    assert [text.split()[0] for text in words] == ["Convince", "Convince", "Say", "Say"]


def test_the_trials_of_the_page_are_held(
    tmp_path: Path, memory_gateway: Any, simulate: Any
) -> None:
    found = played(STUDIES[1], tmp_path, simulate, memory_gateway)
    for name, (rows, _) in found.items():
        said = [event for event in rows["events"] if event["kind"] == "say"]
        speakers = [event["actor"] for event in said if event["phase"] != "conference"]
        rest = ["s2", "s4", "s1", "s3"] if name != "short" else ["s2", "s4"]
        assert speakers == ["s1", "s3", *rest]
        (verdict,) = (event for event in rows["events"] if event["kind"] == "choose")
        assert verdict["actor"] == "s5"
        assert 0 <= verdict["value"] <= 100
        seen = {event["seq"] for event in said if "s5" in members(rows)[event["seq"]]}
        private = {event["seq"] for event in said if event["phase"] == "conference"}
        assert seen.isdisjoint(private) is (name != "overheard")


def test_the_controls_of_the_page_ask_as_often_as_the_group(
    tmp_path: Path, memory_gateway: Any, simulate: Any
) -> None:
    """The yoked condition is played as one that reads its own group; it needs a donor's rows."""
    (text,) = (one for one in STUDIES if one.startswith("name: controls"))
    found = played(text, tmp_path, simulate, memory_gateway)
    assert {len(questions) for _, questions in found.values()} == {9}
    together, isolated = found["together"][1], found["isolated"][1]
    for one, other in zip(isolated, together, strict=True):
        mine = [message for message in other.messages if not message.text.startswith("[")]
        assert [one.messages[0], one.messages[1]] == mine[:2]
        assert not [message for message in one.messages if message.text.startswith("[")]
        assert one.subject == other.subject
