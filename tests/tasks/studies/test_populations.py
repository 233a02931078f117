"""Populations come from files and differ by condition; each distinct one is made once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from schemas.errors import Mistakes
from schemas.unit import Unit
from tasks.personas.draw import drawn_population
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.studies.design import design

from .conftest import Read

US = "size: 6\ntargets: {job: {nurse: 0.5, cook: 0.5}}\ntraits: big_five\n"
FR = "size: 4\nseed: 3\ntargets: {job: {nurse: 1.0}}\n"
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
    episodes = EpisodeStep().plan(
        resolved, Upstream(units={PopulationStep: populations, PersonaStep: people})
    )
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
    assert (fr.population.size, fr.population.seed, fr.population.traits) == (4, 3, ())
    assert few.population == us.population.model_copy(update={"size": 3})
    assert none.population is None
    assert "population.size" in few.factors
    populations, _, episodes = planned(study)
    assert [unit.spec.population.value.size for unit in populations] == [6, 4, 3]
    of: dict[str, set[str]] = {name: set() for name in ("us", "fr", "few", "none")}
    for unit in episodes:
        of[unit.condition] |= {one.profile for one in unit.spec.personas.values()}
    assert of["few"] <= of["us"]
    assert not of["us"] & of["fr"]
    assert of["none"] == set()


def test_a_population_is_a_factor(read: Read) -> None:
    study = read(
        NONE, more="factors:\n  population: {us: populations/us.yaml, fr: populations/fr.yaml}\n"
    )
    assert [one.name for one in design(study).conditions] == ["population=us", "population=fr"]
    again = type(study).model_validate(study.model_dump(mode="json"))
    assert design(again).version == design(study).version
    assert len(planned(study)[0]) == 2


def test_a_change_of_the_population_keeps_other_personas(read: Read) -> None:
    alone = read(NONE, more="population: populations/us.yaml\n")
    beside = read(
        NONE,
        more="population: populations/us.yaml\n"
        "conditions: {us: {}, fr: {population: populations/fr.yaml}}\n",
    )
    keys = {unit.key for unit in planned(alone)[0]}
    assert keys < {unit.key for unit in planned(beside)[0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("population: populations/nowhere.yaml", "no such file"),
        ("population.size: 0", "population.size: out of range"),
        ("population.size: true", "population.size: the wrong type"),
        ("population.sizes: 3", "unknown field"),
        ("population: {targets: {job: {nurse: 0.4}}}", "sum to 0.4"),
        ("population.prose: eve", "no model has this name"),
        ("population: {}", "the same as"),
    ],
)
def test_a_wrong_change_is_told_where_it_stands(read: Read, change: str, message: str) -> None:
    more = f"population: populations/us.yaml\nconditions:\n  us: {{}}\n  other: {{{change}}}\n"
    with pytest.raises(Mistakes, match=message) as raised:
        read(NONE, more=more)
    assert "study.yaml:14: conditions.other" in raised.value.message()


PEOPLE = "SEX,AGE,W\nf,20,1\nm,50,2\nf,70,1.5\n"
RAKED = """population:
  size: 8
  targets: {sex: {f: 0.5, m: 0.5}}
  method:
    use: ipf
    seed_table:
      file: people.csv
      columns: {sex: SEX, age: {column: AGE, below: {young: 30, old: .inf}}, w: W}
    weight: w
"""


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_of_a_file_become_part_of_the_study(read: Read, tmp_path: Path, suffix: str) -> None:
    frame = pl.read_csv(PEOPLE.encode())
    path = tmp_path / f"people.{suffix}"
    frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
    study = read(NONE, more=RAKED.replace("people.csv", path.name))
    path.unlink()
    assert study.population is not None
    drawn = drawn_population(study.population, "0" * 32)
    assert set(drawn.attributes["age"].categories) == {"young", "old"}
    assert drawn.attributes["sex"].shares().tolist() == [0.5, 0.5]
    again = type(study).model_validate(study.model_dump(mode="json"))
    assert design(again).version == design(study).version


def test_a_condition_takes_another_way_with_a_file_of_its_own(read: Read, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    study = read(
        NONE,
        more=RAKED + "conditions:\n  raked: {}\n  rows: {population: {size: 2, method: {use: "
        "dataset, draw: first, rows: {file: people.csv, columns: {sex: SEX}}}}}\n",
    )
    (tmp_path / "people.csv").unlink()
    spec = design(study).conditions[1].population
    assert spec is not None
    assert drawn_population(spec, "0" * 32).attributes["sex"].values() == ["f", "m"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("use: ipf", "use: ipff", "write ipf"),
        ("people.csv", "poeple.csv", "did you mean people.csv"),
        ("sex: SEX", "sex: SXE", "no column SXE"),
        ("young: 30, old: .inf", "young: 30, old: 60", "row 3: 70 in column AGE is above"),
        ("{sex: {f: 0.5, m: 0.5}}", "{sex: {f: 0.5, m: 0.4}}", "sum to 0.9"),
        ("{sex: {f: 0.5, m: 0.5}}", "{job: {f: 0.5, m: 0.5}}", "no column job"),
        ("{sex: {f: 0.5, m: 0.5}}", "{}", "needs targets"),
        ("{sex: {f: 0.5, m: 0.5}}", "{sex: {f: 0.5, x: 0.5}}", "no row with x"),
        (
            "{sex: {f: 0.5, m: 0.5}}",
            "{age: {young: 0.5, old: 0.5}, sex: {f: 1, m: 0}, "
            "age x sex: {young: {f: 0.9, m: 0}, old: {f: 0.1, m: 0}}}",
            "raking does not converge",
        ),
        ("weight: w", "wieght: w", "wieght"),
        ("weight: w", "weight: v", "no column v"),
        (
            "{sex: {f: 0.5, m: 0.5}}",
            "{sex x age: {f: {young: 0.5}, m: {old: 0.5}}}",
            "a cell is missing",
        ),
        ("size: 8", "size: 8\n  traits: {inventory: big_five, means: {openess: 1}}", "no trait"),
    ],
)
def test_a_population_that_cannot_be_made_is_refused_with_its_place(
    read: Read, tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE)
    assert old in RAKED
    with pytest.raises(Mistakes, match=message) as raised:
        read(NONE, more=RAKED.replace(old, new))
    assert "study.yaml:" in raised.value.message()
