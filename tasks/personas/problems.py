"""What does not fit in a population whatever way it is made: names that lead nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from schemas.errors import nearest
from schemas.inventories import LEVELS
from schemas.study.population import PopulationSpec
from schemas.study.rules import COUNT, OTHER, ConsistencyRule, Tests

#: A field of the population, and what is wrong there.
Problem = tuple[tuple[str, ...], str]

#: The method that can leave combinations out before it draws.
RAKING = "ipf"


def problems(spec: PopulationSpec, attributes: Collection[str]) -> Iterator[Problem]:
    """What is wrong with numbers, taxonomy, relations and rules of a population.

    Args:
        spec: The population.
        attributes: The attributes that its method gives.
    """
    known = [*attributes, *spec.types.values()]
    for name, number in spec.numbers.items():
        for part in ("by", "times"):
            for attribute in getattr(number, part):
                if attribute not in known:
                    yield ("numbers", name, part, attribute), _unknown(attribute, known)
        if problem := number.problem(spec.categories):
            yield ("numbers", name), problem
        if name in attributes:
            yield ("numbers", name), f"the method {spec.method.use} gives {name} already"
        known.append(name)
    yield from _of_taxonomy(spec, known)
    traits = [trait for one in spec.traits for trait in one.traits]
    paths = [leaf.path for leaf in spec.taxonomy.leaves] if spec.taxonomy else []
    values = [*known, *traits, *paths]
    for name, relation in spec.relations.items():
        for one in sorted(relation.names - set(values)):
            yield ("relations", name), _unknown(one, values)
        if relation.attribute in spec.categories:
            missing = set(spec.categories[relation.attribute]) - set(relation.sizes)
            if missing:
                yield ("relations", name, "size"), f"no size is given for {min(missing)}"
    for name, rule in spec.rules.items():
        yield from _of_rule(name, rule, spec, attributes, values)


def _of_taxonomy(spec: PopulationSpec, known: Collection[str]) -> Iterator[Problem]:
    if spec.taxonomy is None:
        return
    for anchor in spec.taxonomy.anchors:
        if anchor not in known:
            yield ("taxonomy", "anchors"), _unknown(anchor, known)
    for leaf in spec.taxonomy.leaves:
        if leaf.path in known:
            yield ("taxonomy", "tree"), f"{leaf.path} is an attribute of the population already"


def _of_rule(
    name: str,
    rule: ConsistencyRule,
    spec: PopulationSpec,
    attributes: Collection[str],
    values: Collection[str],
) -> Iterator[Problem]:
    place = ("rules", name)
    if rule.of is not None and rule.of not in spec.relations:
        yield (*place, "of"), _unknown(rule.of, spec.relations, "relation")
    counts = [f"{COUNT}{relation}" for relation in spec.relations]
    for one in sorted(rule.names):
        bare = one.removeprefix(OTHER)
        if bare not in values and bare not in counts:
            yield place, _unknown(bare, [*values, *counts])
    for part, tests in (("if", rule.when), ("then", rule.then)):
        for field, problem in _strange_values(tests, spec):
            yield (*place, part, field), problem
    if not rule.enforce:
        return
    if spec.method.use != RAKING:
        yield (*place, "enforce"), f"only the method {RAKING} can leave combinations out"
    for one in sorted(rule.names - set(attributes)):
        yield (
            (*place, "enforce"),
            f"{one} is no column of the seed table, so nothing can be left out",
        )


def _strange_values(tests: Tests, spec: PopulationSpec) -> Iterator[tuple[str, str]]:
    """Values that nobody can have, where it is known which there are."""
    levels = {trait: LEVELS for one in spec.traits for trait in one.traits}
    known: Mapping[str, Collection[str]] = {**spec.categories, **levels}
    for name, test in tests.items():
        there = known.get(name.removeprefix(OTHER))
        for value in (*test.one_of, *test.none_of):
            if there is not None and value not in there:
                yield (
                    name,
                    f"{value} is no value of {name.removeprefix(OTHER)}; {_help(value, there)}",
                )


def _unknown(name: str, known: Collection[str], kind: str = "attribute or trait") -> str:
    return f"the population has no {kind} {name}; {_help(name, known)}"


def _help(name: str, known: Collection[str]) -> str:
    close = nearest(name, known)
    return f"did you mean {close}?" if close else f"there are {', '.join(known) or 'none'}"
