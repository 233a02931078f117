"""The environments that a study can name. A new one is a folder with an ``ENVIRONMENT``."""

from __future__ import annotations

from typing import Any

from schemas.environment import Environment
from tasks.registry import ModuleRegistry, Registry

#: Every environment. Its module, ``tasks.environments.NAME.environment``, is imported when the
#: environment is asked for.
NAMES = (
    "discussion",
    "market",
    "commons",
    "product_choice",
    "debate",
    "auction",
    "bargaining",
    "ultimatum",
    "binary_choice",
    "strategy_auction",
    "posted_market",
)

ENVIRONMENTS: Registry[Environment[Any]] = ModuleRegistry(
    "environment",
    {name: f"tasks.environments.{name}.environment" for name in NAMES},
    "ENVIRONMENT",
    "docs/add_an_environment.md",
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
