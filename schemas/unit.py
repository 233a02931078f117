"""A unit of work, and what working it gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    import polars as pl

    TableRows = Sequence[Mapping[str, Any]] | pl.DataFrame

Stage = Literal["personas", "episodes", "codes", "metrics"]
STAGES: tuple[Stage, ...] = ("personas", "episodes", "codes", "metrics")

#: Where a unit comes from: a stage, or outside.
Origin = Stage | Literal["import"]


#: What working a unit takes: a frozen dataclass, ``None`` for what was brought in from outside.
S_co = TypeVar("S_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Unit(Generic[S_co]):
    """The smallest piece of work that is planned, done, committed and retried as a whole.

    Steps make theirs by :meth:`tasks.stages.base.Step.unit`, which derives the key from the spec.

    Attributes:
        stage: The stage it belongs to; ``import`` for what was brought in from outside.
        step: The step of that stage (a stage may have several, such as coding and labelling).
        key: Digest of everything that determines its rows.
        spec: What ``work`` needs to know, typed.
        condition: The condition that it belongs to; empty for units of the whole study.
        replicate: Number of the replicate, from 1; 0 for units of the whole study.
        label: A short name for people.
        upstream: Keys of the units whose rows it reads.
    """

    stage: Origin
    step: str
    key: str
    spec: S_co = field(compare=False)
    condition: str = ""
    replicate: int = 0
    label: str = ""
    upstream: tuple[str, ...] = ()


#: Under this name, a unit's rows hold what it refuses itself: ``table_name``, ``row``, ``reason``.
QUARANTINE = "quarantine"

#: A unit of whatever step.
AnyUnit = Unit[Any]


@dataclass(frozen=True)
class Failure:
    """Why a unit, or a question to a model, has no result.

    Attributes:
        kind: A short fixed word, such as ``rate_limit``, ``bad_shape`` or ``invalid_rows``.
        message: One sentence for people; never holds a key or another secret.
    """

    kind: str
    message: str


@dataclass(frozen=True)
class Result:
    """What working one unit gave.

    Attributes:
        unit: The unit.
        rows: Rows by table name: mappings, or a Polars frame where rows are many. Rows of a failed
            unit are what is known for certain all the same, such as its calls. Under
            :data:`QUARANTINE`, rows that the unit itself refuses; it is done all the same.
        failure: Why it failed, or nothing.
    """

    unit: AnyUnit
    rows: Mapping[str, TableRows]
    failure: Failure | None = None


class UnitFailed(Exception):
    """Working a unit gave no result.

    Args:
        failure: Why.
        rows: Rows that are known all the same.
    """

    def __init__(self, failure: Failure, rows: Mapping[str, TableRows] | None = None) -> None:
        super().__init__(f"{failure.kind}: {failure.message}")
        self.failure = failure
        self.rows = rows or {}


@dataclass(frozen=True, slots=True)
class Read:
    """Rows that are needed: those of a table or view whose ``column`` is in ``keys``.

    Attributes:
        table: The table or view.
        column: The column that is looked at.
        keys: Its values.
        columns: Columns that are read, in this order; all of them if none are named.
        distinct: Whether rows that are equal in these columns are read once instead of each.
        repeated: Those columns of texts that repeat, which are handed out as categories: a fourth
            of the memory, and the same in comparisons.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    columns: tuple[str, ...] = ()
    distinct: bool = False
    repeated: tuple[str, ...] = ()
