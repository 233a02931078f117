"""Profiles of people, read out of what they wrote, and whether they tell people apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import jinja2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model

from schemas.base import Record
from schemas.names import Name
from tasks.personas.taxonomy import similarities

_TEMPLATE = Path(__file__).parent / "prompts" / "profile.md"
#: What stands where the texts tell nothing.
UNKNOWN = "unknown"
#: The text that every profile has beside its fields.
SUMMARY = "summary"


class ProfileField(Record):
    """A field of a profile."""

    about: str = Field("", description="What it is about.")
    values: tuple[Name, ...] = Field((), description="Its values; any text unless given.")


def profile_template() -> str:
    """The template of the prompt that asks for a profile, as it is on disk now."""
    return _TEMPLATE.read_text(encoding="utf-8")


def profile_prompt(texts: Sequence[str], fields: Mapping[str, ProfileField]) -> str:
    """The prompt that asks for the profile of who wrote some texts."""
    return _compiled(profile_template()).render(texts=texts, fields=fields).strip()


@lru_cache(maxsize=8)
def _compiled(text: str) -> jinja2.Template:
    return jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(text)


def profile_shape(fields: Mapping[str, ProfileField]) -> type[BaseModel]:
    """The shape of an answer: every field, and a summary.

    Example:
        >>> shape = profile_shape({"town": ProfileField(values=("a", "b"))})
        >>> shape.model_validate({"town": "unknown", "summary": "Sails."}).model_dump(by_alias=True)
        {'town': 'unknown', 'summary': 'Sails.'}
    """
    declared: dict[str, Any] = {}
    for number, (name, field) in enumerate(fields.items()):
        kind: Any = Literal[(*field.values, UNKNOWN)] if field.values else str
        declared[f"field_{number}"] = (kind, Field(alias=name))
    declared[SUMMARY] = (str, Field(min_length=1))
    config = ConfigDict(populate_by_name=True, extra="forbid")
    return create_model("Profile", __config__=config, **declared)


def identification(profiles: Sequence[str], held_out: Sequence[str]) -> float:
    """Share of people whose profile is nearest to their own held-out texts among everybody's.

    Nearness is that of :func:`tasks.personas.taxonomy.similarities`. People who are as near as
    others share the point, so that profiles that say nothing reach chance, which is one in all.

    Args:
        profiles: Profile of each person, in words.
        held_out: Texts of each person that the profile was not read from.

    Example:
        >>> identification(["sails boats", "bakes bread"], ["the boat sailed", "bread, baked"])
        1.0
        >>> identification(["a person", "a person"], ["the boat sailed", "bread, baked"])
        0.5
    """
    near = similarities(profiles, held_out)
    best = near.max(axis=1, keepdims=True)
    nearest = near == best
    own = np.diagonal(nearest) / nearest.sum(axis=1)
    return float(own.mean())
