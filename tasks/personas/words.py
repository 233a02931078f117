"""A persona in words: the lines that prompts show."""

from __future__ import annotations

from collections.abc import Mapping


def persona_text(
    attributes: Mapping[str, str], levels: Mapping[str, str], biography: str = ""
) -> str:
    """What a prompt says of a persona; its name is left out, since seats are named otherwise.

    Args:
        attributes: Category by attribute.
        levels: Level by trait.
        biography: Prose, if any.

    Example:
        >>> print(persona_text({"age_group": "35-44"}, {"openness": "very_high"}, "A baker."))
        Age group: 35-44.
        Openness: very high.
        A baker.
    """
    lines = [
        f"{name.replace('_', ' ').capitalize()}: {value.replace('_', ' ')}."
        for name, value in (*attributes.items(), *levels.items())
    ]
    return "\n".join([*lines, biography] if biography else lines)
