"""What metrics of personas are measured from: the units' specs, and their frames put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from schemas.keys import NOT_IDENTITY, Shared
from schemas.study import ModelSpec
from schemas.unit import Read
from tasks.metrics.metric import Metric
from tasks.metrics.persona_data import PersonaData
from tasks.metrics.text.vectors import Encoder

#: Table by what a metric needs of it.
TABLES = {
    "traits": "persona_traits",
    "attributes": "persona_attributes",
    "texts": "persona_texts",
    "answers": "responses",
}


@dataclass(frozen=True, slots=True)
class MeasuredPopulation:
    """The personas of a condition.

    Attributes:
        condition: Its name.
        population: Digest of the population.
        texts: Units that wrote about its personas, sorted; none unless the metric needs texts.
        answers: Units that put instruments to them, sorted; none unless the metric needs answers.
        units: Units that drew it.
        positions: Number within the population by the key of a persona.
    """

    condition: str
    population: str
    texts: tuple[str, ...]
    answers: tuple[str, ...]
    units: tuple[str, ...] = field(metadata=NOT_IDENTITY, compare=False)
    positions: Mapping[str, int] = field(metadata=NOT_IDENTITY, compare=False, repr=False)

    def holding(self, need: str) -> tuple[str, ...]:
        """Units that hold what a metric needs of the personas."""
        if need == "answers":
            return self.answers
        return (*self.units, *self.texts) if need == "texts" else self.units


@dataclass(frozen=True, slots=True)
class PersonaMeasureInput:
    """What measuring personas takes.

    Attributes:
        metric: Name of the metric.
        version: Version of its code.
        options: Its options, defaults filled in.
        populations: The personas of every condition, in the order declared.
        encoder: The embedding model, where the metric asks one.
    """

    metric: str
    version: int
    options: Mapping[str, Any]
    populations: tuple[MeasuredPopulation, ...]
    encoder: Shared[ModelSpec] | None = None

    @property
    def rule(self) -> None:
        """No adjudication rule stands behind it."""
        return

    @property
    def incomplete(self) -> Literal["keep"]:
        """Episodes have no part in it."""
        return "keep"

    @property
    def excluded(self) -> Mapping[str, Mapping[str, int]]:
        """No persona is left out."""
        return {}

    @property
    def replicates(self) -> dict[str, int]:
        """Number within its population, by persona: conditions are compared persona by persona."""
        return {
            key: position for one in self.populations for key, position in one.positions.items()
        }

    def reads(self, metric: Metric) -> tuple[Read, ...]:
        """The rows that it is measured from."""
        keys = tuple(dict.fromkeys(one.population for one in self.populations))
        reads = [Read("personas", "population_key", keys)]
        for need in metric.needs:
            units = dict.fromkeys(key for one in self.populations for key in one.holding(need))
            reads.append(Read(TABLES[need], "unit_key", tuple(units)))
        return tuple(reads)


class PersonaInputs:
    """Hands out the data of each unit; units of the same populations share it.

    Args:
        rows: Rows of the warehouse by table, those of several units together.
    """

    def __init__(self, rows: Mapping[str, pl.DataFrame]) -> None:
        self._rows = rows
        self._shared: dict[tuple[MeasuredPopulation, ...], dict[Any, Any]] = {}

    def data(
        self, spec: PersonaMeasureInput, metric: Metric, encoders: Mapping[str, Encoder]
    ) -> PersonaData:
        """What a metric is computed from.

        Args:
            spec: The spec of a unit.
            metric: The metric.
            encoders: Text encoders by name, besides the hashed one.
        """
        personas = self._personas(spec)
        empty = pl.DataFrame()
        needs = metric.needs
        return PersonaData(
            personas=personas,
            traits=self._of(personas, "traits", spec) if "traits" in needs else empty,
            attributes=self._of(personas, "attributes", spec) if "attributes" in needs else empty,
            texts=self._of(personas, "texts", spec) if "texts" in needs else empty,
            answers=self._of(personas, "answers", spec) if "answers" in needs else empty,
            encoders=dict(encoders),
            shared=self._shared.setdefault(spec.populations, {}),
        )

    def _personas(self, spec: PersonaMeasureInput) -> pl.DataFrame:
        held = self._rows["personas"].drop("unit_key").sort("position")
        parts = [
            held.filter(pl.col("population_key") == one.population).with_columns(
                condition=pl.lit(one.condition)
            )
            for one in spec.populations
        ]
        return pl.concat(parts).with_row_index("persona").with_columns(pl.col("persona").cast(int))

    def _of(self, personas: pl.DataFrame, need: str, spec: PersonaMeasureInput) -> pl.DataFrame:
        """Rows about the personas, those of a persona of several conditions once for each."""
        held = self._rows[TABLES[need]]
        on = ["profile_key" if need == "texts" else "persona_key"]
        if need in {"texts", "answers"}:  # units say of which conditions they are
            places = [(one.condition, key) for one in spec.populations for key in one.holding(need)]
            of = pl.DataFrame(places, schema=["condition", "unit_key"], orient="row")
            held, on = held.join(of, on="unit_key"), [*on, "condition"]
        numbered = personas.select("persona", *on)
        found = numbered.join(held, on=on, how="inner", maintain_order="left_right")
        return found.drop(*on, "unit_key", "call_key", strict=False)
