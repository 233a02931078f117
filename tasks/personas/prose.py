"""Prose about a persona: the prompt, the shape of the answer, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from pydantic import BaseModel, ConfigDict, Field, create_model

from tasks.personas.contradictions import contradictions, plain
from tasks.personas.text import persona_text

_TEMPLATE = Path(__file__).parent / "prompts" / "prose.md"
#: Contradictions that a message quotes, at most.
QUOTED = 6


def prose_template() -> str:
    """The template of the prompt that asks for prose, as it is on disk now."""
    return _TEMPLATE.read_text(encoding="utf-8")


def prose_prompt(
    attributes: Mapping[str, str], levels: Mapping[str, str], texts: Mapping[str, str]
) -> str:
    """The prompt that asks for prose about a persona.

    Args:
        attributes: Category by attribute.
        levels: Level by trait.
        texts: What each text is to say, by its name.
    """
    template = _compiled(prose_template())
    return template.render(description=persona_text(attributes, levels), texts=texts).strip()


@lru_cache(maxsize=8)
def _compiled(text: str) -> jinja2.Template:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(text)


def _without_titles(schema: dict[str, Any]) -> None:
    """Leave out what pydantic derives from names: it costs tokens and says nothing."""
    schema.pop("title", None)
    for part in schema.get("properties", {}).values():
        part.pop("title", None)


class _Answered(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True, extra="forbid", json_schema_extra=_without_titles
    )


@lru_cache(maxsize=256)
def prose_shape(facts: tuple[str, ...], texts: tuple[str, ...]) -> type[BaseModel]:
    """The shape of an answer: an echo of every structured field, and every text.

    Args:
        facts: Names of the structured fields.
        texts: Names of the texts.

    Example:
        >>> shape = prose_shape(("age",), ("biography",))
        >>> answer = shape.model_validate({"echo": {"age": "34"}, "texts": {"biography": "Sails."}})
        >>> texts_of(answer), echo_of(answer)
        ({'biography': 'Sails.'}, {'age': '34'})
    """

    def part(name: str, fields: tuple[str, ...], shortest: int) -> type[BaseModel]:
        declared: dict[str, Any] = {
            f"field_{number}": (str, Field(alias=one, min_length=shortest))
            for number, one in enumerate(fields)
        }
        return create_model(name, __base__=_Answered, **declared)

    return create_model(
        "PersonaProse",
        __base__=_Answered,
        echo=(part("Echo", facts, 0), ...),
        texts=(part("Texts", texts, 1), ...),
    )


def texts_of(answer: BaseModel) -> dict[str, str]:
    """The texts of an answer by name."""
    return _by_alias(answer.texts)  # type: ignore[attr-defined]


def echo_of(answer: BaseModel) -> dict[str, str]:
    """The structured fields as an answer repeats them."""
    return _by_alias(answer.echo)  # type: ignore[attr-defined]


def _by_alias(part: BaseModel) -> dict[str, str]:
    return part.model_dump(by_alias=True)


def problem_with(answer: BaseModel, facts: Mapping[str, str]) -> str | None:
    """What of an answer contradicts the persona, in words that the writer can act on; or nothing.

    Args:
        answer: An answer of the shape of :func:`prose_shape`.
        facts: Value of each structured field of the persona.
    """
    found = [
        f"echo: {name} is {facts[name]!r}, not {said!r}"
        for name, said in echo_of(answer).items()
        if plain(said) != plain(facts[name])
    ]
    for name, text in texts_of(answer).items():
        found += [f"{name}: {problem}" for problem in contradictions(facts, text)]
    more = [f"and {len(found) - QUOTED} more"] if len(found) > QUOTED else []
    return "; ".join([*found[:QUOTED], *more]) or None
