"""What a world is: made-up studies whose true numbers are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from tasks.metrics.contrasts.sample import Side
from tasks.metrics.data import Cases

#: The two conditions of every world, the baseline first.
A, B = "a", "b"
#: How many episodes, or personas, a study has in each condition.
Sizes: TypeAlias = Mapping[str, int]
Rng: TypeAlias = np.random.Generator
Kind: TypeAlias = Literal["null", "planted", "limit", "hard"]


@dataclass(frozen=True)
class Truth:
    """The true number of one quantity in a world.

    Attributes:
        quantity: Name among the metric's quantities.
        a: What the number of condition ``a`` estimates; of the whole study, where a metric has
            one number for it. Not-a-number where only the test of the null is looked at.
        b: What that of condition ``b`` estimates; not-a-number for numbers of the whole study.
        subject: ``metrics.subject`` of the row; ``excess`` for the value less its null.
        rule: Adjudication rule of the row, where a metric has rows of several.
    """

    quantity: str
    a: float
    b: float
    subject: str = ""
    rule: str | None = None


@dataclass(frozen=True)
class World:
    """Made-up studies of one metric.

    Attributes:
        title: What happens in them, and what happens that could be taken for it.
        make: Draws one study of so many episodes in each condition: the frames that the metric
            needs, conditions ``a`` and ``b``. Takes milliseconds, since hundreds of studies are
            drawn.
        truths: The true numbers.
        options: Options of the metric.
        alone: Whether conditions have something in common in the metric's computation, as gold
            and coders have, so that studies are not computed together.
    """

    title: str
    make: Callable[[Sizes, Rng], Cases]
    truths: tuple[Truth, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False


@dataclass(frozen=True)
class MetricWorlds:
    """The worlds of one metric.

    Attributes:
        name: The metric.
        null: Nothing happens in them that the metric is about: every excess is 0, and whatever
            has no null has the same true value in both conditions.
        planted: The metric's quantities have declared sizes in them that differ between the
            conditions.
        hard: Null worlds built to fool a metric: chance, lengths, order and faults do in them what
            an effect would do. A metric may find too little there, never too much.
        limits: Worlds in which the metric is known to be fooled; the table says by how much.
        notes: Why a number is beyond the bounds of ``docs/recovery.md``, by quantity, where that
            is known.
    """

    name: str
    null: tuple[World, ...]
    planted: tuple[World, ...]
    hard: tuple[World, ...] = ()
    limits: tuple[World, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[tuple[Kind, World], ...]:
        """Every world with its kind."""
        kinds: dict[Kind, tuple[World, ...]] = {
            "null": self.null,
            "planted": self.planted,
            "hard": self.hard,
            "limit": self.limits,
        }
        return tuple((kind, world) for kind, worlds in kinds.items() for world in worlds)


@dataclass(frozen=True)
class SidesWorld:
    """Made-up values of the conditions that a test compares.

    Attributes:
        title: How the values come about.
        make: Draws the sides, so many episodes in each, the baseline first.
        effect: The true effect, under the name and sign of the test's effect size.
        options: Options of the test.
    """

    title: str
    make: Callable[[int, Rng], tuple[Side, ...]]
    effect: float
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TestWorlds:
    """The worlds of one test.

    Attributes:
        name: The test.
        null: What the test says of its p-value is true: its null hypothesis holds.
        planted: An effect of declared size.
        hard: Worlds in which the null hypothesis holds and tests are known to fail: rare, skewed or
            tied values and few episodes against many.
        note: Why a number is beyond the bounds of ``docs/recovery.md``, where one is.
    """

    __test__ = False
    name: str
    null: SidesWorld
    planted: SidesWorld
    hard: tuple[SidesWorld, ...] = ()
    note: str = ""

    @property
    def kinds(self) -> tuple[tuple[Kind, SidesWorld], ...]:
        """Every world with its kind."""
        hard: list[tuple[Kind, SidesWorld]] = [("hard", world) for world in self.hard]
        return (("null", self.null), ("planted", self.planted), *hard)
