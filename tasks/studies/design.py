"""The design of a study: its conditions with every parameter resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas.base import Record
from schemas.comparing import ComparingEnvironment
from schemas.errors import Mistake, Mistakes
from schemas.study import PopulationSpec, Study
from schemas.study.conditions import merged
from tasks.episodes.parts import EpisodeParts, parts_and_params
from tasks.episodes.probes import with_instruments


@dataclass(frozen=True)
class Condition:
    """A condition with its parameters.

    Attributes:
        name: Name of the condition.
        params: Parameters of the environment; none in a study without episodes.
        parts: Names, memory, shown personas, interventions and probes.
        factors: What of both differs from the baseline, with both values.
        population: The population that its personas are of.
    """

    name: str
    params: Record
    parts: EpisodeParts
    factors: Mapping[str, tuple[Any, Any]]
    population: PopulationSpec | None = None


@dataclass(frozen=True)
class Design:
    """A study with its conditions resolved.

    Attributes:
        study: The study as declared.
        conditions: Its conditions, the baseline first; none for a study over imported episodes.
        version: Digest of all that can change its results.
    """

    study: Study
    conditions: tuple[Condition, ...]
    version: str


def factors(base: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Parameters in which two conditions differ, with both values.

    Mappings with the same fields are compared field by field, since each field is a factor of its
    own; anything else is one factor. So are things with names of their own, such as two catalogues;
    their names stand for them.

    Example:
        >>> factors({"rounds": 3, "stop": {"kind": "limit", "n": 1}},
        ...         {"rounds": 3, "stop": {"kind": "limit", "n": 2}})
        {'stop.n': (1, 2)}
        >>> factors({"catalogue": {"name": "a", "n": 1}}, {"catalogue": {"name": "b", "n": 2}})
        {'catalogue': ('a', 'b')}
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in {**base, **other}:
        a, b = base.get(name), other.get(name)
        if a == b:
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping) and a and set(a) == set(b):
            parts = factors(a, b)
            named = {name: parts["name"]} if "name" in parts else None
            found.update(named or {f"{name}.{part}": pair for part, pair in parts.items()})
        else:
            found[name] = (a, b)
    return found


def declared_models(
    environment: str, declared: Mapping[str, Any]
) -> tuple[tuple[type[Record], dict[str, Any]], tuple[type[Record], dict[str, Any]]]:
    """The models that an episode section is validated by, each with its part of the section.

    Args:
        environment: Name of the environment.
        declared: Everything in the section but ``environment`` and ``reasks``.

    Returns:
        The environment's parameters, then the parts that work with every environment.

    Raises:
        Mistake: There is no environment has this name.
    """
    from tasks.environments.registry import environment_named

    parts, params = parts_and_params(declared)
    return (environment_named(environment).params, params), (EpisodeParts, parts)


def aliases_of(design: Design, condition: Condition) -> Mapping[tuple[str | int, ...], str]:
    """Model aliases that a condition names, by their place in the episode section."""
    if design.study.episode is None:
        return {}
    from tasks.environments.registry import environment_named

    asked = {**encoders_of(design, condition), **condition.parts.aliases}
    if condition.parts.single_agent is not None:
        return asked
    environment = environment_named(design.study.episode.environment)
    return {**environment.aliases(condition.params), **asked}


def encoders_of(design: Design, condition: Condition) -> Mapping[tuple[str | int, ...], str]:
    """Aliases of the embedding models that a condition names, by their place there as well."""
    if design.study.episode is None:
        return {}
    from tasks.environments.registry import environment_named

    environment = environment_named(design.study.episode.environment)
    if not isinstance(environment, ComparingEnvironment):
        return {}
    return environment.encoders(condition.params)


def design(study: Study) -> Design:
    """A study with every condition resolved, the baseline first.

    Args:
        study: The study, with the files that it names in it: as ``load_study`` gives it or as the
            warehouse keeps it.

    Raises:
        Mistake: There is no environment has this name.
        Mistakes: A condition's parameters are not valid.
    """
    if study.imported is not None:
        return Design(study, (), study.version(()))
    resolved: dict[str, list[Any]] = {}
    mistakes: list[Mistake] = []
    for name, override in study.changes.items():
        if study.episode is None:
            resolved[name] = [Record(), EpisodeParts.model_validate(shown_parts(override))]
            continue
        declared = merged(study.episode.params, override)
        held = with_instruments(
            declared, {alias: one.instrument for alias, one in study.instruments.items()}
        )
        for model, values in declared_models(study.episode.environment, held):
            try:
                resolved.setdefault(name, []).append(model.model_validate(values))
            except ValidationError as error:
                mistakes.append(_refused(f"study {study.name}: {name}", error))
    if mistakes:
        raise Mistakes(mistakes=mistakes)
    populations = study.populations
    plain = {
        name: {
            **params.model_dump(mode="json"),
            **parts.model_dump(mode="json", by_alias=True),
            **_population_if_varied(populations, name),
        }
        for name, (params, parts) in resolved.items()
    }
    base = next(iter(plain.values()))
    conditions = tuple(
        Condition(name, params, parts, factors(base, plain[name]), populations[name])
        for name, (params, parts) in resolved.items()
    )
    return Design(study, conditions, study.version(tuple(plain.items())))


def shown_parts(override: Mapping[str, Any]) -> dict[str, Any]:
    """What a condition without episodes says of which parts of personas are shown."""
    return {name: part for name, part in override.items() if name == "personas"}


def _refused(place: str, error: ValidationError) -> Mistake:
    return Mistake(
        what="the parameters of a condition are not valid",
        place=place,
        found="; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
        ),
    )


def _population_if_varied(
    populations: Mapping[str, PopulationSpec | None], condition: str
) -> dict[str, Any]:
    """The population of a condition among its parameters, where conditions differ in it."""
    of = populations[condition]
    if all(one == of for one in populations.values()):
        return {}
    return {"population": of.model_dump(mode="json") if of else None}
