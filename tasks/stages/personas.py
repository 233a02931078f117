"""The step that has models write prose about personas, a unit for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import Field

from schemas.base import Record
from schemas.gateway import Gateway, Message, Question
from schemas.keys import NOT_IDENTITY, Shared, digest
from schemas.seats import Persona
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.models.estimate import Planned, Span
from tasks.personas.text import biography_prompt, biography_template, persona_text
from tasks.stages.base import Step, Upstream
from tasks.stages.populations import PopulationStep, planned_populations
from tasks.studies.design import Design

if TYPE_CHECKING:
    import polars as pl

#: Tables that together hold a persona, by its key.
PERSONA_TABLES = ("personas", "persona_traits", "persona_attributes")


class Biography(Record):
    """A biography."""

    biography: str = Field(min_length=1, description="The biography, without a name.")


@dataclass(frozen=True, slots=True)
class PersonaInput:
    """What writing about a persona takes.

    Attributes:
        profile: Digest of what decides the persona.
        writer: The model that writes.
        template: Digest of the prompt's template.
        persona: Key of the persona, whose rows say what it is.
    """

    profile: str
    writer: Shared[ModelSpec]
    template: str
    persona: str = field(metadata=NOT_IDENTITY, compare=False)


class PersonaStep(Step[PersonaInput, Mapping[str, Persona]]):
    """Has models write biographies; no persona needs another's, so all are asked at once."""

    stage = "personas"
    name = "personas"
    title = "biographies"
    recipe = 2
    writes = ("persona_texts",)
    asks = "persona"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PersonaInput], ...]:
        """One unit for each persona of a population with prose."""
        populations = {
            unit.spec.population.digest: (unit.key,) for unit in upstream.of(PopulationStep)
        }
        template = digest(biography_template())
        units = [
            self.unit(
                PersonaInput(
                    one.profile_key(position),
                    one.writer,
                    template,
                    one.persona_key(position),
                ),
                label=f"persona {position}",
                upstream=populations.get(one.population.digest, ()),
            )
            for one in planned_populations(design)
            if one.writer is not None
            for position in range(1, one.population.value.size + 1)
        ]
        return tuple({unit.key: unit for unit in units}.values())

    def questions(
        self, design: Design, units: Sequence[Unit[PersonaInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """One for each biography."""
        models = design.study.models
        for writer in (unit.spec.writer for unit in units):
            alias = next(alias for alias, spec in models.items() if spec == writer.value)
            yield self.planned(alias, writer.value, Span(1, 1), "one for each persona")

    def batched(self, unit: Unit[PersonaInput]) -> bool:
        """Whether its writer is declared for batches."""
        return unit.spec.writer.value.batch

    def reads(self, units: Sequence[Unit[PersonaInput]]) -> tuple[Read, ...]:
        """The personas."""
        return persona_reads(sorted({unit.spec.persona for unit in units}))

    def prepare(
        self, units: Sequence[Unit[PersonaInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, Persona]:
        """The personas by their keys."""
        return personas_by_key(rows)

    async def work(
        self, unit: Unit[PersonaInput], prepared: Mapping[str, Persona], gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The biography."""
        persona = prepared.get(unit.spec.persona)
        if persona is None:
            raise UnitFailed(Failure("upstream", "the persona is not there"))
        answer = await gateway.ask(_question(unit, persona))
        if answer.failure is not None:
            raise UnitFailed(answer.failure)
        return {
            "persona_texts": [
                {
                    "unit_key": unit.key,
                    "profile_key": unit.spec.profile,
                    "kind": "biography",
                    "text": answer.value.biography,
                    "call_key": answer.call_key,
                }
            ]
        }


def persona_reads(keys: Sequence[str]) -> tuple[Read, ...]:
    """What must be read to know personas by their keys."""
    return tuple(Read(table, "persona_key", tuple(keys)) for table in PERSONA_TABLES if keys)


def personas_by_key(rows: Mapping[str, pl.DataFrame]) -> dict[str, Persona]:
    """Personas by key, out of their rows, without prose."""
    if "personas" not in rows:
        return {}
    attributes: dict[str, dict[str, str]] = {}
    for row in rows["persona_attributes"].sort("attribute").iter_rows(named=True):
        attributes.setdefault(row["persona_key"], {})[row["attribute"]] = row["value"]
    levels: dict[str, dict[str, str]] = {}
    for row in rows["persona_traits"].sort("trait").iter_rows(named=True):
        levels.setdefault(row["persona_key"], {})[row["trait"]] = row["level"]
    return {
        row["persona_key"]: Persona(
            row["persona_key"],
            row["name"],
            attributes.get(row["persona_key"], {}),
            levels.get(row["persona_key"], {}),
        )
        for row in rows["personas"].iter_rows(named=True)
    }


def _question(unit: Unit[PersonaInput], persona: Persona) -> Question:
    text = biography_prompt(persona_text(persona.attributes, persona.levels))
    return Question(
        model=unit.spec.writer.value,
        messages=(Message("user", text),),
        unit_key=unit.key,
        ordinal=0,
        purpose="persona",
        subject=unit.label,
        answer=Biography,
        observation={
            "environment": "personas",
            "attributes": dict(persona.attributes),
            "levels": dict(persona.levels),
        },
    )
