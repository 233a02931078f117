"""The step that has models write prose about personas, a unit for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from schemas.gateway import Gateway, Message, Question
from schemas.keys import NOT_IDENTITY, Shared, digest
from schemas.seats import Persona
from schemas.study.taxonomy import plain_path
from schemas.unit import QUARANTINE, Failure, Read, Unit, UnitFailed
from tasks.models.estimate import Planned, Span
from tasks.models.structured import reading
from tasks.personas.prose import problem_with, prose_prompt, prose_shape, prose_template, texts_of
from tasks.stages.base import Step, Upstream
from tasks.stages.planned import PlannedPopulation, Writing, planned_populations
from tasks.stages.populations import population_units
from tasks.studies.design import Design

#: Tables that together hold a persona, by its key.
PERSONA_TABLES = ("personas", "persona_traits", "persona_attributes")


#: How the failure of an answer is called that is well-shaped and that its check refuses.
CONTRADICTS = "bad_shape"


@dataclass(frozen=True, slots=True)
class PersonaInput:
    """What writing about a persona takes.

    Attributes:
        profile: Digest of what decides the persona.
        writing: The model that writes, and what.
        template: Digest of the prompt's template.
        persona: Key of the persona, whose rows say what it is.
    """

    profile: str
    writing: Shared[Writing]
    template: str
    persona: str = field(metadata=NOT_IDENTITY, compare=False)


@dataclass(frozen=True, slots=True)
class Described:
    """A persona that is written about.

    Attributes:
        persona: The persona.
        left: Attributes that are left to prose, whose texts are asked for beside the others.
    """

    persona: Persona
    left: tuple[str, ...] = ()


class PersonaStep(Step[PersonaInput, Mapping[str, Described]]):
    """Has models write about personas; none needs another's texts, so all are asked at once.

    A persona whose texts contradict it to the last goes without any: they are kept in quarantine.
    """

    stage = "personas"
    name = "personas"
    title = "texts of personas"
    recipe = 3
    writes = ("persona_texts",)
    asks = "persona"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[PersonaInput], ...]:
        """One unit for each persona of a population with prose."""
        populations = population_units(upstream)
        template = digest(prose_template())
        units = [
            self.unit(
                PersonaInput(
                    one.profile_key(position),
                    one.writing,
                    template,
                    one.persona_key(position),
                ),
                label=f"persona {position}",
                upstream=_author(populations, one, position),
            )
            for one in planned_populations(design)
            if one.writing is not None
            for position in range(1, one.population.value.size + 1)
        ]
        return tuple({unit.key: unit for unit in units}.values())

    def questions(
        self, design: Design, units: Sequence[Unit[PersonaInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """One for each persona, however many texts it has."""
        models = design.study.models
        for writer in (unit.spec.writing.value.writer for unit in units):
            alias = next(alias for alias, spec in models.items() if spec == writer)
            yield self.planned(alias, writer, Span(1, 1), "one for each persona")

    def batched(self, unit: Unit[PersonaInput]) -> bool:
        """Whether its writer is declared for batches."""
        return unit.spec.writing.value.writer.batch

    def reads(self, units: Sequence[Unit[PersonaInput]]) -> tuple[Read, ...]:
        """The personas."""
        return persona_reads(sorted({unit.spec.persona for unit in units}))

    def prepare(
        self, units: Sequence[Unit[PersonaInput]], rows: Mapping[str, pl.DataFrame]
    ) -> dict[str, Described]:
        """The personas by their keys."""
        left = _left_to_prose(rows)
        return {
            key: Described(persona, left.get(key, ()))
            for key, persona in personas_by_key(rows).items()
        }

    async def work(
        self, unit: Unit[PersonaInput], prepared: Mapping[str, Described], gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The texts, or those that contradict the persona as rows of quarantine."""
        described = prepared.get(unit.spec.persona)
        if described is None:
            raise UnitFailed(Failure("upstream", "the persona is not there"))
        question = _question(unit, described)
        answer = await gateway.ask(question)
        # What is well-shaped and refused all the same contradicts the persona.
        refused = None
        if answer.failure is not None and answer.failure.kind == CONTRADICTS:
            refused = reading(answer.text, question.answer).value
        if answer.failure is not None and refused is None:
            raise UnitFailed(answer.failure)
        rows = [
            {
                "unit_key": unit.key,
                "profile_key": unit.spec.profile,
                "kind": kind,
                "text": text,
                "call_key": answer.call_key,
            }
            for kind, text in texts_of(refused or answer.value).items()
        ]
        if answer.failure is None:
            return {"persona_texts": rows}
        reason = f"contradicts the persona: {answer.failure.message}"
        return {
            QUARANTINE: [
                {"table_name": "persona_texts", "row": row, "reason": reason} for row in rows
            ]
        }


def _author(
    populations: Mapping[str, Sequence[str]], planned: PlannedPopulation, position: int
) -> tuple[str, ...]:
    """Key of the unit that writes a persona down, if it is planned."""
    units = populations.get(planned.population.digest, ())
    return (units[planned.part_of(position)],) if units else ()


def persona_reads(keys: Sequence[str]) -> tuple[Read, ...]:
    """What must be read to know personas by their keys."""
    return tuple(Read(table, "persona_key", tuple(keys)) for table in PERSONA_TABLES if keys)


def personas_by_key(rows: Mapping[str, pl.DataFrame]) -> dict[str, Persona]:
    """Personas by key, out of their rows, without prose."""
    if "personas" not in rows:
        return {}
    attributes = _by_persona(rows, "persona_attributes", "attribute", "value")
    levels = _by_persona(rows, "persona_traits", "trait", "level")
    scores = _by_persona(rows, "persona_traits", "trait", "score")
    return {
        row["persona_key"]: Persona(
            row["persona_key"],
            row["name"],
            attributes.get(row["persona_key"], {}),
            levels.get(row["persona_key"], {}),
            scores=scores.get(row["persona_key"], {}),
        )
        for row in rows["personas"].iter_rows(named=True)
    }


def _by_persona(
    rows: Mapping[str, pl.DataFrame], table: str, name: str, value: str
) -> dict[str, dict[str, Any]]:
    """Value by name, in the order of the names, by the key of a persona; missing ones left out."""
    found: dict[str, dict[str, Any]] = {}
    if table in rows:
        held = rows[table].filter(pl.col(value).is_not_null()).sort(name)
        for row in held.iter_rows(named=True):
            found.setdefault(row["persona_key"], {})[row[name]] = row[value]
    return found


def _left_to_prose(rows: Mapping[str, pl.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Attributes without a value, by the key of a persona, in the order of their names."""
    if "persona_attributes" not in rows:
        return {}
    left = rows["persona_attributes"].filter(pl.col("value").is_null()).sort("attribute")
    found: dict[str, tuple[str, ...]] = {}
    for key, name in left.select("persona_key", "attribute").iter_rows():
        found[key] = (*found.get(key, ()), name)
    return found


def _question(unit: Unit[PersonaInput], described: Described) -> Question:
    writing, persona = unit.spec.writing.value, described.persona
    texts = dict(writing.texts)
    texts |= {name: f"Of {plain_path(name)}, in a sentence." for name in described.left}
    facts = {**persona.attributes, **persona.levels}
    return Question(
        model=writing.writer,
        messages=(Message("user", prose_prompt(persona.attributes, persona.levels, texts)),),
        unit_key=unit.key,
        ordinal=0,
        purpose="persona",
        subject=unit.label,
        answer=prose_shape(tuple(facts), tuple(texts)),
        observation={
            "environment": "personas",
            "attributes": dict(persona.attributes),
            "levels": dict(persona.levels),
            "texts": texts,
        },
        check=partial(problem_with, facts=facts),
        reasks=writing.reasks,
    )
