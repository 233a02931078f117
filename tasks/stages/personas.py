"""The step that makes personas: the population, and a unit for each persona."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from pydantic import Field

from schemas.base import Record
from schemas.gateway import Gateway, Message, Question
from schemas.keys import canonical_json, digest
from schemas.study import ModelSpec, PopulationSpec
from schemas.unit import Failure, Read, Result, Stage, Unit
from tasks.models.budget import BudgetSpent
from tasks.personas.draw import Drawn, drawn
from tasks.personas.words import persona_text
from tasks.stages.base import Upstream
from tasks.studies.cells import Design

if TYPE_CHECKING:
    import polars as pl

_TEMPLATE = Path(__file__).parent / "prompts" / "biography.md"


class Biography(Record):
    """A biography."""

    biography: str = Field(min_length=1, description="The biography, without a name.")


class PersonaStep:
    """Draws personas from declared shares and, if asked, has a model write their biographies."""

    stage: Stage = "personas"
    name = "personas"
    recipe = 1
    writes = (
        "populations",
        "population_targets",
        "personas",
        "persona_traits",
        "persona_attributes",
    )
    asks_models = True
    shard = 64

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit for the population, and one for each persona."""
        spec = design.study.population
        if spec is None:
            return ()
        model = design.study.models[spec.prose] if spec.prose else None
        key = self._population_key(spec, model)
        population = spec.model_dump(mode="json", exclude={"size"})
        shared = {
            "population_key": key,
            "population": population,
            "model": model.model_dump(mode="json") if model else None,
        }
        first = Unit(
            self.stage, self.name, digest("population unit", key), shared, label="population"
        )
        return (
            first,
            *(
                Unit(
                    stage=self.stage,
                    step=self.name,
                    key=digest("persona", key, position),
                    spec={**shared, "position": position},
                    label=f"persona {position}",
                    upstream=(first.key,),
                )
                for position in range(1, spec.size + 1)
            ),
        )

    def _population_key(self, spec: PopulationSpec, model: ModelSpec | None) -> str:
        declared = spec.model_dump(mode="json", exclude={"size", "prose"})
        prose = None
        if model is not None:
            prose = [model.identity(), digest(_TEMPLATE.read_text(encoding="utf-8"))]
        return digest("population", self.recipe, declared, prose)

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Nothing."""
        return ()

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The population and its personas."""
        return list(await asyncio.gather(*(self._result(unit, gateway) for unit in units)))

    async def _result(self, unit: Unit, gateway: Gateway) -> Result:
        # Sizes are no part of a population's identity; drawing one persona needs none.
        spec = PopulationSpec.model_validate({**unit.spec["population"], "size": 1})
        key = unit.spec["population_key"]
        if "position" not in unit.spec:
            return Result(unit, _population_rows(unit, spec, key))
        person = drawn(spec, key, unit.spec["position"])
        biography, call_key = "", None
        if unit.spec["model"] is not None:
            try:
                answer = await gateway.ask(_question(unit, person))
            except BudgetSpent as spent:
                return Result(unit, gateway.rows(unit.key), Failure("budget", spent.message()))
            if answer.failure is not None:
                return Result(unit, gateway.rows(unit.key), answer.failure)
            biography, call_key = answer.value.biography, answer.call_key
        return Result(
            unit,
            {**_persona_rows(unit, person, biography, call_key), **gateway.rows(unit.key)},
        )


@cache
def _template(text: str) -> jinja2.Template:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(text)


@lru_cache(maxsize=64)
def _model(spec: bytes) -> ModelSpec:
    return ModelSpec.model_validate_json(spec)


def _question(unit: Unit, person: Drawn) -> Question:
    levels = {trait: one.level for trait, one in person.traits.items()}
    text = _template(_TEMPLATE.read_text(encoding="utf-8")).render(
        description=persona_text(person.attributes, levels)
    )
    return Question(
        model=_model(canonical_json(unit.spec["model"])),
        messages=(Message("user", text),),
        unit_key=unit.key,
        ordinal=0,
        purpose="persona",
        subject=unit.label,
        answer=Biography,
        observation={
            "environment": "personas",
            "attributes": dict(person.attributes),
            "levels": levels,
        },
    )


def _population_rows(unit: Unit, spec: PopulationSpec, key: str) -> dict[str, list[dict[str, Any]]]:
    return {
        "populations": [
            {
                "population_key": key,
                "unit_key": unit.key,
                "method": spec.method,
                "seed": spec.seed,
                "spec": {
                    name: part for name, part in unit.spec["population"].items() if name != "prose"
                },
            }
        ],
        "population_targets": [
            {
                "population_key": key,
                "unit_key": unit.key,
                "dimension": dimension,
                "category": category,
                "target_share": share,
            }
            for dimension, shares in spec.shares.items()
            for category, share in shares.items()
        ],
    }


def _persona_rows(
    unit: Unit, person: Drawn, biography: str, call_key: str | None
) -> dict[str, list[dict[str, Any]]]:
    own = {"persona_key": unit.key, "unit_key": unit.key}
    return {
        "personas": [
            {
                **own,
                "population_key": unit.spec["population_key"],
                "position": unit.spec["position"],
                "name": person.name,
                "biography": biography,
                "call_key": call_key,
            }
        ],
        "persona_traits": [
            {
                **own,
                "inventory": "big_five",
                "trait": trait,
                "score": one.score,
                "level": one.level,
                "assigned": True,
            }
            for trait, one in person.traits.items()
        ],
        "persona_attributes": [
            {**own, "attribute": name, "value": value, "provenance": "sampled"}
            for name, value in person.attributes.items()
        ],
    }
