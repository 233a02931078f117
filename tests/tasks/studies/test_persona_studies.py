"""The studies of personas that are shipped: short, readable, and with a known answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.stages.base import Upstream
from tasks.stages.populations import PopulationStep
from tasks.studies.design import design
from tasks.studies.load import load_study

STUDIES = Path(__file__).resolve().parents[3] / "studies" / "personas"
ALL = sorted(STUDIES.glob("*.yaml"))
MAX_LINES = 60


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_study_is_short_says_what_it_is_and_can_be_planned(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert text.startswith("# ")
    study = load_study(path).study
    assert study.name == path.stem
    assert study.expect
    assert PopulationStep().plan(design(study), Upstream())


def test_the_population_of_types_has_each_type_as_often() -> None:
    from tasks.personas.draw import drawn_population

    population = load_study(STUDIES / "virtual_characters.yaml").study.population
    assert population is not None
    drawn = drawn_population(population, "0" * 32)
    assert drawn.attributes["mbti_type"].shares().tolist() == [1 / 16] * 16
    assert drawn.rules["introverts_are_i"].pass_rate == 1


def test_incomes_follow_what_is_declared() -> None:
    import numpy as np

    from tasks.personas.draw import drawn_population

    population = load_study(STUDIES / "occupational_incomes.yaml").study.population
    assert population is not None
    drawn = drawn_population(population, "0" * 32)
    incomes = drawn.attributes["income"].numbers()
    place = {name: np.array(drawn.attributes[name].values()) for name in ("sex", "occupation")}
    older = drawn.attributes["age"].numbers() >= 35
    clerks = (place["occupation"] == "clerk") & (place["sex"] == "male") & older
    assert np.median(incomes[clerks]) == pytest.approx(42_000, rel=0.1)
