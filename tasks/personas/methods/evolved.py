"""Personas whose traits are weighted by a genetic search, so that they answer as people did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from pydantic import Field

from schemas.base import Record
from schemas.names import Name
from schemas.study.population import PopulationSpec
from tasks.personas.evolution import first_generation, next_generation
from tasks.personas.methods.independent import Independent
from tasks.personas.methods.method import FoundMethod, FoundRows, Params
from tasks.personas.structure import Draws, Floats, Structure
from tasks.personas.traits import drawn_scores


class AnswerTarget(Record):
    """A question, how traits move the answer to it, and how many people said yes.

    The chance of a yes is ``1 / (1 + exp(-(intercept + sum of loading * trait)))``, traits in
    standard deviations.
    """

    loadings: dict[Name, float] = Field(min_length=1, description="Loading by trait.")
    intercept: float = Field(0.0, description="Log odds of a yes where every trait is average.")
    share: float = Field(gt=0, lt=1, description="Share of people who said yes.")


class EvolvedParams(Params):
    """Parameters of a genetic search."""

    weights: tuple[Name, ...] = Field(min_length=1, description="Traits whose means are sought.")
    answers: dict[Name, AnswerTarget] = Field(
        min_length=1, description="What the population is to answer, by question."
    )
    candidates: int = Field(24, ge=4, le=1000, description="Candidates of a generation.")
    generations: int = Field(20, ge=1, le=1000, description="Generations.")
    bound: float = Field(2.0, gt=0, le=4, description="Largest weight, in standard deviations.")
    mutation: float = Field(
        0.4, gt=0, le=4, description="Standard deviation of the first mutations."
    )


class Evolved(FoundMethod[EvolvedParams]):
    """Seeks means of traits with which a population answers as people did."""

    name = "evolved"
    about = "Seeks means of traits by a genetic search, so that answers meet declared shares."
    params = EvolvedParams
    found_in = "candidates"

    def problems(
        self, spec: PopulationSpec, params: EvolvedParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Traits that no inventory of the population has."""
        yield from Independent().problems(spec, Params())
        known = [trait for one in spec.traits for trait in one.traits]
        for trait in params.weights:
            if trait not in known:
                yield ("method", "weights"), f"no inventory of the population has {trait}"
        for name, answer in params.answers.items():
            for trait in answer.loadings.keys() - set(known):
                place = ("method", "answers", name, "loadings")
                yield place, f"no inventory of the population has {trait}"

    def given_traits(self, spec: PopulationSpec, params: EvolvedParams) -> frozenset[str]:
        """The traits that are sought."""
        return frozenset(params.weights)

    def structure_from(
        self,
        spec: PopulationSpec,
        params: EvolvedParams,
        draws: Draws,
        found: Sequence[FoundRows],
    ) -> Structure:
        """Attributes drawn from their tables, and traits with the means of the best candidate."""
        best = max((row for rows in found for row in rows), key=lambda row: row["fitness"])
        weights = weights_in(params, best)
        drawn = Independent().structure(spec, Params(), draws)
        scores = weighted_scores(spec, params, draws, np.array(weights))
        answers = found_shares(params, scores)
        return Structure(
            drawn.attributes,
            {trait: scores[trait] for trait in params.weights},
            figures={
                "fitness": float(best["fitness"]),
                "generations": float(params.generations),
                **{f"weights.{t}": w for t, w in zip(params.weights, weights, strict=True)},
                **{f"answers.{name}": share for name, share in answers.items()},
            },
        )


def weighted_scores(
    spec: PopulationSpec, params: EvolvedParams, draws: Draws, weights: Floats
) -> dict[str, Floats]:
    """Standardised scores of a population whose traits have given means.

    Traits are drawn alike for all candidates, so that only the weights tell them apart.
    """
    means = dict(zip(params.weights, weights.tolist(), strict=True))
    scores: dict[str, Floats] = {}
    for one in spec.traits:
        own = {trait: mean for trait, mean in means.items() if trait in one.traits}
        changed = one.model_copy(update={"means": {**one.means, **own}})
        scores |= drawn_scores(changed, spec.size, draws)
    return scores


def found_shares(params: EvolvedParams, scores: Mapping[str, Floats]) -> dict[str, float]:
    """Expected share of yes by question, of personas with given scores."""
    found = {}
    for name, answer in params.answers.items():
        log_odds = answer.intercept + sum(
            loading * scores[trait] for trait, loading in answer.loadings.items()
        )
        found[name] = float((1 / (1 + np.exp(-log_odds))).mean())
    return found


def fitness_of(params: EvolvedParams, shares: Mapping[str, float]) -> float:
    """How near shares come to those of people: 1 less their mean absolute difference."""
    missed = [abs(shares[name] - answer.share) for name, answer in params.answers.items()]
    return 1 - sum(missed) / len(missed)


def candidate_weights(
    params: EvolvedParams,
    draws: Draws,
    generation: int,
    before: Sequence[Mapping[str, Any]],
) -> Floats:
    """Weights of all candidates of a generation, a row for each.

    Args:
        params: The search.
        draws: Generators of the population.
        generation: Number of the generation, from 0.
        before: Rows of the generation before, in order; none for the first.
    """
    rng = draws.of("generation", str(generation))
    if generation == 0:
        return first_generation(params.candidates, len(params.weights), params.bound, rng)
    weights = np.array([weights_in(params, row) for row in before])
    fitness = np.array([row["fitness"] for row in before], dtype=np.float64)
    return next_generation(weights, fitness, generation, params.bound, params.mutation, rng)


def weights_in(params: EvolvedParams, row: Mapping[str, Any]) -> list[float]:
    """The weights in a row of a candidate, in the order in which they are declared."""
    held = orjson.loads(row["weights"])
    return [float(held[trait]) for trait in params.weights]
