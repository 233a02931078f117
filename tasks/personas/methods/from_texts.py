"""Personas read out of what people wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from pydantic import Field

from schemas.names import Name
from schemas.study.population import PopulationSpec
from schemas.study.rows import RowsFile
from tasks.personas.methods.method import FoundMethod, FoundRows, Params
from tasks.personas.profiles import SUMMARY, UNKNOWN, ProfileField, identification
from tasks.personas.structure import Column, Draws, Structure, coded

#: Personas of such a population, at most.
MOST = 10_000
#: Columns that the file must have.
PERSON, TEXT = "person", "text"


class FromTextsParams(Params):
    """Parameters of personas out of texts."""

    rows: RowsFile = Field(
        description="The file: a row for each text, with the columns person and text."
    )
    model: str = Field(min_length=1, description="Alias of the model that reads the texts.")
    fields: dict[Name, ProfileField] = Field(
        min_length=1, max_length=40, description="Attributes that it reads out of them."
    )
    held_out: float = Field(
        0.5,
        gt=0,
        lt=1,
        description="Share of each person's texts that the model is not shown; profiles are held "
        "against them.",
    )
    reasks: int = Field(2, ge=0, le=10, description="How often a bad answer is asked again.")

    @cached_property
    def texts(self) -> dict[str, tuple[str, ...]]:
        """Texts by person, in the order of the file."""
        found: dict[str, list[str]] = {}
        columns = self.rows.columns
        for person, text in zip(columns[PERSON], columns[TEXT], strict=True):
            found.setdefault(person, []).append(text)
        return {person: tuple(texts) for person, texts in found.items()}

    def shown(self, person: str) -> tuple[str, ...]:
        """The texts that the model reads: the first ones."""
        texts = self.texts[person]
        return texts[: self._n_shown(len(texts))]

    def kept_back(self, person: str) -> tuple[str, ...]:
        """The texts that it is not shown: the last ones."""
        texts = self.texts[person]
        return texts[self._n_shown(len(texts)) :]

    def _n_shown(self, n: int) -> int:
        return min(n - 1, max(1, round(n * (1 - self.held_out))))


class FromTexts(FoundMethod[FromTextsParams]):
    """Has a model read profiles out of texts."""

    name = "from_texts"
    about = "Has a model read attributes out of what people wrote, a call for each person."
    params = FromTextsParams
    found_in = "profiles"

    def aliases(self, params: FromTextsParams) -> tuple[str, ...]:
        """The model that reads."""
        return (params.model,)

    def problems(
        self, spec: PopulationSpec, params: FromTextsParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Columns that the file lacks, people with too few texts, and fewer people than wanted."""
        for column in (PERSON, TEXT):
            if column not in params.rows.columns:
                yield ("method", "rows"), f"the rows have no column {column}"
                return
        few = [person for person, texts in params.texts.items() if len(texts) < 2]
        if few:
            yield (
                ("method", "rows"),
                f"{few[0]} has one text: expected at least 2 of everybody, of which one is held "
                "out to check the profile; remove the row, or split the text",
            )
        n = min(len(params.texts), MOST)
        if spec.size > n:
            yield ("size",), f"the file has texts of {n:,} people: expected no more personas"
        if SUMMARY in params.fields:
            yield ("method", "fields", SUMMARY), "every profile has a summary beside its fields"
        for attribute in spec.categories:
            if attribute not in params.fields:
                yield ("targets",), f"no field {attribute} is read out of the texts"
            elif odd := sorted(
                set(params.fields[attribute].values) ^ set(spec.categories[attribute])
            ):
                yield ("targets", attribute), f"the field's values differ in {odd[0]}"

    def attributes(self, spec: PopulationSpec, params: FromTextsParams) -> tuple[str, ...]:
        """The fields."""
        return tuple(params.fields)

    def structure_from(
        self,
        spec: PopulationSpec,
        params: FromTextsParams,
        draws: Draws,
        found: Sequence[FoundRows],
    ) -> Structure:
        """What was read, and how often profiles find their own texts among those of all."""
        people = tuple(params.texts)[: spec.size]
        profiles = [{row["field"]: row["value"] for row in rows} for rows in found]
        known = [
            {name: value for name, value in one.items() if value != UNKNOWN} for one in profiles
        ]
        words = [" ".join(one.values()) for one in known]
        held_out = [" ".join(params.kept_back(person)) for person in people]
        return Structure(
            {
                name: _column([one.get(name) for one in known], field)
                for name, field in params.fields.items()
            },
            names=people,
            texts={SUMMARY: tuple(one.get(SUMMARY, "") for one in known)},
            figures={
                "identified": identification(words, held_out),
                "identified_by_chance": 1 / len(people),
                "known": sum(len(one) - 1 for one in known) / (len(people) * len(params.fields)),
            },
            provenance="model",
        )


def _column(values: list[str | None], field: ProfileField) -> Column:
    """A column in which those of whom nothing is known have no category."""
    column = coded([value for value in values if value is not None], field.values)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[[value is not None for value in values]] = column.codes
    return Column(column.categories, codes)
