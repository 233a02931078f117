"""Coding and adjudication as a study declares them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.codebook import Codebook
from schemas.names import Name
from schemas.study.options import with_options

#: What the sample that people code can be stratified by.
Stratum = Literal["condition", "flag", "seat", "round", "series"]


class RuleSpec(Record):
    """An adjudication rule and its parameters; a bare name stands for a rule without any."""

    rule: str = Field(description="Name of the rule: intersection, union, majority, judge, ...")
    params: dict[str, Any] = Field({}, description="Parameters of the rule.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return with_options(value, "rule", "params")

    @property
    def title(self) -> str:
        """Its name with its parameters, as it stands in ``labels.rule``.

        Example:
            >>> RuleSpec.model_validate({"rule": "judge", "coder": "gemini"}).title
            'judge(coder=gemini)'
        """
        inner = ", ".join(f"{name}={self.params[name]}" for name in sorted(self.params))
        return f"{self.rule}({inner})" if inner else self.rule


class AdjudicationSpec(Record):
    """Which rule the metrics use, and which others are kept beside it."""

    use: RuleSpec = Field(description="Rule whose labels the metrics use.")
    also: tuple[RuleSpec, ...] = Field((), description="Rules that are stored as well.")

    @property
    def rules(self) -> tuple[RuleSpec, ...]:
        """Every declared rule, the used one first, without repeats."""
        return tuple({rule.title: rule for rule in (self.use, *self.also)}.values())


class HumanSpec(Record):
    """The sample that people code."""

    sample: int = Field(ge=1, description="Number of items to draw.")
    stratify: tuple[Stratum, ...] = Field(
        ("condition",), description="Strata: an item is drawn from each combination."
    )
    seed: int = Field(0, description="Seed of the draw.")


class CodingSpec(Record):
    """How transcripts are coded."""

    codebook: Codebook = Field(description="The codebook: a file, or written in place.")
    judges: tuple[str, ...] = Field((), description="Model aliases that code every item.")
    rules: bool = Field(True, description="Whether flags with a rule are coded by that rule.")
    imported: tuple[Name, ...] = Field((), description="Coders whose codes were imported.")
    gold: str | None = Field(None, description="Coder that the others are held against.")
    adjudication: AdjudicationSpec = Field(description="Rules that make labels of codes.")
    human: HumanSpec | None = Field(None, description="The sample that people code.")
