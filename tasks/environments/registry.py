"""The environments that a study can name."""

from __future__ import annotations

from typing import Any

from schemas.environment import Environment
from tasks.environments.commons.environment import Commons
from tasks.environments.discussion.environment import Discussion
from tasks.environments.market.environment import Market
from tasks.registry import Registry

ENVIRONMENTS: Registry[Environment[Any]] = Registry(
    "environment", (Discussion(), Market(), Commons()), "docs/add_an_environment.md"
)


def environment_named(name: str, place: str = "episode.environment") -> Environment[Any]:
    """The environment of that name.

    Raises:
        Mistake: There is none.

    Example:
        >>> environment_named("discussion").name
        'discussion'
    """
    return ENVIRONMENTS.named(name, place)
