"""Published numbers beside what a study expects of them and what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.study import NumberExpectation, Published, Study
from tasks.expectations.numbers import expected_number, numbers_of, stored_name


@dataclass(frozen=True)
class FoundNumber:
    """A number that a study found, with its interval where it has one."""

    value: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True)
class Reproduced:
    """A published number beside what was expected and found.

    Attributes:
        published: What was published.
        name: Name of the number, its subject included.
        expected: What the study expects of it; empty if nothing.
        found: The number; none where it was not computed, several where it is declared so.
    """

    published: Published
    name: str
    expected: str
    found: tuple[FoundNumber, ...]


def reproduced(study: Study, numbers: Sequence[Mapping[str, Any]]) -> list[Reproduced]:
    """Every published number of a study with what it expects and found.

    Args:
        study: The study.
        numbers: Rows of its metrics: metric, rule, scope, condition, subject, value, ...
    """
    if study.reproduces is None:
        return []
    return [
        Reproduced(
            one,
            f"{stored_name(one.of)} {one.subject}".strip(),
            ", ".join(expected_number(other) for other in _about(study, one)),
            tuple(
                FoundNumber(row["value"], row["ci_low"], row["ci_high"])
                for row in numbers_of(study, one, numbers)
            ),
        )
        for one in study.reproduces.published
    ]


def _about(study: Study, published: Published) -> list[NumberExpectation]:
    """What a study expects of the quantity that a published number is of."""
    name = stored_name(published.of)
    return [
        one
        for one in study.expect
        if isinstance(one, NumberExpectation)
        and stored_name(one.of) == name
        and (one.condition, one.subject) == (published.condition, published.subject)
    ]


def numbers_wanted(study: Study) -> tuple[str, ...]:
    """Names of the quantities that a study expects something of or compares with published ones."""
    asked = [one.of for one in study.expect if isinstance(one, NumberExpectation)]
    asked += [one.of for one in study.reproduces.published] if study.reproduces else []
    return tuple(dict.fromkeys(map(stored_name, asked)))
