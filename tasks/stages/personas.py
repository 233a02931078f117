"""The step that makes personas, a unit for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from schemas.base import Record
from schemas.gateway import Gateway, Message, Question
from schemas.keys import digest
from schemas.study import PopulationSpec
from schemas.unit import Failure, Read, Result, Stage, Unit
from tasks.concurrency import gather_all
from tasks.models.budget import BudgetSpent
from tasks.personas.draw import Drawn, drawn
from tasks.personas.text import biography_prompt, persona_text
from tasks.stages.base import Upstream
from tasks.stages.populations import RECIPE, population_key, writer_of
from tasks.stages.specs import model_of
from tasks.studies.design import Design

if TYPE_CHECKING:
    import polars as pl


class Biography(Record):
    """A biography."""

    biography: str = Field(min_length=1, description="The biography, without a name.")


class PersonaStep:
    """Draws personas from declared shares and, if asked, has a model write their biographies."""

    stage: Stage = "personas"
    name = "personas"
    recipe = RECIPE
    writes = ("personas", "persona_traits", "persona_attributes")
    asks_models = True
    shard = 64

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """One unit for each persona; its key does not depend on how many there are."""
        spec = design.study.population
        if spec is None:
            return ()
        writer = writer_of(design)
        key = population_key(spec, writer)
        shared = {
            "population_key": key,
            "population": spec.model_dump(mode="json", exclude={"size", "prose"}),
            "model": writer.model_dump(mode="json") if writer else None,
        }
        return tuple(
            Unit(
                stage=self.stage,
                step=self.name,
                key=digest("persona", key, position),
                spec={**shared, "position": position},
                label=f"persona {position}",
                upstream=tuple(unit.key for unit in upstream.units.get("population", ())),
            )
            for position in range(1, spec.size + 1)
        )

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Nothing."""
        return ()

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """The personas."""
        return await gather_all(self._result(unit, gateway) for unit in units)

    async def _result(self, unit: Unit, gateway: Gateway) -> Result:
        # A size is no part of what decides a persona; drawing one needs none.
        spec = PopulationSpec.model_validate({**unit.spec["population"], "size": 1})
        person = drawn(spec, unit.spec["population_key"], unit.spec["position"])
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


def _question(unit: Unit, person: Drawn) -> Question:
    levels = {trait: one.level for trait, one in person.traits.items()}
    text = biography_prompt(persona_text(person.attributes, levels))
    return Question(
        model=model_of(unit.spec["model"]),
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
