"""Relations between personas: matched at random under declared conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from schemas.errors import Mistake
from schemas.study.relations import RelationSpec
from schemas.study.rules import OTHER
from tasks.personas.rules import Flags, Pairs, Values, all_hold, holds
from tasks.personas.structure import Draws, Floats, Whole

#: Rounds in which those who are still alone are matched anew.
ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Related:
    """Relations of a kind, with what is to be known of how they came about."""

    pairs: Pairs
    figures: Mapping[str, float]


def related(
    name: str, spec: RelationSpec, values: Values, names: list[str], draws: Draws
) -> Related:
    """The relations of a kind.

    Relations that are the same both ways are there twice, once for each persona.

    Args:
        name: Name of the relation.
        spec: What is declared of it.
        values: Values of the personas.
        names: Their names.
        draws: Generators.

    Raises:
        Mistake: A listed relation names a persona that is not there.
    """
    rng = draws.of("relation", name)
    if spec.draw == "listed":
        one, other, strength = _listed(name, spec, names)
        wanted = len(one)
    else:
        members, wanted = _members(spec, values), 0
        if spec.draw == "groups":
            one, other, wanted = _grouped(spec, values, members, rng)
        else:
            stubs = np.repeat(members, spec.degree)
            wanted = len(stubs) // 2 if spec.both_ways else len(stubs)
            match = _paired if spec.both_ways else _directed
            one, other = match(stubs, _blocks(spec, values, stubs, rng), values, spec, rng)
        strength = _strengths(spec, len(one), rng)
    figures = _figures(spec, values, one, other, wanted)
    if spec.both_ways:
        one, other = np.concatenate([one, other]), np.concatenate([other, one])
        strength = np.concatenate([strength, strength])
    order = np.lexsort((other, one))
    pairs = Pairs(one[order], other[order], strength[order], spec.both_ways)
    return Related(pairs, figures)


def _members(spec: RelationSpec, values: Values) -> Whole:
    """Personas who can be the first of a relation, as far as that depends on them alone."""
    own = {
        name: test
        for name, test in spec.fit.items()
        if not name.startswith(OTHER) and not (test.less or "").startswith(OTHER)
    }
    fits = all_hold(own, values)
    for name in spec.same:
        fits &= values.columns[name].codes >= 0
    return np.flatnonzero(fits).astype(np.int64)


def _blocks(
    spec: RelationSpec, values: Values, stubs: Whole, rng: np.random.Generator
) -> tuple[Whole, Whole]:
    """The block that each relation is sought in, and the block that every persona is in.

    Personas of a block are alike in what the relation asks for. A relation that is drawn among
    all has a block without regard to homophily.

    Returns:
        By stub, and by persona and kind of block: with homophily, then without.
    """
    every = np.zeros(values.size, dtype=np.int64)
    for name in spec.same:
        column = values.columns[name]
        every = every * (len(column.categories) + 1) + column.codes + 1
    alike = every.copy()
    inside = np.zeros(len(stubs), dtype=bool)
    for name, share in spec.homophily.items():
        column = values.columns[name]
        alike = alike * (len(column.categories) + 1) + column.codes + 1
        inside = rng.random(len(stubs)) < share
    both = np.concatenate([alike, every + alike.max(initial=0) + 1])
    _, both = np.unique(both, return_inverse=True)
    blocks = both.reshape(2, values.size)
    return np.where(inside, blocks[0][stubs], blocks[1][stubs]), both


def _paired(
    stubs: Whole,
    blocks: tuple[Whole, Whole],
    values: Values,
    spec: RelationSpec,
    rng: np.random.Generator,
) -> tuple[Whole, Whole]:
    """Pairs of the ends of relations within blocks, none twice, as many as can be found."""
    of_stub = blocks[0]
    found = np.empty((0, 2), dtype=np.int64)
    for _ in range(ROUNDS):
        order = np.lexsort((rng.random(len(stubs)), of_stub))
        stubs, of_stub = stubs[order], of_stub[order]
        first = np.flatnonzero(np.r_[True, of_stub[1:] != of_stub[:-1]])[: len(stubs)]
        within = np.arange(len(stubs)) - np.repeat(first, np.diff(np.r_[first, len(stubs)]))
        left = np.flatnonzero(
            (within[:-1] % 2 == 0) & (of_stub[:-1] == of_stub[1:]) if len(stubs) > 1 else []
        ).astype(np.int64)
        one, other = stubs[left], stubs[left + 1]
        good = _fitting(spec, values, one, other) & _fitting(spec, values, other, one)
        pairs = np.sort(np.column_stack([one, other]), axis=1)
        good &= _new(pairs, found, values.size)
        found = np.concatenate([found, pairs[good]])
        taken = np.concatenate([left[good], left[good] + 1])
        rest = np.ones(len(stubs), dtype=bool)
        rest[taken] = False
        stubs, of_stub = stubs[rest], of_stub[rest]
    return found[:, 0], found[:, 1]


def _directed(
    stubs: Whole,
    blocks: tuple[Whole, Whole],
    values: Values,
    spec: RelationSpec,
    rng: np.random.Generator,
) -> tuple[Whole, Whole]:
    """For each relation another persona of its block, none twice, as many as can be found."""
    of_stub, both = blocks
    candidates = np.argsort(both, kind="stable").astype(np.int64)
    starts = np.searchsorted(both[candidates], np.arange(both.max(initial=0) + 2))
    candidates %= values.size
    found = np.empty((0, 2), dtype=np.int64)
    for _ in range(ROUNDS):
        sizes = starts[of_stub + 1] - starts[of_stub]
        drawn = starts[of_stub] + (rng.random(len(stubs)) * sizes).astype(np.int64)
        other = candidates[drawn]
        pairs = np.column_stack([stubs, other])
        good = _fitting(spec, values, stubs, other) & _new(pairs, found, values.size)
        found = np.concatenate([found, pairs[good]])
        stubs, of_stub = stubs[~good], of_stub[~good]
    return found[:, 0], found[:, 1]


def _fitting(spec: RelationSpec, values: Values, one: Whole, other: Whole) -> Flags:
    """Which pairs are of two personas of whom everything holds that must."""
    if not spec.fit:
        return np.asarray(one != other)
    needed = {
        name.removeprefix(OTHER)
        for key, test in spec.fit.items()
        for name in (key, test.less or key)
    }
    part = Values(
        values.size,
        {name: column for name, column in values.columns.items() if name in needed},
        {name: scores for name, scores in values.scores.items() if name in needed},
    )
    both = part.of_pairs(Pairs(one, other, np.ones(len(one)), symmetric=False))
    good = np.asarray(one != other)
    for name, test in spec.fit.items():
        good &= holds(test, name, both)[0]
    return good


def _new(pairs: Whole, found: Whole, size: int) -> Flags:
    """Which pairs are neither found already nor before in the list."""
    codes = pairs[:, 0] * size + pairs[:, 1]
    first = np.zeros(len(codes), dtype=bool)
    first[np.unique(codes, return_index=True)[1]] = True
    return first & ~np.isin(codes, found[:, 0] * size + found[:, 1])


def _grouped(
    spec: RelationSpec, values: Values, members: Whole, rng: np.random.Generator
) -> tuple[Whole, Whole, int]:
    """Everybody of a group with everybody else of it; the last of a kind may stay without one."""
    own = values.columns.get(spec.attribute or "")
    names = (*spec.same, *((spec.attribute,) if spec.attribute else ()))
    blocks = np.zeros(values.size, dtype=np.int64)
    for name in names:
        column = values.columns[name]
        blocks = blocks * (len(column.categories) + 1) + column.codes + 1
    members = members[np.lexsort((rng.random(len(members)), blocks[members]))]
    found: list[tuple[Whole, Whole]] = []
    wanted = 0
    for block in np.unique(blocks[members]):
        people = members[blocks[members] == block]
        category = own.of_persona(int(people[0])) if own is not None else ""
        size = spec.sizes.get(category or "", 1)
        wanted += len(people) * (size - 1) // 2
        groups = people[: len(people) // size * size].reshape(-1, size)
        for i in range(size):
            for j in range(i + 1, size):
                found.append((groups[:, i], groups[:, j]))
    empty = np.empty(0, dtype=np.int64)
    ones, others = zip(*found, strict=True) if found else ((empty,), (empty,))
    return np.concatenate(ones), np.concatenate(others), wanted


def _listed(name: str, spec: RelationSpec, names: list[str]) -> tuple[Whole, Whole, Floats]:
    """The relations of a file."""
    assert spec.rows is not None
    place = {str(number): number - 1 for number in range(1, len(names) + 1)}
    place |= {one: number for number, one in enumerate(names)}
    columns = []
    for column in ("persona", "other"):
        for row, text in enumerate(spec.rows.columns[column], start=1):
            if text not in place:
                raise Mistake(
                    what=f"row {row} of the relation {name} has no persona",
                    place=f"population.relations.{name}.rows",
                    found=text,
                    expected=f"the name of a persona, or a number from 1 to {len(names)}",
                    fix="correct the row, or raise population.size",
                )
        columns.append(
            np.array([place[text] for text in spec.rows.columns[column]], dtype=np.int64)
        )
    one, other = columns
    strength = np.ones(len(one))
    if "strength" in spec.rows.columns:
        strength = np.array([_share(name, text) for text in spec.rows.columns["strength"]])
    pairs = np.column_stack([one, other])
    twice = ~_new(np.sort(pairs, axis=1) if spec.symmetric else pairs, pairs[:0], len(names))
    for wrong, problem in (
        (one == other, "is of a persona with itself"),
        (twice, "is there twice"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            raise Mistake(
                what=f"row {row + 1} of the relation {name} {problem}",
                place=f"population.relations.{name}.rows",
                found=f"{names[one[row]]} and {names[other[row]]}",
                fix="remove the row",
            )
    return one, other, strength


def _share(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise Mistake(
            what=f"the relation {name} has a strength that is none",
            place=f"population.relations.{name}.rows",
            found=text,
            expected="a number from 0 to 1",
        )
    return number


def _strengths(spec: RelationSpec, n: int, rng: np.random.Generator) -> Floats:
    if isinstance(spec.strength, tuple):
        low, high = spec.strength
        return low + (high - low) * rng.random(n)
    return np.full(n, spec.strength)


def _figures(
    spec: RelationSpec, values: Values, one: Whole, other: Whole, wanted: int
) -> dict[str, float]:
    """Mean number of relations, the share that was found, and how alike both are."""
    ends = 2 if spec.both_ways else 1
    found = {
        "mean_degree": ends * len(one) / values.size,
        "found": len(one) / wanted if wanted else 1.0,
    }
    for name in spec.homophily:
        codes = values.columns[name].codes
        found[f"alike_in_{name}"] = float((codes[one] == codes[other]).mean()) if len(one) else 0.0
    return found
