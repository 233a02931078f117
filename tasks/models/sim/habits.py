"""The habits of simulated agents, by environment; an environment is imported when it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.base import Record
from schemas.environment import SimulatedPolicy
from tasks.environments.registry import ENVIRONMENTS
from tasks.studies.strict import validated


class Habits(Mapping[str, Record]):
    """The habits of one agent by environment, each made when it is asked for.

    Args:
        preset: Name of the simulated model, whose habits they are where the study sets none.
        own: What the study sets; names that are not an environment's are none of its habits.
    """

    def __init__(self, preset: str, own: Mapping[str, Any]) -> None:
        self._preset, self._own = preset, own
        self._made: dict[str, Record] = {}

    def __getitem__(self, environment: str) -> Record:
        if environment not in self._made:
            policy = ENVIRONMENTS[environment].policy
            if policy is None:
                raise KeyError(environment)
            given = {**policy.presets.get(self._preset, {}), **self._own}
            mine = {name: given[name] for name in policy.params.model_fields if name in given}
            self._made[environment] = validated(policy.params, mine)
        return self._made[environment]

    def __iter__(self) -> Iterator[str]:
        return (name for name, one in ENVIRONMENTS.items() if one.policy is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def policies(first: str = "") -> Iterator[tuple[str, SimulatedPolicy]]:
    """The policies of environments by name, imported one by one as they are asked for.

    Args:
        first: The environment to begin with.
    """
    for name in sorted(ENVIRONMENTS, key=lambda name: name != first):
        policy = ENVIRONMENTS[name].policy
        if policy is not None:
            yield name, policy


def declared_by(parameters: Iterable[str], first: str = "") -> dict[str, str | None]:
    """The environment that declares each parameter as a habit; ``None`` where none does.

    Example:
        >>> declared_by(["greed", "gred"], "commons")
        {'greed': 'commons', 'gred': None}
    """
    return {
        parameter: next(
            (name for name, one in policies(first) if parameter in one.params.model_fields), None
        )
        for parameter in parameters
    }
