"""The JSON Schema of a study takes what the loader takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tasks.studies.jsonschema import study_schema
from tasks.studies.yamltext import document

ROOT = Path(__file__).resolve().parents[3]
BAD = Path(__file__).parent / "bad"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = study_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


STUDIES = ROOT / "studies"
SHIPPED = sorted(
    path
    for folder in (STUDIES, STUDIES / "personas", STUDIES / "discussions", STUDIES / "who_am_i")
    for path in folder.glob("*.yaml")
    if path.name != "codebook.yaml"
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_takes_the_studies_that_are_shipped(path: Path, validator: Any) -> None:
    study = document(path.read_text(encoding="utf-8"), "").value
    assert [error.message for error in validator.iter_errors(study)] == []


@pytest.mark.parametrize(
    "name",
    [
        "bad_word",
        "missing_field",
        "number_for_text",
        "unknown_environment",
        "unknown_field",
        "unknown_parameter_in_condition",
        "wrong_type",
        "zero_replicates",
    ],
)
def test_refuses_what_is_wrong_in_shape(name: str, validator: Any) -> None:
    study = document((BAD / f"{name}.yaml").read_text(encoding="utf-8"), "").value
    assert list(validator.iter_errors(study))


def test_every_field_of_a_study_is_described() -> None:
    for name, field in study_schema()["properties"].items():
        assert field.get("description"), name


def test_takes_what_conditions_and_factors_may_change(validator: Any) -> None:
    study = document(
        "name: s\nmodels: {ana: {model: sim/talkative}}\npopulation: populations/us.yaml\n"
        "episode: {environment: discussion, brief: Talk., rounds: 3, seats: [ana]}\n"
        "factors: {memory.size: [3, 9], seats: {one: [ana], two: [ana, ana]}}\n"
        "conditions: {few: {population.size: 3}, other: {population: populations/fr.yaml}}\n",
        "s.yaml",
    ).value
    assert [error.message for error in validator.iter_errors(study)] == []
