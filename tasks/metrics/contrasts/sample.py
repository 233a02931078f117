"""What a test compares and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field

from schemas.base import Record
from tasks.metrics.metric import GUIDE
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.registry import validated_options


class TestOptions(Record):
    """Options that every test has."""

    __test__ = False
    resamples: int = Field(2000, ge=100, le=100_000, description="Resamples behind an interval.")


#: Warning of a finding without a test.
NO_VARIANCE = "neither side varies, so there is no test"


class Untestable(Exception):
    """The values of a contrast leave its test nothing to look at; says why."""


class TooFewRuns(Exception):
    """A side of a contrast has too few runs for its test; says how many there are."""


@dataclass(frozen=True)
class Side:
    """One condition of a contrast.

    Attributes:
        condition: Its name.
        values: One value per run; per seat and run where a test is over seats.
        replicates: Replicate of each value, by which runs are paired and blocked.
        runs: Run of each value; differs between values only where a test is over runs.
        subjects: Seat of each value; empty text where a value is a run's.
    """

    condition: str
    values: Floats
    replicates: Ints
    runs: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def n_runs(self) -> int:
        """Runs with a value."""
        return len(set(self.runs)) if self.runs else len(self.values)


@dataclass(frozen=True)
class Finding:
    """What a test found.

    Attributes:
        statistic: The test statistic.
        p: Its p-value; nothing where undefined, as the method says.
        effect: Size of the effect, positive where b has the larger values.
        effect_name: Exact name of the effect size.
        interval: Ends of the effect's 95 % interval.
        method: One sentence without full stop.
        warning: What a reader must know, if anything.
    """

    statistic: float
    p: float
    effect: float
    effect_name: str
    method: str
    interval: tuple[float, float] = (float("nan"), float("nan"))
    warning: str = ""


Compute = Callable[[tuple[Side, ...], Any, np.random.Generator], Finding]
#: Runs that each side of a test needs.
LEAST_RUNS = 2


@dataclass(frozen=True)
class Test:
    """A test: its declaration and the function that does it.

    Attributes:
        name: Name in a study.
        title: One line that says what it tests.
        effect: Name of the effect size that comes with it.
        source: Where it comes from.
        avoid: When not to use it.
        compute: Gives the finding of the sides, the baseline first.
        options: Its options.
        many: Whether it compares all sides at once; else each with the baseline.
        scope: Whether a value is a run's or a seat's within a run.
    """

    __test__ = False
    name: str
    title: str
    effect: str
    source: str
    avoid: str
    compute: Compute
    options: type[TestOptions] = TestOptions
    many: bool = False
    scope: Literal["run", "seat"] = "run"

    def read_options(self, options: Mapping[str, Any], place: str) -> TestOptions:
        """The options with defaults filled in.

        Raises:
            Mistake: An option is unknown or has a value that it cannot have.
        """
        return validated_options(f"test {self.name}", self.options, options, place, GUIDE)


def contrast_test(**declared: Any) -> Callable[[Compute], Test]:
    """Makes a test of a function, whose name becomes the test's; takes what :class:`Test` has."""
    return lambda compute: Test(compute.__name__, compute=compute, **declared)


def refuse_few_runs(test: Test, sides: tuple[Side, ...]) -> None:
    """Make sure that every side has the runs that the test needs.

    Raises:
        TooFewRuns: One has not.
    """
    if any(side.n_runs < LEAST_RUNS for side in sides):
        counts = ", ".join(f"{side.condition}: {side.n_runs}" for side in sides)
        raise TooFewRuns(
            f"{test.name} needs at least {LEAST_RUNS} runs with a value on each side ({counts})"
        )
