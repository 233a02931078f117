"""The guides to probes, interventions and memories, followed."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.study import ModelSpec
from tasks.episodes import Episode, Played, play
from tasks.episodes.parts import part_problems, parts_and_params
from tasks.episodes.probes import Probe
from tasks.studies.yamltext import document
from tests.tasks.episodes.games import episode

DOCS = Path(__file__).resolve().parents[3] / "docs"
MODELS = {"ana": ModelSpec(model="sim/agent"), "ben": ModelSpec(model="sim/reserved")}


def declared(page: str) -> Episode:
    """The episode that a page declares."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    section: Mapping[str, Any] = document(block, page).value["episode"]
    parts, params = parts_and_params({k: v for k, v in section.items() if k != "environment"})
    return episode(section["environment"], params, MODELS, **parts)


def played(one: Episode, gateway: Any) -> Played:
    found = asyncio.run(play(one, gateway))
    assert found.failure is None
    return found


def test_the_probes_of_the_guide_are_asked_when_it_says(memory_gateway: Any, simulate: Any) -> None:
    rows = played(declared("add_a_probe.md"), memory_gateway(simulate)).rows["responses"]

    def times(instrument: str) -> list[tuple[int, str]]:
        return [
            (row["after_rounds"], row["seat"]) for row in rows if row["instrument"] == instrument
        ]

    seats = ("s1", "s2", "s3")
    assert times("plan") == [(2, "s1"), (2, "s2")]
    rounds = sorted({round_ for round_, _ in times("trust")})
    assert rounds[:2] == [0, 3]
    assert times("trust") == [(round_, seat) for round_ in rounds for seat in seats]
    assert {row["item"] for row in rows if row["instrument"] == "mood"} == {"calm", "hopeful"}
    assert all(row["value"] in range(1, 8) for row in rows if row["instrument"] == "trust")


def test_the_guides_form_of_answer_stores_a_label_and_its_place(modules_of_page: Any) -> None:
    (module,) = modules_of_page("add_a_probe.md", "labels")
    labels = module.Labels(labels=("never", "sometimes", "often"))
    probe = Probe(name="calm", ask="Do you feel calm?", at=("end",)).model_copy(
        update={"answer": labels}
    )
    assert "from low to high: never, sometimes, often." in probe.prompt("calm")
    schema = probe.answer_schema
    assert schema is not None
    assert probe.response(schema(answer="sometimes")) == (2.0, "sometimes")
    with pytest.raises(ValidationError):
        schema(answer="always")


def test_the_interventions_of_the_guide_happen_when_it_says(
    memory_gateway: Any, simulate: Any
) -> None:
    rows = played(declared("add_an_intervention.md"), memory_gateway(simulate)).rows
    happened = [
        (event["item"], event["round"]) for event in rows["events"] if event["kind"] == "intervene"
    ]
    assert happened == [("crash", 3), ("inject", 6)][: len(happened)]
    assert happened
    asked = {(row["seat"], row["round"]) for row in rows["actions"] if not row["absent"]}
    assert max(round_ for seat, round_ in asked if seat == "s2") == 2


# The kind is registered nowhere, which the serializer of the parts remarks on.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_the_guides_intervention_exchanges_two_models(
    memory_gateway: Any, modules_of_page: Any
) -> None:
    (module,) = modules_of_page("add_an_intervention.md", "exchange")
    one = episode("commons", {"seats": ["m", "n", "m"], "months": 4, "talk_rounds": 0})

    def scheduled(*seats: int) -> Episode:
        exchange = module.Exchange.model_validate(
            {"do": "exchange", "seats": seats, "at": {"after_rounds": 2}}
        )
        parts = one.parts.model_copy(update={"interventions": (exchange,)})
        return dataclasses.replace(one, parts=parts)

    gateway = memory_gateway(lambda question: '{"amount": 5}')
    rows = played(scheduled(1, 2), gateway).rows
    asked = [question.model.model for question in gateway.questions if question.subject == "s1"]
    assert asked == ["sim/agent"] * 2 + ["sim/reserved"] * 2
    told = [(event["target"], event["data"]) for event in rows["events"] if event["item"]]
    assert ("s2", {"model": "m"}) in told

    def problems(*seats: int) -> list[str]:
        found = part_problems(scheduled(*seats).parts, one.roster, None)
        return [problem for _, problem in found]

    assert problems(1, 2) == []
    assert problems(1, 3) == ["both seats have the same model"]
    assert "no seat 4" in problems(1, 4)[0]


def test_the_summaries_of_the_guide_are_kept(memory_gateway: Any, simulate: Any) -> None:
    rows = played(declared("add_a_memory.md"), memory_gateway(simulate)).rows
    noted = [row for row in rows["events"] if row["phase"] == "memory"]
    assert {row["item"] for row in noted} == {"summary"}
    assert all(row["data"]["seqs"] for row in noted)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_the_guides_memory_shows_both_ends_and_the_topics_between(
    memory_gateway: Any, modules_of_page: Any, tmp_path: Path
) -> None:
    (module,) = modules_of_page("add_a_memory.md", "ends")
    page = (DOCS / "add_a_memory.md").read_text()
    (prompts,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "prompts").mkdir()
    for line in prompts.splitlines():
        name, template = line.split(maxsplit=1)
        (tmp_path / "prompts" / name).write_text(template)
    one = episode("discussion", {"brief": "Talk.", "rounds": 3, "seats": ["m", "m"]})
    memory = module.EndsMemory.model_validate({"kind": "ends"})
    one = dataclasses.replace(one, parts=one.parts.model_copy(update={"memory": memory}))

    def respond(question: Any) -> Any:
        if question.answer is None:
            return f"Words {question.ordinal}."
        return '{"topics": ["bridge", "boats"]}'

    gateway = memory_gateway(respond)
    rows = played(one, gateway).rows
    last = [question for question in gateway.questions if question.purpose == "agent"][-1]
    said = [row["text"] for row in rows["events"] if row["kind"] == "say"]
    shown = [message.text for message in last.messages[2:]]
    assert shown == [
        "Topics so far: bridge, boats.",
        f"[Agent-A]: {said[0]}",
        said[3],
        f"[Agent-A]: {said[4]}",
    ]
    (listed,) = [row for row in rows["events"] if row["actor"] == "s1" and row["kind"] == "state"]
    assert (listed["item"], listed["text"]) == ("topics", "bridge, boats")
    assert listed["data"] == {"seqs": [0, 1, 2, 3], "upto": 4, "failure": None}
