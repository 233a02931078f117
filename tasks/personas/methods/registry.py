"""Every way of making personas, by name. A new one is a module and a line here."""

from __future__ import annotations

from typing import Any

from schemas.study.population import PopulationSpec
from tasks.personas.methods.dataset import Dataset
from tasks.personas.methods.evolved import Evolved
from tasks.personas.methods.factorial import Factorial
from tasks.personas.methods.fixed import Fixed
from tasks.personas.methods.from_texts import FromTexts
from tasks.personas.methods.independent import Independent
from tasks.personas.methods.ipf import Ipf
from tasks.personas.methods.method import GUIDE, Params, PersonaMethod
from tasks.registry import Registry

METHODS: Registry[PersonaMethod[Any]] = Registry(
    "way of making personas",
    (Independent(), Ipf(), Factorial(), Dataset(), Fixed(), FromTexts(), Evolved()),
    GUIDE,
)


def method_named(name: str, place: str = "population.method") -> PersonaMethod[Any]:
    """The way of making personas of that name.

    Raises:
        Mistake: There is none.
    """
    return METHODS.named(name, place)


def known_values(spec: PopulationSpec) -> frozenset[str]:
    """Names of attributes, traits and texts that personas of a population have, or can have."""
    method, params = method_of(spec)
    traits = (trait for one in spec.traits for trait in one.traits)
    texts = spec.prose.fields if spec.prose else ()
    paths = [leaf.path for leaf in spec.taxonomy.leaves] if spec.taxonomy else []
    return frozenset((*method.attributes(spec, params), *spec.added, *traits, *paths, *texts))


def method_of(spec: PopulationSpec) -> tuple[PersonaMethod[Any], Params]:
    """The way that a population is made, and its parameters.

    Raises:
        Mistake: There is no such way.
        pydantic.ValidationError: Its parameters are wrong.
    """
    method = method_named(spec.method.use)
    return method, method.params.model_validate(spec.method.options)


def aliases_of_method(spec: PopulationSpec) -> tuple[str, ...]:
    """Aliases of the models that are asked to make the structured part of a population."""
    method, params = method_of(spec)
    return method.aliases(params)
