"""Populations of personas as a study declares them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from schemas.base import Record
from schemas.files import LoadContext, study_files
from schemas.inventories import INVENTORIES, InventoryName
from schemas.names import Name
from schemas.study.numbers import NumberSpec
from schemas.study.options import with_options
from schemas.study.prose import ProseField
from schemas.study.relations import RelationSpec
from schemas.study.rows import RowsFile
from schemas.study.rules import ConsistencyRule
from schemas.study.targets import Dimension, Target, categories_by_attribute
from schemas.study.taxonomy import TaxonomySpec
from schemas.study.traits import TraitSpec

BIG_FIVE = INVENTORIES["big_five"]


class MethodSpec(Record):
    """How the structured part of a population is made; a bare name stands for its defaults."""

    use: str = Field(description="Name of a way of making personas.")
    options: dict[str, Any] = Field({}, description="Its parameters.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return with_options(value, "use")


class NameSpec(Record):
    """Where names of personas come from."""

    given: RowsFile = Field(
        description="Given names with weights: columns name and weight, and the attribute that a "
        "name goes with, if any."
    )
    family: RowsFile = Field(description="Family names with weights, likewise.")


class PopulationSpec(Record):
    """A population: code draws every structured field; a model writes prose, if asked."""

    size: int = Field(ge=1, le=1_000_000, description="Number of personas.")
    seed: int = Field(0, description="Seed of the draws.")
    targets: dict[Dimension, Target] = Field(
        {},
        description="Published tables that it is to meet, by attribute; 'age_group x sex' is a "
        "joint table.",
    )
    method: MethodSpec = Field(
        MethodSpec(use="independent"), description="How the structured part is made."
    )
    traits: tuple[TraitSpec, ...] = Field((), description="Inventories of traits.")
    numbers: dict[Name, NumberSpec] = Field(
        {},
        description="Numeric attributes, each from a distribution; a later one can depend on "
        "categories of those before it.",
    )
    taxonomy: TaxonomySpec | None = Field(
        None, description="Attributes out of a taxonomy, beside those above."
    )
    relations: dict[Name, RelationSpec] = Field({}, description="Relations between personas.")
    rules: dict[Name, ConsistencyRule] = Field(
        {}, description="Rules that every persona must keep."
    )
    names: NameSpec | None = Field(None, description="Where names come from.")
    prose: ProseField | None = Field(
        None,
        description="Who writes about the personas, and what, if anybody; a bare model alias "
        "stands for a biography.",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[PopulationSpec], info: ValidationInfo
    ) -> PopulationSpec:
        if isinstance(value, str):
            return handler(study_files(info, "a population").load(value))
        return handler(value)

    @model_validator(mode="before")
    @classmethod
    def _one_inventory(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get("traits"), str | Mapping):
            return {**value, "traits": (value["traits"],)}
        return value

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Self:
        traits = [trait for one in self.traits for trait in one.traits]
        texts = self.prose.fields if self.prose else ()
        names = [*self.categories, *traits, *self.numbers, *self.types.values(), *texts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two parts of the population are called {twice[0]}")
        return self

    @property
    def types(self) -> dict[InventoryName, Name]:
        """Attributes with a type of four letters, by inventory."""
        return {one.inventory: one.type for one in self.traits if one.type is not None}

    @property
    def added(self) -> tuple[str, ...]:
        """Attributes that personas have whatever way they are made: types and numbers."""
        return (*self.types.values(), *self.numbers)

    @cached_property
    def categories(self) -> dict[Name, tuple[str, ...]]:
        """Categories of every attribute that has a target."""
        return categories_by_attribute(self.targets)


def changed_population(
    below: PopulationSpec | None,
    change: Any,
    context: LoadContext | None = None,
    *,
    strict: bool | None = None,
) -> PopulationSpec | None:
    """The population of a condition that changes it.

    Args:
        below: The population of the study.
        change: Fields to change, each replaced as a whole; the path of a file with a population,
            which takes the place of the other; or ``None`` for no population.
        context: How to read files, where they are not read yet.
        strict: Whether to take no value for one of another type.

    Raises:
        pydantic.ValidationError: The result is no population.

    Example:
        >>> changed_population(PopulationSpec(size=5, seed=1), {"size": 9}).size
        9
    """
    if change is None:
        return None
    if isinstance(change, Mapping) and below is not None:
        change = {**below.model_dump(), **change}
    return PopulationSpec.model_validate(change, context=context, strict=strict)
