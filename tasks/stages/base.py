"""What every step of a stage is: a plan and a piece of work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

from schemas.gateway import Gateway, Purpose
from schemas.keys import digest
from schemas.unit import AnyUnit, Read, Stage, Unit
from tasks.models.estimate import Planned, Span

if TYPE_CHECKING:
    import polars as pl

    from schemas.study import ModelSpec
    from schemas.unit import TableRows
    from tasks.studies.design import Design


#: What working a unit of a step takes: a frozen dataclass that can be pickled.
S = TypeVar("S")
#: What the units of a shard are worked with, made once for all of them.
C = TypeVar("C")


@dataclass(frozen=True)
class Upstream:
    """What a plan may look at besides the study.

    A step is referred to by its class, never by its name.

    Attributes:
        units: Units planned by steps, in their order.
        failed: Keys among them that were worked and failed; their rows are not to be used.
        frames: Rows that the step asked for by :meth:`Step.plan_reads`, by table.
    """

    units: Mapping[type[AnyStep], tuple[AnyUnit, ...]] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def of(self, step: type[Step[S, Any]]) -> tuple[Unit[S], ...]:
        """All units of a step."""
        return self.units.get(step, ())

    def usable(self, step: type[Step[S, Any]]) -> tuple[Unit[S], ...]:
        """The units of a step, those that failed left out."""
        return tuple(unit for unit in self.of(step) if unit.key not in self.failed)

    def expected(self, step: type[Step[S, Any]]) -> tuple[Unit[S], ...]:
        """The units of a step that have rows or can have them.

        Those that failed, and those that rest on a unit that failed, are left out.
        """
        return tuple(unit for unit in self.of(step) if unit.key not in self._without_rows)

    @cached_property
    def _without_rows(self) -> frozenset[str]:
        gone = set(self.failed)
        for units in self.units.values():
            gone.update(unit.key for unit in units if not gone.isdisjoint(unit.upstream))
        return frozenset(gone)


class Step(ABC, Generic[S, C]):
    """One step of a stage; everything about it that others need to know, it says itself.

    Attributes:
        stage: The stage it belongs to.
        name: Its own name.
        title: What its units are called in front of people: a plural.
        recipe: Raised by hand when the meaning of its rows changes; part of every key.
        writes: Tables that it writes, besides those of the gateway.
        asks: Why its work asks models; ``None`` where it asks none. See :meth:`questions`.
        concurrent: Whether several units are worked at once, as many as the study allows.
        shard: Units per task, at most.
    """

    stage: ClassVar[Stage]
    name: ClassVar[str]
    title: ClassVar[str]
    recipe: ClassVar[int]
    writes: ClassVar[tuple[str, ...]]
    asks: ClassVar[Purpose | None] = None
    concurrent: ClassVar[bool] = False
    shard: ClassVar[int] = 64

    def __init_subclass__(cls) -> None:
        """Refuses a step that asks models and does not say how often, or the other way round."""
        super().__init_subclass__()
        if (cls.asks is None) != (cls.questions is Step.questions):
            raise TypeError(
                f"{cls.__name__}: a step that asks models says why in `asks` "
                "and how often in `questions`; one that asks none has neither"
            )

    def unit(
        self,
        spec: S,
        *,
        condition: str = "",
        replicate: int = 0,
        label: str = "",
        upstream: tuple[str, ...] = (),
    ) -> Unit[S]:
        """A unit of this step; its key is the digest of step, recipe and spec, and of nothing else.

        Args:
            spec: A frozen dataclass. Fields marked ``NOT_IDENTITY`` stay out of the key.
            condition: The condition that it belongs to.
            replicate: Number of the replicate, from 1.
            label: A short name for people.
            upstream: Keys of the units whose rows it reads.
        """
        key = digest(self.name, self.recipe, spec)
        return Unit(self.stage, self.name, key, spec, condition, replicate, label, upstream)

    def plan_reads(self, design: Design, upstream: Upstream) -> tuple[Read, ...]:
        """Rows that the plan looks at; none unless a step says otherwise.

        Args:
            design: The study.
            upstream: The units of earlier steps; ``frames`` is empty.
        """
        return ()

    @abstractmethod
    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit[S], ...]:
        """The units of a study; pure."""

    def brought_in(self, design: Design) -> bool:
        """Whether what the step would make was brought in from outside, so that it has no units."""
        return False

    def reads(self, units: Sequence[Unit[S]]) -> tuple[Read, ...]:
        """Rows that working these units needs; none unless a step says otherwise."""
        return ()

    def prepare(self, units: Sequence[Unit[S]], rows: Mapping[str, pl.DataFrame]) -> C:
        """What the units of a shard are worked with; the rows unless a step says otherwise.

        Args:
            units: The units of the shard.
            rows: What :meth:`reads` asked for, by table.
        """
        return cast("C", rows)

    def question_reads(self, design: Design, units: Sequence[Unit[S]]) -> tuple[Read, ...]:
        """Rows that counting the questions of these units looks at; none unless a step says so."""
        return ()

    def questions(
        self, design: Design, units: Sequence[Unit[S]], upstream: Upstream
    ) -> Iterable[Planned]:
        """How many questions working these units asks, re-asks left out, by model.

        A step that asks models must say so; a class of one that does not cannot be made.

        Args:
            design: The study.
            units: Units of this step that are not done.
            upstream: The units of all steps; ``frames`` holds what :meth:`question_reads` asks for.
        """
        return ()

    def planned(
        self,
        alias: str,
        model: ModelSpec,
        questions: Span,
        why: str,
        purpose: Purpose | None = None,
    ) -> Planned:
        """Questions of this step to a model, for :meth:`questions`.

        Args:
            alias: The model's name in the study.
            model: The model.
            questions: How many, at least and at most.
            why: What the number assumes, in words.
            purpose: Why the models are asked, where the step asks for several reasons.
        """
        if self.asks is None:
            raise ValueError(f"step {self.name} asks no models")
        return Planned(alias, model, purpose or self.asks, questions, why)

    def batched(self, unit: Unit[S]) -> bool:
        """Whether a provider's batch may answer the unit's questions."""
        return False

    @abstractmethod
    async def work(self, unit: Unit[S], prepared: C, gateway: Gateway) -> Mapping[str, TableRows]:
        """The rows of a unit by table, without those of its calls, which the runner adds.

        Raises:
            UnitFailed: The unit has no result.
            BudgetSpent: The budget of the run does not allow the next question.
        """


#: A step of whatever kind.
AnyStep = Step[Any, Any]
