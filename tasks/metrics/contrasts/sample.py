"""What a test compares and what it gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from schemas.base import Record
from tasks.metrics.metric import GUIDE
from tasks.metrics.statistics.arrays import Floats, Ints, varies
from tasks.registry import validated_options


class TestOptions(Record):
    """Options of a test; this one has none."""

    __test__ = False


class Untestable(Exception):
    """The values of a contrast leave its test nothing to look at; says why."""


@dataclass(frozen=True)
class Side:
    """One condition of a contrast.

    Attributes:
        condition: Its name.
        values: One value per episode; per seat and episode where a test is over seats.
        replicates: Replicate of each value, by which runs are paired and blocked.
        episodes: Episode of each value; differs between values only where a test is over episodes.
        subjects: Seat of each value; empty text where a value is an episode's.
    """

    condition: str
    values: Floats
    replicates: Ints
    episodes: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()

    @property
    def n_episodes(self) -> int:
        """Episodes with a value."""
        return len(set(self.episodes)) if self.episodes else len(self.values)


@dataclass(frozen=True)
class Finding:
    """What a test found.

    Attributes:
        statistic: The test statistic.
        p: Its p-value; nothing where undefined, as the method says.
        effect: Size of the effect, positive where b has the larger values.
        effect_name: Exact name of the effect size.
        method: One sentence without full stop.
        interval: Ends of the effect's 95% interval.
        warning: What a reader must know, if anything.
        p_least: The smallest p that the test could give with so many episodes; not-a-number where
            it has no such bound.
    """

    statistic: float
    p: float
    effect: float
    effect_name: str
    method: str
    interval: tuple[float, float] = (float("nan"), float("nan"))
    warning: str = ""
    p_least: float = float("nan")


Compute = Callable[[tuple[Side, ...], Any, np.random.Generator], Finding]
#: Episodes that each side of a test needs.
LEAST_EPISODES = 2


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
        scope: Whether a value is an episode's or a seat's within an episode.
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
    scope: Literal["episode", "seat"] = "episode"

    def read_options(self, options: Mapping[str, Any], place: str) -> TestOptions:
        """The options with defaults filled in.

        Raises:
            Mistake: An option is unknown or has a value that it cannot have.
        """
        return validated_options(f"test {self.name}", self.options, options, place, GUIDE)


def contrast_test(**declared: Any) -> Callable[[Compute], Test]:
    """Makes a test of a function, whose name becomes the test's; takes what :class:`Test` has."""
    return lambda compute: Test(compute.__name__, compute=compute, **declared)


def refuse_few_episodes(test: Test, sides: tuple[Side, ...]) -> None:
    """Make sure that every side has the episodes that the test needs.

    Raises:
        Untestable: One has not.
    """
    if any(side.n_episodes < LEAST_EPISODES for side in sides):
        counts = ", ".join(f"{side.condition}: {side.n_episodes}" for side in sides)
        raise Untestable(
            f"{test.name} needs at least {LEAST_EPISODES} episodes with a value on each side "
            f"({counts})"
        )


def refuse_equal_episodes(sides: tuple[Side, ...]) -> None:
    """Make sure that there is a difference between episodes that a test could find.

    A test over seats of shares that sum to one, which have the same mean in every episode, would be
    one of rounding errors.

    Raises:
        Untestable: The means of episodes do not vary beyond rounding.
    """
    episodes = np.concatenate([np.array(side.episodes) for side in sides])
    values = np.concatenate([side.values for side in sides])
    _, groups = np.unique(episodes, return_inverse=True)
    means = np.bincount(groups, weights=values) / np.bincount(groups)
    if not varies(means):
        why = (
            "have the same value" if len(means) == len(values) else "have the same mean over seats"
        )
        raise Untestable(f"all episodes {why} up to rounding, so there is nothing to test")


def arrangements_p(n_a: int, n_b: int) -> float:
    """The exact p of two sides that do not overlap: 2 of all arrangements are as far apart.

    Example:
        >>> arrangements_p(3, 3), round(arrangements_p(12, 12), 9)
        (0.1, 7.4e-07)
    """
    return min(1.0, 2 / math.comb(n_a + n_b, n_a))
