"""What every step of a stage is: a plan and a piece of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from schemas.gateway import Gateway
from schemas.unit import Read, Result, Stage, Unit

if TYPE_CHECKING:
    import polars as pl

    from tasks.studies.design import Design


@dataclass(frozen=True)
class Upstream:
    """What a plan may look at besides the study.

    Attributes:
        units: Units planned by earlier steps, by step name.
        failed: Keys among them that were worked and failed; their rows are not to be used.
        frames: Rows that the warehouse holds and a plan depends on, by table name: imported
            ``episodes`` of the study's collection, ``episodes`` of the units above that are done,
            and imported ``codes`` summarised by unit (columns ``unit_key, episode_key, coder,
            coder_kind, codebook_digest``), and of which episodes ``samples`` were drawn
            (``sample_key, codebook_digest, episode_key``). A table that is not there is an empty
            mapping entry.
    """

    units: Mapping[str, tuple[Unit, ...]] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def usable(self, step: str) -> tuple[Unit, ...]:
        """The units of a step, those that failed left out."""
        return tuple(unit for unit in self.units.get(step, ()) if unit.key not in self.failed)


class Step(Protocol):
    """One step of a stage."""

    @property
    def stage(self) -> Stage:
        """The stage it belongs to."""
        ...

    @property
    def name(self) -> str:
        """Its own name."""
        ...

    @property
    def recipe(self) -> int:
        """Raised by hand when the meaning of its rows changes; part of every key."""
        ...

    @property
    def writes(self) -> tuple[str, ...]:
        """Tables that it writes."""
        ...

    @property
    def asks_models(self) -> bool:
        """Whether its work asks models."""
        ...

    @property
    def shard(self) -> int:
        """Units per task, at most."""
        ...

    def plan(self, design: Design, upstream: Upstream) -> tuple[Unit, ...]:
        """The units of a study; pure."""
        ...

    def reads(self, units: Sequence[Unit]) -> tuple[Read, ...]:
        """Rows that working these units needs."""
        ...

    async def work(
        self, units: Sequence[Unit], rows: Mapping[str, pl.DataFrame], gateway: Gateway
    ) -> list[Result]:
        """What working the units gave, one result each, in their order."""
        ...
