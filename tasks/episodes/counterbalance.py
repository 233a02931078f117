"""Counterbalancing: models, names and personas change places from replicate to replicate.

Position, shown name, model and persona are four things. Where each model always sits in the same
place under the same name, nobody can say afterwards which of the three made a difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from schemas.base import Record
from schemas.keys import generator

#: How something is laid out over positions, replicate after replicate: as listed; by a Latin
#: square, so that after as many replicates as there are positions everything was everywhere
#: equally often; through all permutations, so that neighbours are balanced as well; or drawn.
Way = Literal["fixed", "latin_square", "permutations", "random"]

#: Positions whose permutations are gone through, at most: 8 have 40,320.
MOST_PERMUTED = 8

#: Polynomials that a product of two numbers below 4, 8 and 16 is reduced by.
_REDUCING = {4: 0b111, 8: 0b1011, 16: 0b10011}


class Counterbalance(Record):
    """What changes places from replicate to replicate, and how; each for itself."""

    models: Way = Field("fixed", description="Which model acts at which position.")
    names: Way = Field("fixed", description="Which name a position is shown under.")
    personas: Way = Field(
        "fixed",
        description="Which persona has which position. Without it, each replicate has other "
        "personas of the population, in a drawn order.",
    )

    @property
    def ways(self) -> dict[str, Way]:
        """How each of the three is laid out."""
        return {"models": self.models, "names": self.names, "personas": self.personas}

    @property
    def varied(self) -> dict[str, Way]:
        """Those of the three that change places."""
        return {thing: way for thing, way in self.ways.items() if way != "fixed"}

    def period(self, n: int) -> int:
        """Replicates of a complete layout, in which nothing that varies is confounded.

        Args:
            n: Number of positions.

        Returns:
            1 where nothing is laid out by a rule.

        Example:
            >>> both = Counterbalance(models="latin_square", names="latin_square")
            >>> [both.period(n) for n in (3, 4, 5, 6)]
            [3, 4, 5, 36]
            >>> Counterbalance(models="permutations", names="latin_square").period(3)
            18
        """
        ways = list(self.ways.values())
        squares, all_ = ways.count("latin_square"), ways.count("permutations")
        period = n if squares and _orthogonal(n, squares) else int(n**squares)
        return int(period * math.factorial(n) ** all_) if all_ else period

    def layout(self, n: int, replicate: int, seed: int) -> Layout:
        """Who and what has which position in a replicate.

        Args:
            n: Number of positions.
            replicate: Number of the replicate, from 1.
            seed: Seed of the study.

        Example:
            >>> both = Counterbalance(models="latin_square", names="latin_square")
            >>> for replicate in (1, 2, 3):
            ...     layout = both.layout(3, replicate, seed=0)
            ...     print(layout.models, layout.names)
            (0, 1, 2) (0, 1, 2)
            (1, 2, 0) (2, 0, 1)
            (2, 0, 1) (1, 2, 0)
        """
        ways = self.ways
        squares = [thing for thing, way in ways.items() if way == "latin_square"]
        block, place = divmod(replicate - 1, self.period(n))
        found: dict[str, tuple[int, ...]] = {}
        if squares and _orthogonal(n, len(squares)):
            place, row = divmod(place, n)
            for factor, thing in enumerate(squares, start=1):
                start = _product(factor, row, n)
                found[thing] = tuple(_sum(start, position, n) for position in range(n))
        else:
            for thing in squares:
                place, row = divmod(place, n)
                found[thing] = _shifted(range(n), row)
        for thing, way in ways.items():
            if way == "permutations":
                place, number = divmod(place, math.factorial(n))
                found[thing] = _permutation(n, number)
            elif way == "random":
                order = list(range(n))
                generator(seed, "counterbalance", thing, replicate).shuffle(order)
                found[thing] = tuple(order)
        if block:
            # Other neighbours in every further square, with each thing as often at each position.
            for thing in squares:
                relabelled = list(range(n))
                generator(seed, "counterbalance", thing, "square", block).shuffle(relabelled)
                found[thing] = tuple(relabelled[one] for one in found[thing])
        return Layout(block, **found)


@dataclass(frozen=True, slots=True)
class Layout:
    """Who and what has which position in a replicate.

    Attributes:
        block: Which complete layout the replicate is part of, from 0.
        models: For each position the place in the list of seats, from 0, whose model it has; empty
            where each has its own.
        names: The same of shown names.
        personas: The same of personas, by their place among those of the block.
    """

    block: int = 0
    models: tuple[int, ...] = ()
    names: tuple[int, ...] = ()
    personas: tuple[int, ...] = ()


def _orthogonal(n: int, squares: int) -> bool:
    """Whether that many Latin squares are at hand in which every pair of entries occurs once.

    There are up to ``n - 1`` for a prime and for 4, 8 and 16: row, times a number of the square's
    own, plus column, in the field of that size.
    """
    prime = n > 1 and all(n % divisor for divisor in range(2, math.isqrt(n) + 1))
    return squares < n and (prime or n in _REDUCING)


def _sum(a: int, b: int, n: int) -> int:
    return a ^ b if n in _REDUCING else (a + b) % n


def _product(a: int, b: int, n: int) -> int:
    """The product in the field of n numbers."""
    if n not in _REDUCING:
        return a * b % n
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & n:
            a ^= _REDUCING[n]
        b >>= 1
    return product


def _shifted(order: Sequence[int], by: int) -> tuple[int, ...]:
    return (*order[by:], *order[:by])


def _permutation(n: int, number: int) -> tuple[int, ...]:
    """The permutation of a number, from 0; each n of them, one after another, are a Latin square.

    Example:
        >>> [_permutation(3, number) for number in range(4)]
        [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1)]
        >>> len({_permutation(4, number) for number in range(24)})
        24
    """
    number, shift = divmod(number, n)
    rest, order = list(range(1, n)), [0]
    for left in range(n - 1, 0, -1):
        place, number = divmod(number, math.factorial(left - 1))
        order.append(rest.pop(place))
    return _shifted(order, shift)
