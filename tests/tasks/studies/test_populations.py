"""Populations come from files and differ by condition; each distinct one is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import Mistakes
from schemas.unit import Unit
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.studies.design import design

from .conftest import Read

US = "size: 6\nshares: {job: {nurse: 0.5, cook: 0.5}}\ntraits: big_five\n"
FR = "size: 4\nseed: 3\nshares: {job: {nurse: 1.0}}\n"
NONE = ("conditions:\n  baseline:\n  named: {names: model}\n", "")


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "populations").mkdir()
    (tmp_path / "populations" / "us.yaml").write_text(US)
    (tmp_path / "populations" / "fr.yaml").write_text(FR)


def planned(study: object) -> tuple[list[Unit], list[Unit], list[Unit]]:
    resolved = design(study)
    populations = PopulationStep().plan(resolved, Upstream())
    people = PersonaStep().plan(resolved, Upstream(units={PopulationStep: populations}))
    episodes = EpisodeStep().plan(resolved, Upstream(units={PersonaStep: people}))
    return list(populations), list(people), list(episodes)


def test_a_population_comes_from_a_file(read: Read) -> None:
    by_file = read(more="population: populations/us.yaml\n")
    in_place = read(more=f"population: {{{', '.join(US.strip().splitlines())}}}\n")
    assert by_file.population == in_place.population
    assert design(by_file).version == design(in_place).version


def test_conditions_differ_in_their_population(read: Read) -> None:
    study = read(
        NONE,
        more="population: populations/us.yaml\n"
        "conditions: {us: {}, fr: {population: populations/fr.yaml}, few: {population.size: 3}, "
        "none: {population: null}}\n",
    )
    us, fr, few, none = design(study).conditions
    assert us.population is not None
    assert fr.population is not None
    assert (fr.population.size, fr.population.seed, fr.population.traits) == (4, 3, "none")
    assert few.population == us.population.model_copy(update={"size": 3})
    assert none.population is None
    assert "population.size" in few.factors
    populations, people, episodes = planned(study)
    assert len(populations) == 2
    assert len(people) == 6 + 4
    digests = {unit.key: unit.spec.population.digest for unit in people}
    of = {
        name: {digests[key] for unit in episodes if unit.condition == name for key in unit.upstream}
        for name in ("us", "fr", "few", "none")
    }
    assert of["us"] == of["few"] != of["fr"]
    assert of["none"] == set()


def test_a_population_is_a_factor(read: Read) -> None:
    study = read(
        NONE, more="factors:\n  population: {us: populations/us.yaml, fr: populations/fr.yaml}\n"
    )
    assert [one.name for one in design(study).conditions] == ["population=us", "population=fr"]
    again = type(study).model_validate(study.model_dump(mode="json"))
    assert design(again).version == design(study).version
    assert len(planned(study)[1]) == 10


def test_a_change_of_the_population_keeps_other_personas(read: Read) -> None:
    alone = read(NONE, more="population: populations/us.yaml\n")
    beside = read(
        NONE,
        more="population: populations/us.yaml\n"
        "conditions: {us: {}, fr: {population: populations/fr.yaml}}\n",
    )
    keys = {unit.key for unit in planned(alone)[1]}
    assert keys < {unit.key for unit in planned(beside)[1]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("population: populations/nowhere.yaml", "no such file"),
        ("population.size: 0", "population.size: out of range"),
        ("population.size: true", "population.size: the wrong type"),
        ("population.sizes: 3", "unknown field"),
        ("population: {shares: {job: {nurse: 0.4}}}", "sum to 0.4"),
        ("population.prose: eve", "no model has this name"),
        ("population: {}", "the same as"),
    ],
)
def test_a_wrong_change_is_told_where_it_stands(read: Read, change: str, message: str) -> None:
    more = f"population: populations/us.yaml\nconditions:\n  us: {{}}\n  other: {{{change}}}\n"
    with pytest.raises(Mistakes, match=message) as raised:
        read(NONE, more=more)
    assert "study.yaml:14: conditions.other" in raised.value.message()
