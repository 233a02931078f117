"""The step that seeks weights of traits: a unit for each candidate of each generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from schemas.gateway import Gateway
from schemas.keys import NOT_IDENTITY
from schemas.unit import Read, Unit
from tasks.personas.methods.evolved import (
    EvolvedParams,
    candidate_weights,
    fitness_of,
    found_shares,
    weighted_scores,
)
from tasks.personas.methods.registry import method_of
from tasks.personas.structure import Draws
from tasks.stages.base import Step, Upstream
from tasks.stages.planned import PlannedPopulation, planned_populations
from tasks.studies.design import Design

#: Rows of candidates by their unit.
Candidates = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CandidateInput:
    """What evaluating a candidate takes.

    Attributes:
        profiles: Digest of what decides the population, the search with it.
        generation: Number of the generation, from 0.
        candidate: Number within the generation, from 0.
        planned: The population.
        before: Units of the generation before, in order.
    """

    profiles: str
    generation: int
    candidate: int
    planned: PlannedPopulation = field(metadata=NOT_IDENTITY, compare=False)
    before: tuple[str, ...] = field(metadata=NOT_IDENTITY, compare=False)


class SearchStep(Step[CandidateInput, Candidates]):
    """Evaluates candidates, generation by generation; each generation waits for the one before."""

    stage = "personas"
    name = "search"
    title = "candidates"
    recipe = 1
    writes = ("candidates",)

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[CandidateInput], ...]:
        """One unit for each candidate of a generation."""
        units: dict[str, Unit[CandidateInput]] = {}
        for planned in planned_populations(design):
            _, params = method_of(planned.population.value)
            if not isinstance(params, EvolvedParams):
                continue
            before: tuple[str, ...] = ()
            for generation in range(params.generations):
                born = [
                    self.unit(
                        CandidateInput(planned.profiles, generation, number, planned, before),
                        label=f"generation {generation + 1}, candidate {number + 1}",
                        upstream=before,
                    )
                    for number in range(params.candidates)
                ]
                units |= {unit.key: unit for unit in born}
                before = tuple(unit.key for unit in born)
        return tuple(units.values())

    def reads(self, units: Sequence[Unit[CandidateInput]]) -> tuple[Read, ...]:
        """The generations before."""
        keys = sorted({key for unit in units for key in unit.spec.before})
        return (Read("candidates", "unit_key", tuple(keys)),) if keys else ()

    def prepare(
        self, units: Sequence[Unit[CandidateInput]], rows: Mapping[str, pl.DataFrame]
    ) -> Candidates:
        """The rows of the generations before, by unit."""
        if "candidates" not in rows:
            return {}
        return {row["unit_key"]: row for row in rows["candidates"].iter_rows(named=True)}

    async def work(
        self, unit: Unit[CandidateInput], prepared: Candidates, gateway: Gateway
    ) -> dict[str, list[dict[str, Any]]]:
        """The candidate's weights, what the population would answer, and how good that is."""
        spec = unit.spec.planned.population.value
        _, params = method_of(spec)
        assert isinstance(params, EvolvedParams)
        draws = Draws(unit.spec.profiles)
        before = [prepared[key] for key in unit.spec.before]
        weights = candidate_weights(params, draws, unit.spec.generation, before)
        own = weights[unit.spec.candidate]
        shares = found_shares(params, weighted_scores(spec, params, draws, own))
        row = {
            "unit_key": unit.key,
            "search_key": unit.spec.profiles,
            "generation": unit.spec.generation,
            "candidate": unit.spec.candidate,
            "weights": dict(zip(params.weights, own.tolist(), strict=True)),
            "answers": shares,
            "fitness": fitness_of(params, shares),
        }
        return {"candidates": [row]}
