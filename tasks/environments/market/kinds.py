"""How a study names the kind of a part: ``search: optimal`` is ``search: {kind: optimal}``."""

from __future__ import annotations

from typing import Any


def kind_by_name(value: Any) -> Any:
    """A part as its fields, where a study gives the name of its kind alone.

    Example:
        >>> kind_by_name("optimal")
        {'kind': 'optimal'}
    """
    return {"kind": value} if isinstance(value, str) else value
