"""Prose about personas as a study declares it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from schemas.base import Record
from schemas.names import Name

#: The text that a persona has where none are declared.
BIOGRAPHY = "biography"
_BIOGRAPHY = (
    "Who they are, what they do, and how their traits show in daily life; at most five sentences."
)


class ProseSpec(Record):
    """Who writes about personas, and what; a bare model alias stands for a biography by it."""

    model: str = Field(min_length=1, description="Alias of the model that writes.")
    fields: dict[Name, Annotated[str, Field(min_length=1, max_length=1000)]] = Field(
        {BIOGRAPHY: _BIOGRAPHY},
        min_length=1,
        max_length=20,
        description="Texts by name, each with what it is to say.",
    )
    reasks: int = Field(
        2,
        ge=0,
        le=10,
        description="How often an answer that contradicts the persona is asked again; after that "
        "it goes to quarantine.",
    )


def _from_alias(value: Any) -> Any:
    return {"model": value} if isinstance(value, str) else value


def _short(prose: ProseSpec) -> Any:
    plain = prose.model_dump(exclude_defaults=True)
    return prose.model if set(plain) == {"model"} else plain


#: Prose in a population, written in its shortest form.
ProseField = Annotated[
    ProseSpec,
    BeforeValidator(_from_alias, json_schema_input_type=str | ProseSpec),
    PlainSerializer(_short),
]
