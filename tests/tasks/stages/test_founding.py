"""The founding study's series are played as its public code and transcripts show them."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas.gateway import Question
from tasks.language import language_of
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.working import results_of
from tasks.studies.design import Design, design
from tasks.studies.load import load_study

FOLDER = Path(__file__).resolve().parents[3] / "studies" / "who_am_i"
#: Episodes, and lines of the failed provider that the others read, of each series.
SERIES = {
    "A": (21, 2), "B": (21, 0), "C": (21, 2), "E": (21, 6), "F": (21, 0), "G": (21, 1),
    "H": (15, 1), "I": (11, 1), "J": (11, 1), "K1": (15, 1), "K2": (15, 1), "K3": (15, 1),
}  # fmt: skip


def played(
    study: Design, conditions: set[str], gateway: Any
) -> dict[str, tuple[Any, list[Question]]]:
    """Rows of the first episode of some conditions, and the questions that it put."""
    step = EpisodeStep()
    units = [
        unit
        for unit in step.plan(study, Upstream())
        if unit.condition in conditions and unit.replicate == 1
    ]
    found = {}
    for unit in units:
        first = len(gateway.questions)
        [result] = asyncio.run(results_of(step, (unit,), {}, gateway))
        assert result.failure is None
        found[unit.condition] = result.rows, gateway.questions[first:]
    return found


@pytest.fixture(scope="module")
def founding() -> Design:
    return design(load_study(FOLDER / "who_am_i.yaml").study)


@pytest.fixture(scope="module")
def series(founding: Design, memory_gateway: Any, simulate: Any) -> Any:
    return played(founding, set(SERIES), memory_gateway(simulate))


def test_there_are_208_episodes_in_twelve_series(founding: Design) -> None:
    assert founding.study.replicates_of == {name: n for name, (n, _) in SERIES.items()}
    assert sum(founding.study.replicates_of.values()) == 208
    assert Counter(unit.condition for unit in EpisodeStep().plan(founding, Upstream())) == {
        name: n for name, (n, _) in SERIES.items()
    }


@pytest.mark.parametrize("name", SERIES)
def test_the_failed_provider_is_read_as_often_as_published(name: str, series: Any) -> None:
    rows, questions = series[name]
    told = [event for event in rows["events"] if event["item"] == "crash" and event["text"]]
    assert len(told) == SERIES[name][1]
    assert {event["actor"] for event in told} <= {"s7"}
    assert not any(event["kind"] == "say" and "⚠" in event["text"] for event in rows["events"])
    read = any("decommissioned" in one.text for ask in questions for one in ask.messages)
    assert read == bool(told)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("A", ("You are Agent-A in a group chat.", "Other participants: Agent-B, ")),
        ("B", ("You are Alpha in a group chat.", "Other participants: Bravo, ")),
        ("C", ("You are llama-3.3-70b in a group chat.", "Other participants: gpt-oss-120b, ")),
        ("F", ("You are an AI assistant.",)),
        ("K1", ("You are Agent-A in a group chat.",)),
        ("K2", ("Other participants: Agent-B, ",)),
        ("K3", ()),
    ],
)
def test_system_prompts_have_the_lines_of_their_series(
    name: str, first: tuple[str, ...], series: Any
) -> None:
    _, questions = series[name]
    of_first = [ask for ask in questions if ask.subject == "s1"]
    assert of_first
    for ask in of_first:
        system = [one.text for one in ask.messages if one.role == "system"]
        lines = [line for text in system for line in text.splitlines() if line]
        assert len(lines) == len(first)
        assert all(line.startswith(start) for line, start in zip(lines, first, strict=True))


def test_series_have_their_rounds_brief_and_temperature(series: Any) -> None:
    rounds = {name: rows["episodes"][0]["completed_rounds"] for name, (rows, _) in series.items()}
    assert rounds == {**dict.fromkeys(SERIES, 11), "B": 8, "F": 1, "J": 21}
    briefs = {name: rows["episodes"][0]["brief"] for name, (rows, _) in series.items()}
    assert {name for name, brief in briefs.items() if language_of(brief) == "en"} == {"G"}
    assert {name for name, brief in briefs.items() if "festival" in brief} == {"H"}
    heat = {(name, ask.model.temperature) for name, (_, asked) in series.items() for ask in asked}
    assert heat == {(name, 0.95 if name == "I" else 0.8) for name in SERIES}


def test_isolated_seats_read_their_own_words_alone(series: Any) -> None:
    rows, questions = series["F"]
    assert {event["audience"] for event in rows["events"] if event["kind"] == "say"} <= {
        f"s{place}" for place in range(1, 9)
    }
    assert all(len([m for m in ask.messages if m.role == "user"]) == 1 for ask in questions)


def test_every_condition_of_the_corrected_study_moves_one_factor() -> None:
    corrected = design(load_study(FOLDER / "corrected.yaml").study)
    moved = {one.name: sorted(one.factors) for one in corrected.conditions}
    assert moved.pop("mixed") == []
    assert {len(factors) for factors in moved.values()} == {1}, moved


def test_the_corrected_study_asks_and_tells_all_conditions_alike(
    memory_gateway: Any, simulate: Any
) -> None:
    corrected = design(load_study(FOLDER / "corrected.yaml").study)
    found = played(corrected, {"mixed", "isolated", "uniform_qwen"}, memory_gateway(simulate))
    asked = {name: len(rows["actions"]) for name, (rows, _) in found.items()}
    told = {
        name: sum(event["item"] == "crash" and bool(event["text"]) for event in rows["events"])
        for name, (rows, _) in found.items()
    }
    assert set(told.values()) == {2}
    assert len(set(asked.values())) == 1
    systems = {
        name: {one.text for ask in questions for one in ask.messages if one.role == "system"}
        for name, (_, questions) in found.items()
    }
    assert systems["mixed"] == systems["isolated"] == systems["uniform_qwen"]
