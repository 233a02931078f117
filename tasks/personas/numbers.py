"""Numeric attributes: drawn from declared distributions by their quantiles."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schemas.errors import Mistake
from schemas.study.numbers import NumberSpec
from tasks.personas.structure import Column, Draws, Floats, Whole, number_column

#: Quantiles are kept this far from 0 and 1, whose numbers can be infinite.
EDGE = 1e-12


def drawn_numbers(
    name: str, spec: NumberSpec, attributes: Mapping[str, Column], size: int, draws: Draws
) -> Column:
    """A numeric attribute of every persona.

    Args:
        name: The attribute.
        spec: Its distribution.
        attributes: The attributes that are there already.
        size: Number of personas.
        draws: Generators.

    Raises:
        Mistake: A category of an attribute has no parameters, or a persona has none.

    Example:
        >>> age = NumberSpec(draw="uniform", parameters={"low": 18, "high": 20}, round_to=1)
        >>> drawn_numbers("age", age, {}, 9, Draws("0" * 32)).categories
        ('18', '19', '20')
    """
    categories = {one: attributes[one].categories for one in spec.attributes}
    if problem := spec.problem(categories):
        raise Mistake(
            what=problem,
            place=f"population.numbers.{name}",
            expected="parameters for every category that the attribute has",
            fix="add the category under by, or give the parameter under parameters",
        )
    for attribute in spec.attributes:
        attributes[attribute].refuse_gaps(attribute, f"population.numbers.{name}")
    quantiles = draws.of("number", name).random(size)
    found = np.empty(size)
    for members, cell in _cells(tuple(spec.by), attributes, size):
        parameters = spec.parameters_of(cell)
        found[members] = _numbers(spec, parameters, quantiles[members])
    for attribute, factors in spec.times.items():
        column = attributes[attribute]
        found *= np.array([factors.get(one, 1.0) for one in column.categories])[column.codes]
    if spec.round_to and spec.draw != "uniform":
        found = np.round(found / spec.round_to) * spec.round_to
    return number_column(found)


def _cells(
    names: tuple[str, ...], attributes: Mapping[str, Column], size: int
) -> list[tuple[Whole, dict[str, str]]]:
    """Personas with the same categories of some attributes, with these categories."""
    if not names:
        return [(np.arange(size), {})]
    columns = [attributes[name] for name in names]
    shape = tuple(len(one.categories) for one in columns)
    codes = np.ravel_multi_index([one.codes for one in columns], shape)
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    return [
        (
            members,
            {
                name: column.categories[place]
                for name, column, place in zip(
                    names, columns, np.unravel_index(cell, shape), strict=True
                )
            },
        )
        for cell, members in zip(present, np.split(order, starts[1:]), strict=True)
    ]


def _numbers(spec: NumberSpec, parameters: Mapping[str, float], quantiles: Floats) -> Floats:
    """The numbers at some quantiles of a distribution, which its bounds cut."""
    if spec.draw == "uniform":
        low, high = parameters["low"], parameters["high"]
        low = low if spec.min is None else max(low, spec.min)
        high = high if spec.max is None else min(high, spec.max)
        step = spec.round_to
        if step:  # every multiple has the same chance, those at the ends too
            first = np.ceil(low / step)
            n = np.floor(high / step) - first + 1
            return np.asarray((first + np.floor(quantiles * n)) * step)
        return np.asarray(low + quantiles * (high - low))
    bottom = 0.0 if spec.min is None else _share_below(spec, parameters, spec.min)
    top = 1.0 if spec.max is None else _share_below(spec, parameters, spec.max)
    points = np.clip(bottom + quantiles * (top - bottom), EDGE, 1 - EDGE)
    return _quantile(spec, parameters, points)


def _quantile(spec: NumberSpec, own: Mapping[str, float], points: Floats) -> Floats:
    from scipy import special  # a second of start-up, which a plan need not wait for

    if spec.draw == "generalised_beta":
        odds = special.betaincinv(own["p"], own["q"], points)
        return np.asarray(own["b"] * (odds / (1 - odds)) ** (1 / own["a"]))
    z = special.ndtri(points)
    if spec.draw == "lognormal":
        return np.asarray(own["median"] * np.exp(own["sd_log"] * z))
    return np.asarray(own["mean"] + own["sd"] * z)


def _share_below(spec: NumberSpec, own: Mapping[str, float], number: float) -> float:
    from scipy import special

    if spec.draw == "normal":
        return float(special.ndtr((number - own["mean"]) / own["sd"]))
    if number <= 0:
        return 0.0
    if spec.draw == "lognormal":
        return float(special.ndtr(np.log(number / own["median"]) / own["sd_log"]))
    odds = (number / own["b"]) ** own["a"]
    return float(special.betainc(own["p"], own["q"], odds / (1 + odds)))
