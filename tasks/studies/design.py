"""The design of a study: its conditions with every parameter resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas.base import Record
from schemas.errors import Mistake, Mistakes
from schemas.study import LoadContext, Study
from schemas.study.conditions import merged


@dataclass(frozen=True)
class Condition:
    """A condition with its parameters.

    Attributes:
        name: Name of the condition.
        params: Parameters of the environment, validated.
        factors: Parameters that differ from the baseline, with both values.
    """

    name: str
    params: Record
    factors: Mapping[str, tuple[Any, Any]]


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
    own; anything else is one factor.

    Example:
        >>> factors({"rounds": 3, "stop": {"kind": "limit", "n": 1}},
        ...         {"rounds": 3, "stop": {"kind": "limit", "n": 2}})
        {'stop.n': (1, 2)}
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in {**base, **other}:
        a, b = base.get(name), other.get(name)
        if a == b:
            continue
        if isinstance(a, Mapping) and isinstance(b, Mapping) and a and set(a) == set(b):
            found.update({f"{name}.{part}": pair for part, pair in factors(a, b).items()})
        else:
            found[name] = (a, b)
    return found


def params_of(
    study: Study, override: Mapping[str, Any], context: LoadContext | None = None
) -> Record:
    """The validated parameters of one condition.

    Args:
        study: A study with an episode section.
        override: The condition's differences from it.
        context: How to read files, for studies whose files are not in them yet.

    Raises:
        Mistake: There is no environment of that name.
        pydantic.ValidationError: The environment refuses the parameters.
    """
    from tasks.environments.registry import environment_named

    if study.episode is None:
        raise ValueError(f"study {study.name} has no episode section")
    model = environment_named(study.episode.environment).params_model
    return model.model_validate(merged(study.episode.params, override), context=context)


def design(study: Study) -> Design:
    """A study with every condition resolved, the baseline first.

    Args:
        study: The study, with the files that it names in it: as ``load_study`` gives it or as the
            warehouse keeps it.

    Raises:
        Mistake: There is no environment of that name.
        Mistakes: A condition's parameters are not valid.
    """
    if study.episode is None:
        return Design(study, (), study.version(()))
    params: dict[str, Record] = {}
    mistakes: list[Mistake] = []
    for name, override in study.changes.items():
        try:
            params[name] = params_of(study, override)
        except ValidationError as error:
            mistakes.append(
                Mistake(
                    what="the parameters of a condition are not valid",
                    place=f"study {study.name}: {name}",
                    found="; ".join(
                        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
                    ),
                )
            )
    if mistakes:
        raise Mistakes(mistakes=mistakes)
    plain = {name: record.model_dump(mode="json") for name, record in params.items()}
    base = next(iter(plain.values()))
    conditions = tuple(
        Condition(name, record, factors(base, plain[name])) for name, record in params.items()
    )
    return Design(study, conditions, study.version(tuple(plain.items())))
