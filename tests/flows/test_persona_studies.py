"""Shipped studies of personas: short, sourced, and what is planted in them comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.studies.load import load_study

if TYPE_CHECKING:
    from conftest import Ran

STUDIES = Path(__file__).resolve().parents[2] / "studies" / "personas"
MOST_LINES = 60
OURS = (
    "adherence",
    "classroom",
    "designed_agents",
    "dialogue_traits",
    "impatient_users",
    "performance",
    "scenes",
    "self_concept",
)


@pytest.mark.parametrize("name", OURS)
def test_a_study_of_personas_is_short_and_says_what_it_rebuilds(name: str) -> None:
    path = STUDIES / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert text.startswith("# ")
    study = load_study(path).study
    assert study.name == name
    assert study.reproduces is not None
    assert study.expect
    assert all(model.simulated for model in study.models.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["designed_agents", "impatient_users", "self_concept"])
async def test_what_was_planted_comes_out(name: str, ran: Ran) -> None:
    report = await ran(STUDIES / f"{name}.yaml")
    assert report.checked
    assert [one.sentence for one in report.checked if not one.passed] == []
