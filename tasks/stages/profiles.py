"""The step that has models read profiles out of what people wrote, a unit for each person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.gateway import Gateway, Message, Question
from schemas.keys import NOT_IDENTITY, Shared, digest, shared
from schemas.study import ModelSpec
from schemas.unit import Unit, UnitFailed
from tasks.models.estimate import Planned, Span
from tasks.personas.methods.from_texts import FromTextsParams
from tasks.personas.methods.registry import method_of
from tasks.personas.profiles import ProfileField, profile_prompt, profile_shape, profile_template
from tasks.stages.base import Step, Upstream
from tasks.stages.planned import planned_populations
from tasks.studies.design import Design


@dataclass(frozen=True, slots=True)
class ProfileInput:
    """What reading a profile takes.

    Attributes:
        texts: What the person wrote, as far as the model is shown it.
        fields: What is read out of it.
        reader: The model that reads.
        template: Digest of the prompt's template.
        reasks: How often a bad answer is asked again.
        number: Place of the person in the file, from 1; two people may have written the same.
        profiles: Digests of the populations that the person is in.
    """

    texts: Shared[tuple[str, ...]]
    fields: Shared[dict[str, ProfileField]]
    reader: Shared[ModelSpec]
    template: str
    reasks: int
    number: int
    profiles: tuple[str, ...] = field(metadata=NOT_IDENTITY, compare=False)


class ProfileStep(Step[ProfileInput, Any]):
    """Has models read profiles; nobody's depends on another's, so all are asked at once."""

    stage = "personas"
    name = "profiles"
    title = "profiles out of texts"
    recipe = 1
    writes = ("profiles",)
    asks = "persona"
    concurrent = True

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[ProfileInput], ...]:
        """One unit for each person of a population that is read out of texts."""
        template = digest(profile_template())
        units: dict[str, Unit[ProfileInput]] = {}
        for planned in planned_populations(design):
            spec = planned.population.value
            _, params = method_of(spec)
            if not isinstance(params, FromTextsParams):
                continue
            fields, reader = shared(dict(params.fields)), shared(design.study.models[params.model])
            for number, person in enumerate(tuple(params.texts)[: spec.size], start=1):
                read = ProfileInput(
                    shared(params.shown(person)),
                    fields,
                    reader,
                    template,
                    params.reasks,
                    number,
                    (planned.profiles,),
                )
                unit = self.unit(read, label=f"profile {number}")
                if (known := units.get(unit.key)) is not None:
                    belongs = (*known.spec.profiles, planned.profiles)
                    unit = replace(known, spec=replace(known.spec, profiles=belongs))
                units[unit.key] = unit
        return tuple(units.values())

    def questions(
        self, design: Design, units: Sequence[Unit[ProfileInput]], upstream: Upstream
    ) -> Iterator[Planned]:
        """One for each person."""
        models = design.study.models
        for reader in (unit.spec.reader.value for unit in units):
            alias = next(alias for alias, spec in models.items() if spec == reader)
            yield self.planned(alias, reader, Span(1, 1), "one for each person")

    def batched(self, unit: Unit[ProfileInput]) -> bool:
        """Whether its reader is declared for batches."""
        return unit.spec.reader.value.batch

    async def work(
        self, unit: Unit[ProfileInput], prepared: Any, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The fields of the profile and its summary."""
        texts, fields = unit.spec.texts.value, unit.spec.fields.value
        answer = await gateway.ask(
            Question(
                model=unit.spec.reader.value,
                messages=(Message("user", profile_prompt(texts, fields)),),
                unit_key=unit.key,
                ordinal=0,
                purpose="persona",
                subject=unit.label,
                answer=profile_shape(fields),
                reasks=unit.spec.reasks,
                observation={
                    "environment": "profiles",
                    "texts": list(texts),
                    "fields": {name: list(one.values) for name, one in fields.items()},
                },
            )
        )
        if answer.failure is not None:
            raise UnitFailed(answer.failure)
        return {
            "profiles": [
                {
                    "unit_key": unit.key,
                    "field": name,
                    "value": value,
                    "call_key": answer.call_key,
                }
                for name, value in answer.value.model_dump(by_alias=True).items()
            ]
        }
