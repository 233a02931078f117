"""The step that makes personas, a unit for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from schemas.base import Record
from schemas.gateway import Gateway, Message, Question
from schemas.keys import Shared, shared
from schemas.study import ModelSpec, PopulationSpec
from schemas.unit import Unit, UnitFailed
from tasks.models.estimate import Planned, Span
from tasks.personas.draw import Drawn, drawn
from tasks.personas.text import biography_prompt, persona_text
from tasks.stages.base import Step, Upstream
from tasks.stages.populations import RECIPE, PopulationStep, planned_populations
from tasks.studies.design import Design


class Biography(Record):
    """A biography."""

    biography: str = Field(min_length=1, description="The biography, without a name.")


@dataclass(frozen=True, slots=True)
class PersonaInput:
    """What making a persona takes.

    Attributes:
        population: The population; its digest is the population's key.
        position: Number within it, from 1.
        writer: The model that writes a biography, if any.
    """

    population: Shared[PopulationSpec]
    position: int
    writer: Shared[ModelSpec] | None


class PersonaStep(Step[PersonaInput, Any]):
    """Draws personas from declared shares and, if asked, has a model write their biographies."""

    stage = "personas"
    name = "personas"
    title = "personas"
    recipe = RECIPE
    writes = ("personas", "persona_traits", "persona_attributes")
    asks = "persona"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PersonaInput], ...]:
        """One unit for each persona; its key does not depend on how many there are."""
        above = {unit.spec.population.digest: (unit.key,) for unit in upstream.of(PopulationStep)}
        return tuple(
            self.unit(
                PersonaInput(one.population, position, shared(one.writer) if one.writer else None),
                label=f"persona {position}",
                upstream=above.get(one.population.digest, ()),
            )
            for one in planned_populations(design)
            for position in range(1, one.size + 1)
        )

    def questions(
        self, design: Design, units: Sequence[Unit[PersonaInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """One for each persona with a biography."""
        models = design.study.models
        for writer in (unit.spec.writer for unit in units):
            if writer is not None:
                alias = next(alias for alias, spec in models.items() if spec == writer.value)
                yield self.planned(alias, writer.value, Span(1, 1), "one for each persona")

    def batched(self, unit: Unit[PersonaInput]) -> bool:
        """Whether its writer is declared for batches."""
        return unit.spec.writer is not None and unit.spec.writer.value.batch

    async def work(
        self, unit: Unit[PersonaInput], prepared: Any, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The persona."""
        spec, person = unit.spec, _drawn(unit)
        biography, call_key = "", None
        if spec.writer is not None:
            answer = await gateway.ask(_question(unit, spec.writer.value, person))
            if answer.failure is not None:
                raise UnitFailed(answer.failure)
            biography, call_key = answer.value.biography, answer.call_key
        return _persona_rows(unit, person, biography, call_key)


def persona_values(unit: Unit[PersonaInput]) -> dict[str, str]:
    """Values of the attributes and levels of the traits of the persona that a unit makes."""
    person = _drawn(unit)
    return {**person.attributes, **{trait: one.level for trait, one in person.traits.items()}}


def _drawn(unit: Unit[PersonaInput]) -> Drawn:
    spec = unit.spec
    return drawn(spec.population.value, spec.population.digest, spec.position)


def _question(unit: Unit[PersonaInput], writer: ModelSpec, person: Drawn) -> Question:
    levels = {trait: one.level for trait, one in person.traits.items()}
    text = biography_prompt(persona_text(person.attributes, levels))
    return Question(
        model=writer,
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
    unit: Unit[PersonaInput], person: Drawn, biography: str, call_key: str | None
) -> dict[str, list[dict[str, Any]]]:
    own = {"persona_key": unit.key, "unit_key": unit.key}
    return {
        "personas": [
            {
                **own,
                "population_key": unit.spec.population.digest,
                "position": unit.spec.position,
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
