"""Pairs: every round the seats are paired, and each pair talks on its own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.seats import Position
from tasks.environments.talk.turns import Turn
from tasks.environments.talk.visibility import Hearers


class Pairs(Record):
    """Every round the seats are paired, and each pair talks on its own."""

    kind: Literal["pairs"]
    draw: Literal["shuffled", "round_robin"] = Field(
        "shuffled",
        description="Pairs are drawn for every round, or every seat meets every other in turn.",
    )
    exchanges: int = Field(
        1, ge=1, le=100, description="How often each of the two speaks in a round."
    )
    sides: tuple[tuple[Position, ...], tuple[Position, ...]] | None = Field(
        None,
        description="Positions of two sides, such as convincers and sceptics: a pair has one seat "
        "of each, and the first side begins.",
    )

    @model_validator(mode="after")
    def _each_on_one_side(self) -> Self:
        if self.sides is not None:
            first, second = self.sides
            if not first or not second or len({*first, *second}) < len(first) + len(second):
                raise ValueError("sides: two lists of positions of seats, each position once")
        return self

    def drawn(
        self, speakers: Sequence[str], seats: Sequence[str], round_: int, rng: random.Random
    ) -> list[tuple[str, str]]:
        """The pairs of a round, who begins first; of an odd number one seat is left out.

        Args:
            speakers: Who is paired.
            seats: All seats, by their position.
            round_: The round, from 0.
            rng: Generator for what is drawn.
        """
        if self.sides is not None:
            first, second = ([seats[place - 1] for place in side] for side in self.sides)
            if self.draw == "shuffled":
                rng.shuffle(first)
                rng.shuffle(second)
                return list(zip(first, second, strict=False))
            n = max(len(first), len(second))
            places = ((place, (place + round_) % n) for place in range(n))
            return [
                (first[one], second[other])
                for one, other in places
                if one < len(first) and other < len(second)
            ]
        if self.draw == "shuffled":
            drawn = rng.sample(list(speakers), len(speakers))
            return list(zip(drawn[::2], drawn[1::2], strict=False))
        return _round_robin(speakers, round_)

    def turns(self, pairs: Sequence[tuple[str, str]]) -> tuple[Turn, ...]:
        """The turns of a round: all pairs talk at the same time, the two of a pair in turn."""
        return tuple(
            Turn(pair[place % 2], place, place + 1)
            for place in range(2 * self.exchanges)
            for pair in pairs
        )


def hearers_in(pairs: Sequence[tuple[str, str]], seats: Sequence[str]) -> Hearers:
    """Who hears each seat: the other one of its pair."""
    partner = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
    return {seat: (partner[seat],) if seat in partner else () for seat in seats}


def _round_robin(speakers: Sequence[str], round_: int) -> list[tuple[str, str]]:
    """The pairs of a round in which, over the rounds, each meets each other equally often.

    The circle method: one seat stays and the others move on by one place each round. The seat that
    begins alternates from one tour of all rounds to the next.

    Example:
        >>> [_round_robin("abcd", round_) for round_ in range(3)]
        [[('a', 'd'), ('b', 'c')], [('a', 'c'), ('d', 'b')], [('a', 'b'), ('c', 'd')]]
    """
    circle: list[str | None] = [*speakers, *([None] if len(speakers) % 2 else [])]
    n = len(circle) - 1
    shift = round_ % n
    moved = [circle[0], *(circle[1 + (place - shift) % n] for place in range(n))]
    pairs = [(moved[place], moved[n - place]) for place in range((n + 1) // 2)]
    swapped = (round_ // n) % 2
    met = [(one, other) for one, other in pairs if one is not None and other is not None]
    return [(other, one) for one, other in met] if swapped else met
