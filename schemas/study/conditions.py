"""Conditions of a study: listed, or crossed from factors, as changes of its episode section."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

#: Name of the condition of a study that declares none.
BASELINE = "baseline"

#: Conditions that factors may make, at most.
MAX_CONDITIONS = 1000

#: What a condition changes that is no part of the episode section.
OF_THE_STUDY = frozenset(("population", "replicates"))

#: A factor: its levels by name.
Levels = Mapping[str, Any]


def named_levels(levels: Any) -> Any:
    """Levels by name: a level that is a text, a number, a truth value or null names itself.

    Raises:
        ValueError: A level needs a name, or appears twice.

    Example:
        >>> named_levels([5, True, "model", None])
        {'5': 5, 'true': True, 'model': 'model', 'null': None}
    """
    if not isinstance(levels, list | tuple):
        return levels
    named: dict[str, Any] = {}
    for level in levels:
        if isinstance(level, list | tuple | dict):
            raise ValueError(
                "a level that is a list or a mapping needs a name: write NAME: VALUE for each level"
            )
        name = level if isinstance(level, str) else json.dumps(level)
        if name in named:
            raise ValueError(f"the level {name} appears twice")
        named[name] = level
    return named


def combinations(factors: Mapping[str, Levels]) -> dict[str, dict[str, str]]:
    """Every combination of levels by the name of its condition: the level of each factor.

    The name is ``FACTOR=LEVEL`` for every factor, joined by a space. The last
    factor varies fastest.

    Raises:
        ValueError: There are too many.

    Example:
        >>> combinations({"names": {"neutral": "neutral", "model": "model"}, "rounds": {"5": 5}})
        {'names=neutral rounds=5': {'names': 'neutral', 'rounds': '5'}, \
'names=model rounds=5': {'names': 'model', 'rounds': '5'}}
        >>> combinations({})
        {}
    """
    if not factors:
        return {}
    size = math.prod(map(len, factors.values()))
    if size > MAX_CONDITIONS:
        raise ValueError(
            f"factors: they make {size:,} conditions; at most {MAX_CONDITIONS:,} are allowed"
        )
    chosen = [
        dict(zip(factors, levels, strict=True)) for levels in itertools.product(*factors.values())
    ]
    return {" ".join(f"{factor}={level}" for factor, level in one.items()): one for one in chosen}


def changes_by_condition(
    factors: Mapping[str, Levels], listed: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """The conditions of a study as their changes, dotted names written out.

    Changes are those of the episode section; ``population`` is that of the study's population, and
    ``replicates`` the number of episodes.
    Conditions that factors make come first, then the listed ones. The first one is the baseline.

    Args:
        factors: Levels by name, by factor.
        listed: Changes by condition.

    Example:
        >>> changes_by_condition({}, {"short": {"memory.size": 5}})
        {'short': {'memory': {'size': 5}}}
        >>> changes_by_condition({}, {})
        {'baseline': {}}
    """
    crossed = {
        name: {factor: factors[factor][level] for factor, level in levels.items()}
        for name, levels in combinations(factors).items()
    }
    conditions = {**crossed, **listed} or {BASELINE: {}}
    return {name: nested(changes) for name, changes in conditions.items()}


def of_episode(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of the episode section among those of a condition."""
    return {part: value for part, value in changes.items() if part not in OF_THE_STUDY}


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes with dotted names written out as mappings.

    Example:
        >>> nested({"rounds": 3, "memory.size": 5, "memory.kind": "last"})
        {'rounds': 3, 'memory': {'size': 5, 'kind': 'last'}}
    """
    result: dict[str, Any] = {}
    for name, value in changes.items():
        *above, last = name.split(".")
        inner = result
        for part in above:
            held = inner.get(part)
            inner[part] = inner = dict(held) if isinstance(held, Mapping) else {}
        both = isinstance(inner.get(last), Mapping) and isinstance(value, Mapping)
        inner[last] = {**inner[last], **value} if both else value
    return result


def merged(below: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values with changes put in; mappings are merged, everything else is replaced.

    A mapping that names another ``kind``, a whole text or an imported thing replaces the one below
    it, since its fields are others. Changes by name are put into the items of a list that have
    these names, such as phases or probes.

    Example:
        >>> merged({"rounds": 3, "memory": {"kind": "last", "size": 5}}, {"memory": {"size": 9}})
        {'rounds': 3, 'memory': {'kind': 'last', 'size': 9}}
        >>> merged({"memory": {"kind": "last", "size": 5}}, {"memory": {"kind": "full"}})
        {'memory': {'kind': 'full'}}
        >>> merged({"phases": [{"name": "a"}, {"name": "b"}]}, {"phases": {"b": {"rounds": 2}}})
        {'phases': [{'name': 'a'}, {'name': 'b', 'rounds': 2}]}
    """
    result = dict(below)
    for name, value in changes.items():
        old = result.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and not _replaces(value, old):
            result[name] = merged(old, value)
        elif isinstance(value, Mapping) and value and value.keys() <= _names(old):
            result[name] = [merged(item, value.get(item["name"], {})) for item in old or ()]
        else:
            result[name] = value
    return result


def _names(items: Any) -> set[str]:
    """The names of items of a list, if all are mappings that have one."""
    if not isinstance(items, list | tuple):
        return set()
    named = [item.get("name") for item in items if isinstance(item, Mapping)]
    whole = len(named) == len(items) and all(isinstance(name, str) for name in named)
    return {str(name) for name in named} if whole else set()


def _replaces(value: Mapping[str, Any], below: Mapping[str, Any]) -> bool:
    another_kind = value.get("kind", below.get("kind")) != below.get("kind")
    return another_kind or not {"imported", "text"}.isdisjoint({*value, *below})
