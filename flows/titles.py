"""What people read for the names of steps."""

from __future__ import annotations

TITLES = {
    "code": "codings",
    "label": "labels",
    "measure": "metrics",
    "contrast": "contrasts",
}


def title_of(step: str) -> str:
    """The title of a step; its name where it has no other.

    Example:
        >>> title_of("code"), title_of("episodes")
        ('codings', 'episodes')
    """
    return TITLES.get(step, step)
