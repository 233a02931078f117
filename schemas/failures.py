"""How units ended, and why those failed that did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.counts import counted
from schemas.unit import Failure

#: So much of a message is quoted as an example.
QUOTED = 160


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Units that failed for reasons of one kind.

    Attributes:
        kind: The kind of their failures.
        units: How many there are.
        example: What one of them says.
    """

    kind: str
    units: int
    example: str


@dataclass
class UnitCounts:
    """Counts units as they end.

    Attributes:
        done: Units with rows.
        failures: Why the others failed, each.

    Example:
        >>> counts = UnitCounts()
        >>> for failure in (None, Failure("timeout", "no answer within 5 s"), None):
        ...     counts.count(failure)
        >>> counts.message()
        '1 of 3 units failed: 1 timeout (no answer within 5 s)'
    """

    done: int = 0
    failures: list[Failure] = field(default_factory=list)

    def count(self, failure: Failure | None) -> None:
        """Count a unit that ended, and why it failed if it did."""
        if failure is None:
            self.done += 1
        else:
            self.failures.append(failure)

    def refuse(self, failures: Iterable[Failure]) -> None:
        """Count units as failed that had ended well, but whose rows were refused."""
        refused = tuple(failures)
        self.done -= len(refused)
        self.failures += refused

    def message(self) -> str:
        """How many units ended, how many of them failed, and why, in one line."""
        units = self.done + len(self.failures)
        if not self.failures:
            return counted(units, "unit")
        return (
            f"{len(self.failures):,} of {counted(units, 'unit')} failed: "
            f"{in_words(grouped(self.failures))}"
        )


def grouped(failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Failures by their kind, the most frequent first, each kind with its first example.

    Example:
        >>> both = [Failure("timeout", "5 s"), Failure("empty", "no text"), Failure("empty", "")]
        >>> [(one.kind, one.units, one.example) for one in grouped(both)]
        [('empty', 2, 'no text'), ('timeout', 1, '5 s')]
    """
    found: dict[str, list[Failure]] = {}
    for failure in failures:
        found.setdefault(failure.kind, []).append(failure)
    groups = [FailureGroup(kind, len(some), some[0].message) for kind, some in found.items()]
    return tuple(sorted(groups, key=lambda group: -group.units))


def in_words(groups: Iterable[FailureGroup]) -> str:
    """Groups of failures in one line, each with the start of its example."""
    return ", ".join(f"{one.units:,} {one.kind} ({quoted(one.example)})" for one in groups)


def quoted(text: str) -> str:
    """The start of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= QUOTED else f"{line[: QUOTED - 1]}…"
