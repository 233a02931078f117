"""Which parts of its persona a seat's prompt shows, and in which form."""

from __future__ import annotations

from typing import Literal

import orjson
from pydantic import ConfigDict, Field

from schemas.base import Record
from schemas.seats import Persona
from schemas.study.population import BIG_FIVE

#: Names that stand for more than one attribute.
ALL, TRAITS, FIVE, BIOGRAPHY, NAME = "all", "traits", "big_five", "biography", "name"
GROUPS = frozenset((ALL, TRAITS, FIVE, BIOGRAPHY, NAME))


class ShownPersona(Record):
    """What prompts show of a persona."""

    model_config = ConfigDict(populate_by_name=True)

    show: tuple[str, ...] = Field(
        (ALL,),
        description="Parts, in the order shown: names of attributes or traits, traits or big_five "
        "(all of them), biography, name, or all (every part but the name). An empty list shows "
        "nothing.",
    )
    form: Literal["lines", "prose", "json"] = Field(
        "lines",
        alias="as",
        description="lines (one for each part), prose (a sentence for each part), or json.",
    )

    def text(self, persona: Persona) -> str:
        """The parts of a persona as the prompt shows them; empty where there are none.

        Example:
            >>> ann = Persona("k", "Ann", {"age_group": "35-44"}, {"openness": "high"}, "A baker.")
            >>> print(ShownPersona().text(ann))
            Age group: 35-44.
            Openness: high.
            A baker.
            >>> ShownPersona.model_validate({"show": ["age_group"], "as": "prose"}).text(ann)
            'Your age group is 35-44.'
        """
        parts = self.parts(persona)
        if not parts:
            return ""
        if self.form == "json":
            return orjson.dumps(parts).decode()
        prose = parts.pop(BIOGRAPHY, "")
        if self.form == "prose":
            lines = [f"Your {_words(name)} is {_words(value)}." for name, value in parts.items()]
            between = " "
        else:
            lines = [
                f"{_words(name).capitalize()}: {_words(value)}." for name, value in parts.items()
            ]
            between = "\n"
        return between.join([*lines, prose] if prose else lines)

    def parts(self, persona: Persona) -> dict[str, str]:
        """The parts that are shown, by name, in order; what the persona lacks is left out."""
        own = {**persona.attributes, **persona.levels}
        groups = {
            ALL: {**own, BIOGRAPHY: persona.biography},
            TRAITS: dict(persona.levels),
            FIVE: {name: persona.levels[name] for name in BIG_FIVE if name in persona.levels},
            BIOGRAPHY: {BIOGRAPHY: persona.biography},
            NAME: {NAME: persona.name},
        }
        shown: dict[str, str] = {}
        for part in self.show:
            shown.update(groups.get(part) or ({part: own[part]} if part in own else {}))
        return {name: value for name, value in shown.items() if value}

    def unknown(self, known: frozenset[str]) -> tuple[str, ...]:
        """Names in ``show`` that neither a population nor this module knows.

        Args:
            known: Attributes and traits of the population.
        """
        return tuple(part for part in self.show if part not in known | GROUPS)


def _words(name: str) -> str:
    return name.replace("_", " ")
