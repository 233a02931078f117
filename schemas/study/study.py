"""A study: one experiment, written as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from schemas.base import Record
from schemas.keys import digest
from schemas.names import LevelName, Name
from schemas.study.analysis import ContrastSpec, CurveSpec, MetricSpec, RunSpec
from schemas.study.coding import CodingSpec
from schemas.study.completeness import CompletenessSpec
from schemas.study.conditions import (
    changes_by_condition,
    combinations,
    named_levels,
    of_episode,
)
from schemas.study.episode import EpisodeSpec, ImportedSpec
from schemas.study.expectations import Expectation, Reproduces
from schemas.study.instruments import InstrumentSpec
from schemas.study.models import ModelSpec
from schemas.study.population import PopulationSpec, changed_population

#: Episodes that a condition may have, at most.
MAX_REPLICATES = 100_000

#: Sections that came later, and change no version of a study that has none of them.
_LATER = ("expect", "reproduces", "instruments", "completeness")
NAME = r"^[a-z0-9][a-z0-9_-]*$"


class Study(Record):
    """Who takes part, what they do together, under which conditions, and what is measured."""

    name: str = Field(pattern=NAME, max_length=80, description="Short name, lower case.")
    description: str = Field("", description="What the study asks.")
    models: dict[Name, ModelSpec] = Field({}, description="Models by alias.")
    population: PopulationSpec | None = Field(None, description="Personas of the agents.")
    instruments: dict[Name, InstrumentSpec] = Field(
        {}, description="Questionnaires, put to personas and by probes."
    )
    episode: EpisodeSpec | None = Field(
        None, description="What the agents do together; none in a study of personas alone."
    )
    imported: ImportedSpec | None = Field(None, description="Episodes imported instead of run.")
    factors: dict[Name, dict[LevelName, Any]] = Field(
        {},
        description="Parts of the episode and the values that each takes; every combination of "
        "values is a condition.",
    )
    conditions: dict[Name, dict[str, Any]] = Field(
        {}, description="Conditions listed by hand, each as changes of the episode section."
    )
    replicates: int = Field(1, ge=1, le=MAX_REPLICATES, description="Episodes per condition.")
    seed: int = Field(0, description="Seed of everything random in the study.")
    coding: CodingSpec | None = Field(None, description="How transcripts are coded.")
    metrics: tuple[MetricSpec, ...] = Field((), description="Numbers that are computed.")
    contrasts: dict[Name, ContrastSpec] = Field({}, description="Comparisons of conditions.")
    curves: dict[Name, CurveSpec] = Field({}, description="Specification curves.")
    expect: tuple[Expectation, ...] = Field((), description="What the study expects to find.")
    reproduces: Reproduces | None = Field(None, description="The publication that it rebuilds.")
    completeness: CompletenessSpec | None = Field(
        None,
        description="When an episode is complete; without rules, when no limit cut it short. An "
        "incomplete one is left out of metrics or kept, as run.incomplete says.",
    )
    run: RunSpec = Field(default=RunSpec(), description="How it is run.")

    @field_validator("conditions", mode="before")
    @classmethod
    def _empty_is_no_difference(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {} if part is None else part for name, part in value.items()}

    @field_validator("conditions")
    @classmethod
    def _replicates_in_range(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for name, changes in value.items():
            n = changes.get("replicates", 1)
            if type(n) is not int or not 1 <= n <= MAX_REPLICATES:
                raise ValueError(
                    f"replicates of {name}: a whole number from 1 to {MAX_REPLICATES:,}, not {n!r}"
                )
        return value

    @field_validator("factors", mode="before")
    @classmethod
    def _levels_by_name(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {factor: named_levels(levels) for factor, levels in value.items()}

    @model_validator(mode="after")
    def _factors_make_new_conditions(self) -> Self:
        if "replicates" in self.factors:
            raise ValueError("factors.replicates: more episodes of a condition are no other one")
        for factor, levels in self.factors.items():
            if len(levels) < 2:
                raise ValueError(f"factors.{factor}: a factor has at least two levels")
        both = combinations(self.factors).keys() & self.conditions.keys()
        if both:
            raise ValueError(f"conditions: the factors make a condition {min(both)} already")
        return self

    @model_validator(mode="after")
    def _one_source_of_episodes(self) -> Self:
        if self.episode is not None and self.imported is not None:
            raise ValueError("a study has an episode section or an imported section, not both")
        if self.without_episodes and self.population is None:
            raise ValueError("a study has an episode section, an imported section or a population")
        return self

    @property
    def without_episodes(self) -> bool:
        """Whether it is about personas alone: no episode is played, and none is imported."""
        return self.episode is None and self.imported is None

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """Every condition as changes of the episode section; the first one is the baseline."""
        return {
            name: of_episode(changes)
            for name, changes in changes_by_condition(self.factors, self.conditions).items()
        }

    @property
    def replicates_of(self) -> dict[str, int]:
        """Episodes of every condition.

        Example:
            >>> talk, two = {"environment": "discussion"}, {"a": {}, "b": {"replicates": 2}}
            >>> Study(name="s", episode=talk, conditions=two, replicates=5).replicates_of
            {'a': 5, 'b': 2}
        """
        return {
            name: changes.get("replicates", self.replicates)
            for name, changes in changes_by_condition(self.factors, self.conditions).items()
        }

    @property
    def populations(self) -> dict[str, PopulationSpec | None]:
        """The population of every condition.

        Raises:
            pydantic.ValidationError: A condition changes it to what is no population.
        """
        return {
            name: changed_population(self.population, changes["population"])
            if "population" in changes
            else self.population
            for name, changes in changes_by_condition(self.factors, self.conditions).items()
        }

    def version(self, conditions: Sequence[tuple[str, Any]]) -> str:
        """Digest of all that can change its results; how it is run and described cannot.

        Args:
            conditions: Name and resolved parameters of every condition, the baseline first.
        """
        plain = self.model_dump(
            mode="json",
            exclude={
                "description": True,
                "models": True,
                "episode": {"params"},
                "factors": True,
                "conditions": True,
                "coding": {"codebook"},
                "run": True,
                **{name: True for name in _LATER if not getattr(self, name)},
            },
        )
        own = {name: n for name, n in self.replicates_of.items() if n != self.replicates}
        return digest(
            "study",
            {**plain, **({"replicates_of": own} if own else {})},
            {alias: spec.identity() for alias, spec in self.models.items()},
            self.coding.codebook.digest if self.coding else None,
            conditions,
            self.run.incomplete,
        )
