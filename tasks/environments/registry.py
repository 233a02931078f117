"""The environments that a study can name."""

from __future__ import annotations

from functools import cache

from schemas.environment import Environment
from schemas.errors import Mistake, nearest
from tasks.environments.discussion.environment import Discussion
from tasks.environments.market.environment import Market


@cache
def environments() -> dict[str, Environment]:
    """Every environment by name."""
    known: tuple[Environment, ...] = (Discussion(), Market())
    return {environment.name: environment for environment in known}


def environment_named(name: str, place: str = "episode.environment") -> Environment:
    """The environment of that name.

    Raises:
        Mistake: There is none.

    Example:
        >>> environment_named("discussion").name
        'discussion'
    """
    known = environments()
    if name not in known:
        close = nearest(name, known)
        raise Mistake(
            what="unknown environment",
            place=place,
            found=name,
            expected=f"one of {', '.join(sorted(known))}",
            fix=f"write {close}" if close else "see docs/add_an_environment.md to add one",
        )
    return known[name]
