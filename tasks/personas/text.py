"""A persona in words: the lines that say what it is."""

from __future__ import annotations

from collections.abc import Mapping


def persona_text(attributes: Mapping[str, str], levels: Mapping[str, str]) -> str:
    """The structured fields of a persona, a line each, without its name.

    Args:
        attributes: Category by attribute.
        levels: Level by trait.

    Example:
        >>> print(persona_text({"age_group": "35-44"}, {"openness": "very_high"}))
        Age group: 35-44.
        Openness: very high.
    """
    return "\n".join(
        f"{name.replace('_', ' ').capitalize()}: {value.replace('_', ' ')}."
        for name, value in (*attributes.items(), *levels.items())
    )
