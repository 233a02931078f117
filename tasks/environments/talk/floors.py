"""Floors: who speaks when within a round, and how the order changes from round to round."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Record
from schemas.seats import Position
from tasks.environments.talk.choosing import Bids, Moderated
from tasks.environments.talk.pairs import Pairs
from tasks.environments.talk.turns import Pace, Turn

#: Order of speaking: by seat; by seat, beginning one seat later each round; balanced, so that over
#: the rounds each seat has each place, and follows each other seat, equally often; drawn anew for
#: every round; drawn once; or every turn drawn, so that some speak more than others.
Order = Literal["fixed", "rotated", "latin_square", "shuffled", "shuffled_once", "random"]


class Led(Record):
    """Every round a leader opens, the others speak in order, and the leader sums up."""

    kind: Literal["led"]
    leader: Position = Field(description="Position of the leader.")

    def turns(
        self, order: Sequence[str], leader: str, pace: Pace, rng: random.Random
    ) -> tuple[Turn, ...]:
        """The turns of a round.

        Args:
            order: The speakers in order, the leader among them.
            leader: The leader.
            pace: How long they write.
            rng: Generator for times that are drawn.
        """
        others = pace.turns([seat for seat in order if seat != leader], rng, 1.0)
        last = max(one.end for one in others)
        opening = Turn(leader, 0.0, 1.0, "opening")
        return (opening, *others, Turn(leader, last, last + 1, "synthesis"))


#: Who speaks when: in an order, or as a leader, a moderator, bids or pairs have it.
Floor = Order | Annotated[Led | Moderated | Bids | Pairs, Field(discriminator="kind")]


def first_order(floor: Floor, seats: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """The order of the first round.

    Args:
        floor: How the floor is given; by the seats where it is given in no order.
        seats: The seats in order.
        rng: Generator for what is drawn.
    """
    match floor:
        case "latin_square":
            return _shifted(_williams(seats), seats, rng.randrange(len(seats)))
        case "shuffled" | "shuffled_once":
            return _shuffled(seats, rng)
        case "random":
            return _drawn(seats, rng)
        case _:
            return tuple(seats)


def next_order(
    floor: Floor, seats: Sequence[str], before: tuple[str, ...], round_: int, rng: random.Random
) -> tuple[str, ...]:
    """The order of a later round.

    Args:
        floor: How the floor is given.
        seats: The seats in order.
        before: The order of the round before.
        round_: The round, from 0.
        rng: Generator for what is drawn.
    """
    match floor:
        case "rotated":
            return (*before[1:], *before[:1])
        case "latin_square":
            # An odd number of seats takes two squares, the second one backwards.
            turned = len(seats) % 2 == 1 and round_ % len(seats) == 0
            following = _shifted(before, seats, 1)
            return following[::-1] if turned else following
        case "shuffled":
            return _shuffled(seats, rng)
        case "random":
            return _drawn(seats, rng)
        case _:
            return before


def _shuffled(seats: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    order = list(seats)
    rng.shuffle(order)
    return tuple(order)


def _williams(seats: Sequence[str]) -> tuple[str, ...]:
    """The first row of a Williams design: places 0, 1, n-1, 2, n-2, ...

    Source: Williams (1949), Australian Journal of Scientific Research A 2, 149-168.
    """
    low, high = 1, len(seats) - 1
    row = [0]
    while low <= high:
        row.append(low)
        if low < high:
            row.append(high)
        low, high = low + 1, high - 1
    return tuple(seats[place] for place in row)


def _shifted(order: Sequence[str], seats: Sequence[str], by: int) -> tuple[str, ...]:
    """An order in which each seat is replaced by the one so many places after it."""
    place = {seat: number for number, seat in enumerate(seats)}
    return tuple(seats[(place[seat] + by) % len(seats)] for seat in order)


def _drawn(seats: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    """As many turns as there are seats, each drawn; nobody speaks twice on end."""
    order: list[str] = []
    for _ in seats:
        others = [seat for seat in seats if not order or seat != order[-1]]
        order.append(rng.choice(others or list(seats)))
    return tuple(order)
