"""Which parts of its persona a seat's prompt shows, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Literal, Self

import orjson
from pydantic import ConfigDict, Field, model_validator

from schemas.base import Record
from schemas.seats import Persona
from schemas.study.population import BIG_FIVE
from schemas.study.prose import BIOGRAPHY

#: The three parts of a self-concept (SPeCtrum): who one is to others, what one is like, how one
#: lives. Attributes are social, traits personal and texts context, unless a study says otherwise.
Part = Literal["social", "personal", "context"]
SOCIAL, PERSONAL, CONTEXT = PARTS = ("social", "personal", "context")
#: Names that stand for more than one attribute.
ALL, TRAITS, FIVE, NAME = "all", "traits", "big_five", "name"
GROUPS = frozenset((ALL, TRAITS, FIVE, BIOGRAPHY, NAME, *PARTS))


_NORMAL = NormalDist()
#: The least quantile that a standardised score is made of.
_LEAST = 1e-9


class ShownPersona(Record):
    """What prompts show of a persona."""

    model_config = ConfigDict(populate_by_name=True)

    show: tuple[str, ...] = Field(
        (ALL,),
        description="What is shown, in this order: names of attributes, traits or texts; social, "
        "personal or context (a part of the self-concept: attributes, traits, texts); traits or "
        "big_five (all of them); name; or all (everything but the name). An empty list shows "
        "nothing.",
    )
    parts: dict[Part, tuple[str, ...]] = Field(
        {},
        description="Attributes, traits and texts that belong to another part of the self-concept "
        "than attributes (social), traits (personal) and texts (context) do.",
    )
    form: Literal["lines", "prose", "json"] = Field(
        "lines",
        alias="as",
        description="lines (one for each value), prose (a sentence for each value), or json.",
    )

    @model_validator(mode="after")
    def _each_is_in_one_part(self) -> Self:
        named = [name for names in self.parts.values() for name in names]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"parts: {twice[0]} is in two parts")
        return self

    def text(self, persona: Persona) -> str:
        """What the prompt shows of a persona; empty where that is nothing.

        Example:
            >>> bakes = {"biography": "Bakes."}
            >>> ann = Persona("k", "Ann", {"age_group": "35-44"}, {"openness": "high"}, bakes)
            >>> print(ShownPersona().text(ann))
            Age group: 35-44.
            Openness: high.
            Bakes.
            >>> ShownPersona.model_validate({"show": ["social"], "as": "prose"}).text(ann)
            'Your age group is 35-44.'
        """
        values = self.values(persona)
        if not values:
            return ""
        if self.form == "json":
            return orjson.dumps(values).decode()
        texts = {name: values.pop(name) for name in persona.texts if name in values}
        if self.form == "prose":
            lines = [f"Your {_words(name)} is {_words(value)}." for name, value in values.items()]
            between = " "
        else:
            lines = [
                f"{_words(name).capitalize()}: {_words(value)}." for name, value in values.items()
            ]
            between = "\n"
        # A biography needs no heading; what else was written does.
        prose = [
            text if name == BIOGRAPHY else f"{_words(name).capitalize()}: {text}"
            for name, text in texts.items()
        ]
        return between.join([*lines, *prose])

    def values(self, persona: Persona) -> dict[str, str]:
        """The values that are shown, by name, in order; what the persona lacks is left out."""
        every = {**persona.attributes, **persona.levels, **persona.texts}
        groups: dict[str, Mapping[str, str]] = {
            ALL: every,
            TRAITS: persona.levels,
            FIVE: {name: persona.levels[name] for name in BIG_FIVE if name in persona.levels},
            NAME: {NAME: persona.name},
        }
        parts = {name: self._part(name, persona) for name in every}
        for part in PARTS:
            groups[part] = {name: value for name, value in every.items() if parts[name] == part}
        shown: dict[str, str] = {}
        for name in self.show:
            shown.update(groups.get(name) or ({name: every[name]} if name in every else {}))
        return {name: value for name, value in shown.items() if value}

    def heeded(self, persona: Persona) -> dict[str, float]:
        """What is shown of a persona as numbers, which simulated models may heed.

        A shown trait is its standardised score, a shown attribute ``ATTRIBUTE=VALUE`` is 1.

        Example:
            >>> ann = Persona("k", "Ann", {"town": "coast"}, {"openness": "high"},
            ...               scores={"openness": 0.8413447460685429})
            >>> ShownPersona().heeded(ann)
            {'town=coast': 1.0, 'openness': 1.0}
            >>> ShownPersona(show=("town",)).heeded(ann)
            {'town=coast': 1.0}
        """
        shown = self.values(persona)
        heeded = {
            f"{name}={value}": 1.0 for name, value in persona.attributes.items() if name in shown
        }
        for trait, score in persona.scores.items():
            if trait in shown:
                heeded[trait] = round(_NORMAL.inv_cdf(min(max(score, _LEAST), 1 - _LEAST)), 9)
        return heeded

    def _part(self, name: str, persona: Persona) -> str:
        for part, names in self.parts.items():
            if name in names:
                return part
        if name in persona.attributes:
            return SOCIAL
        return PERSONAL if name in persona.levels else CONTEXT

    def unknown(self, known: frozenset[str]) -> tuple[tuple[str, str], ...]:
        """Names that neither a population nor this module knows, each with its field.

        Args:
            known: Attributes, traits and texts of the population.
        """
        named = [name for names in self.parts.values() for name in names]
        return (
            *(("show", name) for name in self.show if name not in known | GROUPS),
            *(("parts", name) for name in named if name not in known | {BIOGRAPHY}),
        )


def _words(name: str) -> str:
    return name.replace("_", " ")
