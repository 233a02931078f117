"""The pages about populations, followed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schemas.study.population import PopulationSpec
from tasks.personas.draw import drawn_population
from tasks.personas.methods.method import PersonaMethod
from tasks.personas.methods.registry import METHODS
from tasks.registry import Registry
from tasks.studies.strict import validated

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def quota(modules_of_page: Any, monkeypatch: pytest.MonkeyPatch) -> PersonaMethod[Any]:
    """The method of the guide, made and registered by following it."""
    (module,) = modules_of_page("add_a_persona_method.md", "quota")
    method: PersonaMethod[Any] = module.Quota()
    wider: Registry[PersonaMethod[Any]] = Registry("method", (*METHODS.values(), method), "")
    monkeypatch.setattr("tasks.personas.methods.registry.METHODS", wider)
    return method


def test_the_method_of_the_guide_fills_its_quotas(quota: PersonaMethod[Any]) -> None:
    page = (DOCS / "add_a_persona_method.md").read_text(encoding="utf-8")
    (written,) = re.findall(r"`method: (\{use: quota.*?\}\})`, with `size: 8`", page)
    spec = PopulationSpec(size=8, method=YAML(typ="safe").load(written))
    assert list(quota.problems(spec, quota.params.model_validate(spec.method.options))) == []
    assert drawn_population(spec, "0" * 32).attributes["sex"].values().count("female") == 4
    other = spec.model_copy(update={"size": 7})
    (problem,) = quota.problems(other, quota.params.model_validate(spec.method.options))
    assert problem[1] == "they add up to 8, and size is 7"


def test_the_page_lists_every_method_as_it_describes_itself() -> None:
    page = (DOCS / "populations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", page, re.MULTILINE)
    assert rows[1:] == [(method.name, method.about) for method in METHODS.values()]


def test_the_population_of_the_page_can_be_made() -> None:
    page = (DOCS / "populations.md").read_text(encoding="utf-8")
    whole, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    spec = validated(PopulationSpec, YAML(typ="safe").load(whole)["population"])
    population = drawn_population(spec, "0" * 32)
    assert set(population.attributes) == {"sex", "age_group", "education"}
