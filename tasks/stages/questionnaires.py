"""The step that puts instruments to personas, outside any episode."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from schemas.gateway import Answer, Gateway, Message, Question
from schemas.instrument import Instrument
from schemas.keys import NOT_IDENTITY, Shared, digest, shared
from schemas.seats import Persona
from schemas.study import ModelSpec
from schemas.unit import Failure, Read, Unit, UnitFailed
from tasks.concurrency import gather_all
from tasks.episodes.params import keyed_params
from tasks.episodes.replies import PERMANENT
from tasks.episodes.shown_persona import ShownPersona
from tasks.instruments.asking import (
    Page,
    answer_shape,
    answers_of,
    items_prompt,
    page_data,
    pages,
    persona_prompt,
    response_rows,
    template_digest,
)
from tasks.models.estimate import Planned, Span
from tasks.stages.base import Step, Upstream
from tasks.stages.seated import HeldPersonas, MadePersonas, SeatedPersona, seated_reads
from tasks.studies.design import Condition, Design

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class QuestionnaireInput:
    """What putting an instrument to a persona once takes.

    Attributes:
        persona: The persona.
        shown: What of it is shown.
        alias: Name of the instrument in the study.
        instrument: The instrument.
        model_alias: Name of the model in the study.
        model: The model that answers.
        repeat: Which time it is, from 1.
        items_per_question: Items that a question holds, at most.
        shuffled: Whether the items come in an order of their own.
        reasks: How often a bad answer is asked again.
        templates: Digest of the prompts' templates.
        conditions: The conditions that it is part of.
    """

    persona: SeatedPersona
    shown: Shared[ShownPersona]
    alias: str
    instrument: Shared[Instrument]
    model_alias: str
    model: Shared[ModelSpec]
    repeat: int
    items_per_question: int
    shuffled: bool
    reasks: int
    templates: str
    conditions: tuple[str, ...] = field(metadata=NOT_IDENTITY, compare=False)


class QuestionnaireStep(Step[QuestionnaireInput, HeldPersonas]):
    """Has models answer instruments as personas: a unit for each persona, model and repeat."""

    stage = "personas"
    name = "questionnaires"
    title = "questionnaires"
    recipe = 1
    writes = ("responses",)
    asks = "instrument"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[QuestionnaireInput], ...]:
        """Personas x instruments x models x repeats, once for all conditions that share them."""
        if not any(one.models for one in design.study.instruments.values()):
            return ()
        made, templates = MadePersonas.of(upstream), template_digest()
        units: dict[str, Unit[QuestionnaireInput]] = {}
        for condition in design.conditions:
            for spec in _inputs(design, condition, made, templates):
                unit = self.unit(
                    spec,
                    condition=condition.name,
                    label=f"{spec.alias} by {spec.model_alias}, time {spec.repeat}",
                    upstream=spec.persona.units,
                )
                held = units.get(unit.key)
                if held is not None:
                    names = (*held.spec.conditions, condition.name)
                    # A unit of several conditions belongs to the study.
                    unit = replace(held, spec=replace(held.spec, conditions=names), condition="")
                units[unit.key] = unit
        return tuple(units.values())

    def questions(
        self, design: Design, units: Sequence[Unit[QuestionnaireInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """As many for each persona and repeat as the items take."""
        counted = Counter((one.spec.alias, one.spec.model_alias) for one in units)
        first = {(one.spec.alias, one.spec.model_alias): one.spec for one in units}
        for place, n in counted.items():
            spec = first[place]
            items = len(spec.instrument.value.items)
            each = math.ceil(items / spec.items_per_question)
            why = f"{spec.alias}: {items} items, questions each time: {each}; times: {n:,}"
            yield self.planned(spec.model_alias, spec.model.value, Span(each * n, each * n), why)

    def batched(self, unit: Unit[QuestionnaireInput]) -> bool:
        """Whether its model is declared for batches."""
        return unit.spec.model.value.batch

    def reads(self, units: Sequence[Unit[QuestionnaireInput]]) -> tuple[Read, ...]:
        """The personas."""
        return seated_reads([unit.spec.persona for unit in units])

    def prepare(
        self, units: Sequence[Unit[QuestionnaireInput]], rows: Mapping[str, pl.DataFrame]
    ) -> HeldPersonas:
        """The personas."""
        return HeldPersonas.out_of(rows)

    async def work(
        self, unit: Unit[QuestionnaireInput], prepared: HeldPersonas, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The answers; one that cannot be used is a row without a number."""
        spec = unit.spec
        persona = prepared.persona(spec.persona)
        if persona is None:
            raise UnitFailed(Failure("upstream", "the persona is not there"))
        shuffled_by = (spec.persona.profile, spec.repeat) if spec.shuffled else None
        asked = pages(spec.instrument.value, spec.items_per_question, shuffled_by)
        answers = await gather_all(
            gateway.ask(_question(unit, persona, page, ordinal))
            for ordinal, page in enumerate(asked)
        )
        rows: list[dict[str, Any]] = []
        for page, answer in zip(asked, answers, strict=True):
            if answer.failure is not None and answer.failure.kind not in PERMANENT:
                raise UnitFailed(answer.failure)
            rows += _rows(unit, page, answer)
        return {"responses": rows}


def _inputs(
    design: Design, condition: Condition, made: MadePersonas, templates: str
) -> Iterator[QuestionnaireInput]:
    """What is put to the personas of a condition."""
    people, study = made.people(design.study, condition), design.study
    shown = Shared(condition.parts.personas, digest(keyed_params(condition.parts.personas)))
    seated = [people.seated(key) for key in people.positions]
    for alias, one in study.instruments.items():
        instrument = shared(one.instrument)
        for model_alias in one.models:
            model = shared(study.models[model_alias])
            for persona in seated:
                for repeat in range(1, one.repeats + 1):
                    yield QuestionnaireInput(
                        persona=persona,
                        shown=shown,
                        alias=alias,
                        instrument=instrument,
                        model_alias=model_alias,
                        model=model,
                        repeat=repeat,
                        items_per_question=one.items_per_question,
                        shuffled=one.order == "shuffled",
                        reasks=one.reasks,
                        templates=templates,
                        conditions=(condition.name,),
                    )


def _question(
    unit: Unit[QuestionnaireInput], persona: Persona, page: Page, ordinal: int
) -> Question:
    spec = unit.spec
    instrument, shown = spec.instrument.value, spec.shown.value
    told = persona_prompt(shown.text(persona))
    messages = [Message("system", told)] if told else []
    messages.append(Message("user", items_prompt(instrument, page)))
    return Question(
        model=spec.model.value,
        messages=tuple(messages),
        unit_key=unit.key,
        ordinal=ordinal,
        purpose="instrument",
        subject=persona.key,
        answer=answer_shape(instrument.scale, len(page.items)),
        observation={
            "environment": "instruments",
            "probe": page_data(spec.alias, instrument, page),
            "heeded": shown.heeded(persona),
        },
        reasks=spec.reasks,
    )


def _rows(unit: Unit[QuestionnaireInput], page: Page, answer: Answer) -> Iterator[dict[str, Any]]:
    spec = unit.spec
    usable = answers_of(answer.value) if answer.failure is None else None
    for row in response_rows(spec.alias, spec.instrument.value, page, usable):
        yield {
            "unit_key": unit.key,
            "episode_key": None,
            "persona_key": spec.persona.persona,
            "model": spec.model_alias,
            "administration": "questionnaire",
            "repeat": spec.repeat,
            "after_rounds": None,
            "after_turns": None,
            "seat": None,
            "call_key": answer.call_key,
            **row,
        }
