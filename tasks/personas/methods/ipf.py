"""Raking: rows of a seed table, weighted so that all tables are met together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from pydantic import Field

from schemas.errors import Mistake
from schemas.names import Name
from schemas.study.population import PopulationSpec
from schemas.study.rows import RowsFile
from schemas.study.targets import TIMES, attributes_of
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.raking import CONFLICT, Margin, Raked, closest_rows, raked, serpentine_order
from tasks.personas.rules import Values, breaks
from tasks.personas.structure import Column, Draws, Floats, Structure, Whole


class IpfParams(Params):
    """Parameters of raking."""

    seed_table: RowsFile | None = Field(
        None,
        description="Rows of a survey whose joint distribution is kept; every combination of "
        "categories once, unless given.",
    )
    weight: Name | None = Field(None, description="Column of the seed table with weights.")


class Ipf(PersonaMethod[IpfParams]):
    """Rakes a seed table to the targets and draws rows of it systematically."""

    name = "ipf"
    about = (
        "Rakes a seed table to all tables together (iterative proportional fitting), and draws "
        "rows systematically."
    )
    params = IpfParams
    targets = "needed"

    def problems(
        self, spec: PopulationSpec, params: IpfParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Columns that the seed table lacks."""
        if params.seed_table is None:
            if params.weight is not None:
                yield ("method", "weight"), "there is no seed_table whose column it could be"
            return
        columns = params.seed_table.columns
        if params.weight is not None and params.weight not in columns:
            yield ("method", "weight"), f"the seed table has no column {params.weight}"
        for attribute in spec.categories:
            if attribute not in columns:
                yield ("method", "seed_table"), f"the seed table has no column {attribute}"

    def attributes(self, spec: PopulationSpec, params: IpfParams) -> tuple[str, ...]:
        """Those with a target, and the other columns of the seed table."""
        columns = () if params.seed_table is None else tuple(params.seed_table.columns)
        return tuple(dict.fromkeys((*spec.categories, *columns)))

    def check(self, spec: PopulationSpec, params: IpfParams) -> None:
        """Whether all targets can be met together, given the rows of the seed table."""
        _raked(spec, params)

    def structure(self, spec: PopulationSpec, params: IpfParams, draws: Draws) -> Structure:
        """Rows of the raked seed table, in a random order."""
        columns, margins, result = _raked(spec, params)
        order = serpentine_order([one.codes for one in columns.values()])
        drawn = closest_rows(result.weights, margins, order, spec.size, draws.of("rows"))
        draws.of("order").shuffle(drawn)
        return Structure(
            {name: Column(one.categories, one.codes[drawn]) for name, one in columns.items()},
            figures={
                "seed_rows": float(len(result.weights)),
                "iterations": float(result.iterations),
                "effective_size": result.effective_size,
                "design_effect": len(result.weights) / result.effective_size,
            },
        )


def _raked(
    spec: PopulationSpec, params: IpfParams
) -> tuple[Mapping[str, Column], Mapping[str, Margin], Raked]:
    """The seed table, the margins, and the weights of its rows that meet them.

    Raises:
        Mistake: No weights do.
    """
    columns, weights = _possible(spec, *_seed(spec, params))
    margins = _margins(spec, columns, weights)
    result = raked(weights, margins)
    if not result.converged:
        raise _conflict(spec, margins, result)
    return columns, margins, result


def _seed(spec: PopulationSpec, params: IpfParams) -> tuple[dict[str, Column], Floats]:
    """The columns of the seed table and the weight of each row."""
    if params.seed_table is None:
        sizes = [len(categories) for categories in spec.categories.values()]
        codes = np.indices(sizes).reshape(len(sizes), -1)
        columns = {
            name: Column(categories, codes[place].astype(np.int64))
            for place, (name, categories) in enumerate(spec.categories.items())
        }
        return columns, np.ones(codes.shape[1])
    table = params.seed_table.columns
    columns = {}
    for name in [one for one in table if one != params.weight]:
        declared = spec.categories.get(name, ())
        known = (*declared, *sorted(set(table[name]) - set(declared)))
        number = {category: i for i, category in enumerate(known)}
        codes = np.array([number[value] for value in table[name]], dtype=np.int64)
        columns[name] = Column(known, codes)
    if params.weight is None:
        return columns, np.ones(params.seed_table.n_rows)
    return columns, weights_of(table[params.weight], params.weight)


def _possible(
    spec: PopulationSpec, columns: Mapping[str, Column], weights: Floats
) -> tuple[Mapping[str, Column], Floats]:
    """The seed table without the rows that break a rule which is enforced."""
    rules = {name: rule for name, rule in spec.rules.items() if rule.enforce}
    if not rules:
        return columns, weights
    values = Values(len(weights), columns)
    broken = np.zeros(len(weights), dtype=bool)
    for rule in rules.values():
        broken |= breaks(rule, values)[0]
    if broken.all():
        raise Mistake(
            what="every row of the seed table breaks an enforced rule",
            place="population.rules",
            found=", ".join(rules),
            expected="rules that some combination of categories keeps",
            fix="set enforce: false where a rule is meant as a check",
        )
    return {
        name: Column(one.categories, one.codes[~broken]) for name, one in columns.items()
    }, weights[~broken]


def weights_of(texts: tuple[str, ...], column: str) -> Floats:
    """Weights out of a column of a file.

    Raises:
        Mistake: One is no number, negative or not finite.
    """
    for number, text in enumerate(texts, start=1):
        try:
            good = 0 <= float(text) < np.inf
        except ValueError:
            good = False
        if not good:
            raise Mistake(
                what=f"row {number} has no weight",
                place="population.method.weight",
                found=text or "nothing",
                expected=f"a number in column {column}, at least 0",
            )
    return np.array(texts, dtype=np.float64)


def _margins(
    spec: PopulationSpec, columns: Mapping[str, Column], weights: Floats
) -> dict[str, Margin]:
    found = {}
    for dimension, target in spec.targets.items():
        attributes = attributes_of(dimension)
        categories = [columns[name].categories for name in attributes]
        cells = target.cells()
        shares = np.array([cells.get(cell, 0.0) for cell in itertools.product(*categories)])
        sizes = tuple(len(one) for one in categories)
        codes: Whole = np.ravel_multi_index([columns[name].codes for name in attributes], sizes)
        margin = Margin(codes, shares)
        empty = (margin.realised(weights) == 0) & (shares > 0)
        if empty.any():
            cell = list(itertools.product(*categories))[int(empty.argmax())]
            raise Mistake(
                what="no row of the seed table can meet a target",
                place=f"population.targets.{dimension}",
                found=f"no row with {TIMES.join(cell)}",
                expected=f"some, for {shares[empty][0]:.3g} of the population",
                fix="correct the category's name, merge it with another, take other seed rows, or "
                "enforce fewer rules",
            )
        found[dimension] = margin
    return found


def _conflict(spec: PopulationSpec, margins: Mapping[str, Margin], result: Raked) -> Mistake:
    """Which targets cannot be met together."""
    unmet = [name for name, distance in result.distances.items() if distance > CONFLICT]
    worst = max(unmet, key=result.distances.__getitem__)
    fights = sorted(name for name in margins if name != worst and _fight(margins, worst, name))
    return Mistake(
        what="targets contradict each other: raking does not converge",
        place="population.targets",
        found=", ".join(f"{name} missed by {result.distances[name]:.2g}" for name in unmet)
        + f" after {result.iterations} iterations",
        expected="targets that one population can meet, given the rows of the seed table",
        fix=f"compare {worst} with {', '.join(fights) or 'the others together'}, or give a seed "
        "table with more kinds of rows",
    )


def _fight(margins: Mapping[str, Margin], one: str, other: str) -> bool:
    """Whether two targets cannot be met even without the rest."""
    pair = {name: margins[name] for name in (one, other)}
    return not raked(np.ones(len(margins[one].codes)), pair).converged
