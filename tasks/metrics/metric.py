"""What a metric declares of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from schemas.base import Record
from tasks.registry import validated_options

#: Page to read about metrics and tests.
GUIDE = "docs/metrics.md"
_RANGE = re.compile(r"[\[(]([^,]+), ([^,]+)[\])]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
#: Ends that depend on how many there are, by the number that they never pass.
_NEVER_PASSED = {"1/n": 0.0, "1 - 1/n": 1.0, "-1/(k-1)": -1.0, "-1/(n_0 - 1)": -1.0}
Need = Literal[
    "messages", "events", "actions", "labels", "codes", "samples", "outcomes", "seats", "responses",
    "exposures", "choice_sets", "tokens",
    "traits", "attributes", "texts", "answers",
]  # fmt: skip


class Options(Record):
    """Options that every metric has."""

    resamples: int = Field(2000, ge=100, le=100_000, description="Resamples behind an interval.")


class NullOptions(Options):
    """Options of a metric with a null distribution."""

    draws: int = Field(200, ge=20, le=100_000, description="Draws of the null distribution.")


@dataclass(frozen=True)
class Confirmation:
    """What an excess above 0 must be confirmed by, since something else gives one too.

    Attributes:
        quantity: The quantity of the same metric whose excess that something else leaves at 0.
        otherwise: What else it may come from, in words that end a sentence.
    """

    quantity: str
    otherwise: str


@dataclass(frozen=True)
class Quantity:
    """One number that a metric gives.

    Attributes:
        title: What it is, in a few words.
        formula: How it is computed.
        range: Smallest and largest possible value, in words or brackets.
        unit: Its unit; ``1`` for pure numbers.
        confirmed_by: What its excess must be confirmed by, if anything; a row in which it is not
            has a warning.
        made_of: What an episode's value is made of, in the plural, where it depends on how many
            there are by arithmetic; ``n_measured`` counts them. A contrast of conditions in which
            they are not as many has a warning.
        weighed_by: What an episode's weight is the number of, in the plural, where rows of episodes
            are jackknife values of one number of the condition; ``n_measured`` counts them. A
            contrast in which few episodes weigh most has a warning.
    """

    title: str
    formula: str
    range: str
    unit: str = "1"
    confirmed_by: Confirmation | None = None
    made_of: str = ""
    weighed_by: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest possible value, infinite where the range gives no number.

        Example:
            >>> Quantity("share", "k / n", "[0, 1]").bounds
            (0.0, 1.0)
            >>> Quantity("count", "n", "[1, n]").bounds, Quantity("sum", "s", "any").bounds
            ((1.0, inf), (-inf, inf))
            >>> Quantity("evenness", "Σ p²", "[1/n, 1]").bounds
            (0.0, 1.0)
        """
        ends = _RANGE.fullmatch(self.range)
        low, high = ends.groups() if ends else ("", "")
        return _end(low, float("-inf")), _end(high, float("inf"))


def _end(written: str, without: float) -> float:
    """The number that an end of a range is, or that it never passes."""
    if _NUMBER.fullmatch(written):
        return float(written)
    return _NEVER_PASSED.get(written, without)


@dataclass(frozen=True)
class Metric:
    """A metric: its declaration and the function that computes it.

    Attributes:
        name: Name in a study.
        title: One line that says what it measures.
        quantities: Its numbers by name. They are stored as ``name.quantity``, and as ``name``
            alone where the quantity is called ``""``.
        source: Where the formulas come from.
        avoid: When not to use it.
        needs: What it is computed from. One that needs labels and no codes is computed once per
            adjudication rule.
        compute: Gives the rows, of :class:`~tasks.metrics.data.Data` or, where the scope is
            ``persona``, of :class:`~tasks.metrics.persona_data.PersonaData`; see
            :mod:`tasks.metrics.rows` for helpers. Called by
            :func:`tasks.metrics.computed.computed`, which hands it the ranges of the quantities.
        options: Its options and their defaults.
        scope: What it has one value of each for: episodes, or personas.
        version: Raised by hand when the meaning of its numbers changes.
        every_episode: Whether episodes that analyses exclude are used all the same, as where the
            coders are studied and not the episodes.
    """

    name: str
    title: str
    quantities: Mapping[str, Quantity]
    source: str
    avoid: str
    needs: tuple[Need, ...]
    compute: Callable[[Any, Any, np.random.Generator], pl.DataFrame]
    options: type[Options] = Options
    scope: Literal["episode", "persona"] = "episode"
    version: int = 1
    every_episode: bool = False

    @property
    def per_rule(self) -> bool:
        """Whether it is computed once for every adjudication rule."""
        return "labels" in self.needs and "codes" not in self.needs

    def full_name(self, quantity: str) -> str:
        """The name that a quantity is stored under."""
        return f"{self.name}.{quantity}" if quantity else self.name

    def read_options(self, options: Mapping[str, Any], place: str) -> Options:
        """The options with defaults filled in.

        Raises:
            Mistake: An option is unknown or has a value that it cannot have.
        """
        return validated_options(f"metric {self.name}", self.options, options, place, GUIDE)


class Unusable(Exception):
    """The codes or labels that a metric is made of cannot be used; says how many there are."""
