"""Tables and views as expectations name them: their columns, their stage, how a study picks rows.

The columns are those of ``schemas/columns.json``, which ``python -m warehouse.reference`` writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import orjson

from schemas.unit import Stage

#: By which column the rows of a version of a study are picked.
Picked = Literal["study_version", "episode_key", "unit_key"]

_STAGES: dict[str, Stage] = {
    "candidates": "personas",
    "personas": "personas",
    "profiles": "personas",
    "v_personas": "personas",
    "persona_attributes": "personas",
    "persona_checks": "personas",
    "persona_relations": "personas",
    "persona_texts": "personas",
    "persona_traits": "personas",
    "population_fits": "personas",
    "population_rules": "personas",
    "populations": "personas",
    "population_targets": "personas",
    "v_population_figures": "personas",
    "v_population_targets": "personas",
    "codes": "codes",
    "labels": "codes",
    "samples": "codes",
    "v_codes": "codes",
    "v_labels": "codes",
}
#: Their rows come with episodes, or with personas in a study that has none.
_OF_EPISODES = frozenset({"v_episodes", "responses", "v_responses"})
#: They hold rows of every stage, so they are whole after the last one.
_OF_EVERY_STAGE = frozenset({"calls", "attempts", "v_calls"})
#: The warehouse's own books, what was imported for no one study, and tables that have a view which
#: says what a version's rows are. A view whose name ends in _all is the plain one for all versions.
_LEFT_OUT = frozenset(
    {
        "studies", "v_studies", "study_units", "study_inputs", "complete_units", "runs", "units",
        "validations", "quarantine", "earlier_units", "earlier_calls", "earlier_attempts",
        "uncommitted_calls",
        "catalogues", "customers", "businesses", "metrics", "contrasts",
    }
)  # fmt: skip


@cache
def relations() -> Mapping[str, Mapping[str, str]]:
    """Types of columns, by table or view, of those whose rows belong to versions of studies."""
    held = orjson.loads((files("schemas") / "columns.json").read_bytes())
    return {
        name: columns
        for name, columns in held.items()
        if name not in _LEFT_OUT and not name.endswith("_all") and picked_by(columns) is not None
    }


def picked_by(columns: Mapping[str, str]) -> Picked | None:
    """The column by which rows of a version are picked, if there is one.

    Example:
        >>> picked_by({"episode_key": "VARCHAR", "unit_key": "VARCHAR", "text": "VARCHAR"})
        'episode_key'
    """
    names: tuple[Picked, ...] = ("study_version", "episode_key", "unit_key")
    if "administration" in columns:  # answers belong to an episode, or to none
        names = ("unit_key",)
    return next((name for name in names if name in columns), None)


def stage_of(relation: str, with_episodes: bool = True) -> Stage:
    """The stage after which a table or view is whole.

    Args:
        relation: Its name.
        with_episodes: Whether the study has episodes.

    Example:
        >>> stage_of("v_messages"), stage_of("v_codes"), stage_of("v_metrics")
        ('episodes', 'codes', 'metrics')
    """
    if relation in _STAGES:
        return _STAGES[relation]
    by_episode = picked_by(relations()[relation]) == "episode_key" or relation in _OF_EPISODES
    if not by_episode or relation in _OF_EVERY_STAGE:
        return "metrics"
    return "episodes" if with_episodes else "personas"


def has_conditions(relation: str) -> bool:
    """Whether its rows belong to conditions, so that they can be checked one by one."""
    columns = relations()[relation]
    return relation in _OF_EVERY_STAGE or not columns.keys().isdisjoint(
        {"condition", "episode_key"}
    )


def is_number(kind: str) -> bool:
    """Whether a column of a type holds numbers, or true and false.

    Example:
        >>> is_number("DOUBLE"), is_number("VARCHAR"), is_number("BIGINT[]")
        (True, False, False)
    """
    numbers = ("BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "HUGEINT", "FLOAT", "DECIMAL")
    return kind.startswith(numbers) and not kind.endswith("[]")
