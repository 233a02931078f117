"""Personas listed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from schemas.files import LoadContext, named_file
from schemas.inventories import IntensityFactor
from schemas.study.population import PopulationSpec
from tasks.personas.listed import ListedPersona
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.scores import score_of_level
from tasks.personas.structure import Draws, Structure, coded


class FixedParams(Params):
    """Parameters of a listed population."""

    personas: tuple[ListedPersona, ...] = Field(
        min_length=1,
        description="The personas, in order; or {file: PATH}, a file that `agora export personas` "
        "wrote, or specifications of TinyTroupe.",
    )

    @field_validator("personas", mode="before")
    @classmethod
    def _from_file(cls, value: Any, info: ValidationInfo) -> Any:
        path = named_file(value)
        if path is None:
            return value
        if not isinstance(info.context, LoadContext):
            raise ValueError("personas named by file can only be read with their study")
        return info.context.personas(path)


class Fixed(PersonaMethod[FixedParams]):
    """Takes personas as they are listed."""

    name = "fixed"
    about = "Takes personas as they are listed, by hand or in a file."
    params = FixedParams
    targets = "ignored"

    def problems(
        self, spec: PopulationSpec, params: FixedParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """A size other than the number of personas; attributes and traits that some lack."""
        if spec.size != len(params.personas):
            yield ("size",), f"{len(params.personas)} personas are listed, and size is {spec.size}"
        declared = {trait for one in spec.traits for trait in one.traits}
        first = params.personas[0]
        for number, one in enumerate(params.personas):
            place = ("method", "personas", str(number))
            if one.attributes.keys() != first.attributes.keys():
                odd = min(one.attributes.keys() ^ first.attributes.keys())
                yield (*place, "attributes"), f"every persona has the same ones, or none: {odd}"
            for field, named in (("traits", one.traits), ("intensity", one.intensity)):
                for trait in named.keys() - declared:
                    yield (*place, field), f"no inventory of the population has {trait}"
            if _factors(one) != _factors(first):
                yield (*place, "intensity"), "every persona has the same factors, or none"
            if bool(one.name) != bool(first.name):
                yield (*place, "name"), "either every persona has a name, or none"

    def attributes(self, spec: PopulationSpec, params: FixedParams) -> tuple[str, ...]:
        """The attributes that are listed."""
        return tuple(params.personas[0].attributes)

    def given_traits(self, spec: PopulationSpec, params: FixedParams) -> frozenset[str]:
        """The traits that are listed."""
        return frozenset(trait for one in params.personas for trait in one.traits)

    def structure(self, spec: PopulationSpec, params: FixedParams, draws: Draws) -> Structure:
        """The personas as listed; traits that one lacks are drawn."""
        people = params.personas
        scores = {}
        for trait in dict.fromkeys(trait for one in people for trait in one.traits):
            column = np.full(len(people), np.nan)
            for number, one in enumerate(people):
                given = one.traits.get(trait)
                if given is not None:
                    column[number] = (
                        score_of_level([given])[0] if isinstance(given, str) else float(given)
                    )
            scores[trait] = column
        return Structure(
            {
                name: coded([one.attributes[name] for one in people])
                for name in people[0].attributes
            },
            scores,
            names=tuple(one.name for one in people if one.name is not None),
            texts={
                kind: tuple(one.prose.get(kind, "") for one in people)
                for kind in dict.fromkeys(kind for one in people for kind in one.prose)
            },
            intensity={
                (trait, factor): np.array([one.intensity[trait][factor] for one in people])
                for trait, factor in _factors(people[0])
            },
            provenance="imported",
        )


def _factors(persona: ListedPersona) -> list[tuple[str, IntensityFactor]]:
    return sorted((trait, one) for trait, given in persona.intensity.items() for one in given)
