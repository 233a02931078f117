"""Rows of the metric ``agreement`` by what they compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tasks.report.data import Row

PREFIX = "agreement."


@dataclass
class Compared:
    """Two sources on one flag; every quantity is a row of ``metrics``.

    Attributes:
        flag: The flag; empty for means over flags.
        first: Gold, or the first coder.
        second: Coder or rule.
        rule: The rule, where the second is one.
        quantities: Rows by quantity: ``cohen_kappa``, ``recall``, ...
    """

    flag: str
    first: str
    second: str
    rule: str | None
    quantities: dict[str, Row] = field(default_factory=dict)

    def value(self, quantity: str) -> float | None:
        """The value of a quantity."""
        row = self.quantities.get(quantity)
        return None if row is None else row["value"]

    @property
    def n(self) -> int:
        """Items that both judged."""
        return max((row["n_measured"] for row in self.quantities.values()), default=0)


def compared(rows: Iterable[Row]) -> list[Compared]:
    """Comparisons in the order of their rows, means over flags included."""
    found: dict[tuple[str, str | None], Compared] = {}
    for row in rows:
        key = (row["subject"], row["rule"])
        if key not in found:
            found[key] = Compared(*_parts(row["subject"]), row["rule"])
        found[key].quantities[row["metric"].removeprefix(PREFIX)] = row
    return list(found.values())


def _parts(subject: str) -> tuple[str, str, str]:
    """Flag, first and second of a subject.

    Example:
        >>> _parts("meta: human ~ union"), _parts("human ~ union")
        (('meta', 'human', 'union'), ('', 'human', 'union'))
    """
    flag, colon, pair = subject.partition(": ")
    if not colon:
        flag, pair = "", subject
    first, _, second = pair.partition(" ~ ")
    return flag, first, second


@dataclass(frozen=True)
class RuleSummary:
    """How a rule fares against gold.

    Attributes:
        rule: The rule.
        mean_kappa: Mean of kappa over the flags.
        by_flag: Its comparison with gold, by flag.
    """

    rule: str
    mean_kappa: float | None
    by_flag: Mapping[str, Compared]

    def worst_flags(self, quantity: str, below: float) -> list[Compared]:
        """Flags on which a quantity is below a bound, lowest first."""
        low = [
            (value, one)
            for one in self.by_flag.values()
            if (value := one.value(quantity)) is not None and value < below
        ]
        return [one for _, one in sorted(low, key=lambda pair: pair[0])]


def summaries(rows: Iterable[Row], rules: Iterable[str]) -> list[RuleSummary]:
    """Every rule against gold, in the order declared."""
    every = [one for one in compared(rows) if one.rule is not None]
    found = []
    for rule in rules:
        mine = [one for one in every if one.rule == rule]
        if not mine:
            continue
        flags = {one.flag: one for one in mine if one.flag}
        mean = next((one.value("mean_kappa") for one in mine if not one.flag), None)
        if mean is None:
            known = [k for one in flags.values() if (k := one.value("cohen_kappa")) is not None]
            mean = sum(known) / len(known) if known else None
        found.append(RuleSummary(rule, mean, flags))
    return found
