"""Files of personas lose nothing that their format has a place for."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
import scipy.special  # noqa: F401 - takes longer than an example may
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.inventories import INTENSITY_FACTORS, INVENTORIES, LEVELS
from schemas.names import checked_name
from schemas.study.population import PopulationSpec
from tasks.personas.draw import drawn_population
from tasks.personas.formats import json_lines, parquet, tinytroupe
from tasks.personas.formats.files import FORMATS, personas_of_file
from tasks.personas.listed import ListedPersona
from tasks.personas.methods.fixed import FixedParams
from tasks.personas.scores import level_of_score, quantiles_of, score_of_quantile
from tasks.studies.files import StudyFiles
from tasks.studies.strict import validated

FIVE = INVENTORIES["big_five"]


def is_name(text: str) -> bool:
    try:
        return checked_name(text) == text
    except ValueError:
        return False


names = st.text(min_size=1, max_size=12).filter(is_name)
words = st.text(min_size=1, max_size=60).filter(lambda text: "\0" not in text)
scores = st.floats(-8, 8)


@st.composite
def populations(draw: Callable[..., Any]) -> list[ListedPersona]:
    """Personas of one population: the same attributes, traits and factors for each."""
    attributes = draw(st.lists(names, max_size=4, unique=True))
    traits = draw(st.lists(st.sampled_from(FIVE), max_size=3, unique=True))
    factors = draw(st.lists(st.sampled_from(INTENSITY_FACTORS), max_size=2, unique=True))
    return [
        ListedPersona(
            name=draw(names),
            attributes={name: draw(words) for name in attributes},
            traits={trait: draw(scores | st.sampled_from(LEVELS)) for trait in traits},
            intensity={
                trait: {factor: draw(st.integers(1, 5)) for factor in factors}
                for trait in traits
                if factors
            },
            texts=draw(st.dictionaries(names, words, max_size=3)),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]


@given(populations())
def test_json_lines_give_back_what_was_written(people: list[ListedPersona]) -> None:
    text = json_lines.written(people).decode()
    assert list(json_lines.read(text, "a.jsonl")) == people


@given(populations())
def test_parquet_gives_back_what_was_written(people: list[ListedPersona]) -> None:
    assert list(parquet.read(parquet.written(people), "a.parquet")) == people


#: Names and words as TinyTroupe's own files have them; a sentence is a text, a few words a value.
plain_names = st.from_regex(r"[a-z]{2,8}(_[a-z]{2,8})?", fullmatch=True).filter(
    lambda name: name not in {"name", "gender", "sex", "personality"}
)
few_words = st.from_regex(r"[A-Z][a-z]{1,8}( [a-z]{1,8}){0,3}", fullmatch=True)
sentences = st.from_regex(r"[A-Z][a-z]{1,8}( [a-z]{1,8}){1,5}\.", fullmatch=True)


@given(st.data())
def test_tinytroupe_gives_back_what_a_specification_has_a_place_for(data: st.DataObject) -> None:
    paths = data.draw(st.lists(plain_names, min_size=1, max_size=6, unique=True))
    of_attributes, of_texts = paths[::2], paths[1::2]
    people = [
        ListedPersona(
            name=data.draw(few_words),
            attributes={
                "age": str(data.draw(st.integers(0, 99))),
                **({"sex": data.draw(few_words)} if len(paths) > 2 else {}),
                **{name: data.draw(few_words) for name in of_attributes},
            },
            traits={trait: data.draw(st.sampled_from(LEVELS)) for trait in FIVE},
            texts={name: data.draw(sentences) for name in of_texts},
        )
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    assert list(tinytroupe.read(tinytroupe.written(people).decode(), "a.json")) == people


lists = st.lists(sentences, min_size=1, max_size=3)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_specification_of_tinytroupe_comes_back_as_it_was(data: st.DataObject) -> None:
    levels = st.sampled_from(["High", "Medium", "Low", "Very high", "Very low"])
    spec = {
        "type": "TinyPerson",
        "persona": {
            "name": data.draw(few_words),
            "age": data.draw(st.integers(1, 99)),
            "gender": data.draw(few_words),
            "nationality": data.draw(few_words),
            "residence": data.draw(few_words),
            "education": data.draw(few_words | sentences),
            "long_term_goals": data.draw(lists),
            "occupation": {
                "title": data.draw(few_words),
                "organization": data.draw(few_words),
                "description": data.draw(sentences),
            },
            "style": data.draw(sentences),
            "personality": {
                "traits": data.draw(lists),
                "big_five": {
                    trait: f"{data.draw(levels)}. {data.draw(sentences)}" for trait in FIVE
                },
            },
            "preferences": {"likes": data.draw(lists), "dislikes": data.draw(lists)},
            "behaviors": {"general": data.draw(lists), "routines": {"morning": data.draw(lists)}},
            "relationships": [{"name": data.draw(few_words), "description": data.draw(sentences)}],
        },
    }
    (persona,) = tinytroupe.read(json.dumps(spec), "lisa.agent.json")
    assert persona.traits.keys() == set(FIVE)
    assert persona.attributes["occupation"] == spec["persona"]["occupation"]["title"]  # type: ignore[index]
    again = orjson.loads(tinytroupe.written_one(persona))
    assert again == spec


@given(scores)
def test_an_exported_score_gives_the_same_level_and_quantile(score: float) -> None:
    (quantile,) = quantiles_of(np.array([score]))
    (again,) = score_of_quantile(np.array([quantile]))
    assert quantiles_of(np.array([again]))[0] == pytest.approx(quantile, abs=1e-12)
    assert level_of_score(float(again)) == level_of_score(round(score, 12)) or abs(score) > 6


def test_a_value_that_not_every_persona_has_in_a_few_words_is_a_text() -> None:
    specs = [
        {"persona": {"name": "Ann", "education": "PhD", "job": "cook"}},
        {"persona": {"name": "Ben", "education": "He left school early, and never went back."}},
    ]
    ann, ben = tinytroupe.read(json.dumps(specs), "two.json")
    assert ann.texts == {"education": "PhD", "job": "cook"}
    assert ben.texts.keys() == {"education"}
    assert ann.attributes == ben.attributes == {}


PEOPLE = [
    ListedPersona(
        name=name,
        attributes={"job": job},
        traits={"openness": score},
        intensity={"openness": {"frequency": 3}},
        texts={"weekday": f"{name} is up early."},
    )
    for name, job, score in (("Ann", "cook", 0.25), ("Ben", "nurse", -1.5))
]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_population_is_made_of_a_file(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"people{suffix}").write_bytes(FORMATS[suffix].written(PEOPLE))
    spec = made_of(tmp_path, f"people{suffix}")
    drawn = drawn_population(spec, "0" * 32)
    assert drawn.names == ["Ann", "Ben"]
    assert drawn.attributes["job"].values() == ["cook", "nurse"]
    assert [LEVELS[level] for level in drawn.traits["openness"].levels] == ["average", "low"]
    assert drawn.texts == {"weekday": ("Ann is up early.", "Ben is up early.")}
    if suffix != ".json":
        assert drawn.traits["openness"].intensity["frequency"].tolist() == [3, 3]


def made_of(folder: Path, name: str) -> PopulationSpec:
    """A population whose personas stand in a file, as a study has it."""
    files = StudyFiles(folder, "study.yaml")
    listed = validated(FixedParams, {"personas": {"file": name}}, files.context)
    return PopulationSpec(
        size=len(listed.personas),
        traits="big_five",  # type: ignore[arg-type]
        method={"use": "fixed", "options": listed.model_dump()},  # type: ignore[arg-type]
    )


def test_a_folder_of_tinytroupe_agents_is_a_population(tmp_path: Path) -> None:
    for one in PEOPLE:
        (tmp_path / f"{one.name}.agent.json").write_bytes(tinytroupe.written_one(one))
    (tmp_path / "notes.txt").write_text("nothing")
    people = personas_of_file(tmp_path, "agents")
    assert [one.name for one in people] == ["Ann", "Ben"]
    assert people[0].attributes == {"job": "cook"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"name": "Ann"}\n{"nme": "Ben"}\n', "a.jsonl:2: nme"),
        ("a.jsonl", b'{"name": "Ann"}\nno\n', "a.jsonl:2"),
        ("a.jsonl", b'{"traits": {"openness": "tall"}}\n', "a.jsonl:1: traits.openness"),
        ("a.jsonl", b'{"intensity": {"openness": {"depth": 6}}}\n', "less than or equal to 5"),
        ("a.jsonl", b"\n\n", "no personas in it"),
        ("a.json", b'{"name": "Ann"}', "no specification of TinyTroupe"),
        ("a.json", b"[]", "no personas in it"),
        ("a.parquet", b"PAR1", "cannot be read as a table"),
        ("a.csv", b"name\nAnn\n", "no format of personas has this suffix"),
    ],
)
def test_a_file_that_holds_something_else_is_refused_with_its_place(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Mistake) as refused:
        personas_of_file(tmp_path / name, name)
    assert message in refused.value.message()


def test_a_table_of_something_else_is_refused() -> None:
    out = io.BytesIO()
    pl.DataFrame({"name": ["Ann"], "age": [3]}).write_parquet(out)
    with pytest.raises(Mistake, match="no part of a persona"):
        list(parquet.read(out.getvalue(), "a.parquet"))
