"""Rules of consistency, held against personas: who breaks them, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schemas.study.rules import COUNT, OTHER, ConsistencyRule, Tests, ValueTest
from tasks.personas.structure import Column, Floats, Whole, coded

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Relations of a kind between personas, by their numbers from 0; strength from 0 to 1."""

    persona: Whole
    other: Whole
    strength: Floats
    symmetric: bool


@dataclass(frozen=True, slots=True)
class Values:
    """What rules look at: values of personas by name.

    Attributes:
        size: Number of personas.
        columns: Attributes, and levels of traits.
        scores: Numbers that do not stand in columns: scores of traits, numbers of relations.
    """

    size: int
    columns: Mapping[str, Column]
    scores: Mapping[str, Floats] = field(default_factory=dict)

    def numbers(self, name: str) -> Floats:
        """The number of each persona under a name; not a number where it has none."""
        if name in self.scores:
            return self.scores[name]
        return self.columns[name].numbers() if name in self.columns else np.full(self.size, np.nan)

    def at(self, places: Whole, prefix: str = "") -> Values:
        """The values of some personas, in their order, their names after a prefix."""
        columns = {
            prefix + name: Column(one.categories, one.codes[places])
            for name, one in self.columns.items()
        }
        scores = {prefix + name: one[places] for name, one in self.scores.items()}
        return Values(len(places), columns, scores)

    def beside(self, other: Values) -> Values:
        """These values and those of as many others."""
        columns = {**self.columns, **other.columns}
        return Values(self.size, columns, {**self.scores, **other.scores})

    def of_pairs(self, pairs: Pairs) -> Values:
        """The values of both personas of every relation; the other's names begin with other."""
        return self.at(pairs.persona).beside(self.at(pairs.other, OTHER))

    def with_counts(self, relations: Mapping[str, Pairs]) -> Values:
        """These values with the number of relations of each persona, by ``count.NAME``."""
        counts = {
            f"{COUNT}{name}": np.bincount(pairs.persona, minlength=self.size).astype(np.float64)
            for name, pairs in relations.items()
        }
        return Values(self.size, self.columns, {**self.scores, **counts})

    def said(self, name: str, place: int) -> str:
        """The value of a persona under a name, as people read it; empty where it has none."""
        if name in self.columns:
            return self.columns[name].of_persona(place) or ""
        number = self.numbers(name)[place]
        return "" if np.isnan(number) else f"{number:.3g}"


@dataclass(frozen=True, slots=True)
class Kept:
    """How well personas keep a rule.

    Attributes:
        about: How many personas it is about.
        broken: What is wrong, by the number from 0 of the persona that breaks it.
    """

    about: int
    broken: Mapping[int, str]

    @property
    def pass_rate(self) -> float:
        """Share of the personas that it is about who keep it; 1 where it is about nobody."""
        return 1 - len(self.broken) / self.about if self.about else 1.0


def holds(test: ValueTest, name: str, values: Values) -> tuple[Flags, Flags]:
    """Of whom a test is passed, and who has what it looks at.

    Args:
        test: The test.
        name: Name of the value that is tested.
        values: The values.
    """
    known = np.ones(values.size, dtype=bool)
    passed = np.ones(values.size, dtype=bool)
    if test.one_of or test.none_of:
        column = values.columns.get(name)
        if column is None:
            return np.zeros(values.size, dtype=bool), np.zeros(values.size, dtype=bool)
        good = [
            (not test.one_of or one in test.one_of) and one not in test.none_of
            for one in column.categories
        ]
        passed = np.array([*good, False])[column.codes]
        known = column.codes >= 0
    if test.min is not None or test.max is not None:
        numbers = values.numbers(name)
        if test.less is not None:
            numbers = numbers - values.numbers(test.less)
        known = known & ~np.isnan(numbers)
        with np.errstate(invalid="ignore"):
            low = True if test.min is None else numbers >= test.min
            high = True if test.max is None else numbers <= test.max
        passed = passed & low & high
    return passed & known, known


def all_hold(tests: Tests, values: Values) -> Flags:
    """Of whom every test is passed."""
    found = np.ones(values.size, dtype=bool)
    for name, test in tests.items():
        found &= holds(test, name, values)[0]
    return found


def breaks(rule: ConsistencyRule, values: Values) -> tuple[Flags, Flags]:
    """Who breaks a rule, and whom it is about.

    A rule says nothing about a persona that lacks a value which it looks at.
    """
    about = all_hold(rule.when, values)
    kept = np.ones(values.size, dtype=bool)
    for name, test in rule.then.items():
        passed, known = holds(test, name, values)
        about = about & known
        kept &= passed
    return about & ~kept, about


def kept(rule: ConsistencyRule, values: Values, relations: Mapping[str, Pairs]) -> Kept:
    """How well personas keep a rule.

    Args:
        rule: The rule.
        values: Their values.
        relations: Their relations by name.
    """
    if rule.of is None:
        broken, about = breaks(rule, values)
        return Kept(
            int(about.sum()), {int(one): _detail(rule, values, int(one)) for one in _true(broken)}
        )
    pairs = relations[rule.of]
    both = values.of_pairs(pairs)
    broken, about = breaks(rule, both)
    details: dict[int, str] = {}
    for place in _true(broken):
        details.setdefault(int(pairs.persona[place]), _detail(rule, both, int(place)))
    return Kept(len(np.unique(pairs.persona[about])), details)


def broken_by(
    rules: Mapping[str, ConsistencyRule], values: Mapping[str, str | float]
) -> dict[str, str]:
    """What is wrong with one persona, by the name of the rule that it breaks.

    Rules about relations are left out.

    Args:
        rules: Rules by name.
        values: What the persona is: texts of attributes and levels of traits, numbers of others.

    Example:
        >>> retired = ConsistencyRule.model_validate(
        ...     {"if": {"job": "retired"}, "then": {"age": {"min": 50}}})
        >>> broken_by({"retired_is_old": retired}, {"job": "retired", "age": "23"})
        {'retired_is_old': 'job is retired, and age is 23: expected at least 50'}
    """
    texts = {name: coded([one]) for name, one in values.items() if isinstance(one, str)}
    scores = {name: np.array([float(one)]) for name, one in values.items() if name not in texts}
    one = Values(1, texts, scores)
    found = {name: kept(rule, one, {}).broken for name, rule in rules.items() if rule.of is None}
    return {name: broken[0] for name, broken in found.items() if broken}


def _true(flags: Flags) -> Whole:
    return np.flatnonzero(flags).astype(np.int64)


def _detail(rule: ConsistencyRule, values: Values, place: int) -> str:
    """Why a persona breaks a rule, in words."""
    one = values.at(np.array([place]))
    shown = [f"{name} is {values.said(name, place)}" for name in rule.when]
    for name, test in rule.then.items():
        if not holds(test, name, one)[0][0]:
            base = f" and {test.less} {values.said(test.less, place)}" if test.less else ""
            shown.append(f"{name} is {values.said(name, place)}{base}: expected {test.expected}")
    return ", and ".join(shown)
