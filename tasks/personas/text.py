"""A persona in words: the lines that prompts show, and the prompt that asks for a biography."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import jinja2

_TEMPLATE = Path(__file__).parent / "prompts" / "biography.md"


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


def biography_template() -> str:
    """The template of the prompt that asks for a biography, as it is on disk now."""
    return _TEMPLATE.read_text(encoding="utf-8")


def biography_prompt(description: str) -> str:
    """The prompt that asks for the biography of a person so described."""
    return _compiled(biography_template()).render(description=description).strip()


@lru_cache(maxsize=8)
def _compiled(text: str) -> jinja2.Template:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(text)
