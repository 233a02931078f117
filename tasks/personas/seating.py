"""Which persona takes which seat of an episode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import Mistake
from schemas.keys import generator
from schemas.seats import PersonaFilter, Seat


@dataclass(frozen=True, slots=True)
class Candidate:
    """A persona that may be given a seat.

    Attributes:
        key: The persona.
        values: Values of its attributes and levels of its traits, by name; only looked at where a
            seat filters by them.
    """

    key: str
    values: Callable[[], Mapping[str, str]]

    def matches(self, wanted: PersonaFilter) -> bool:
        """Whether it has all the values that a seat wants."""
        values = self.values()
        return all(values.get(name) == value for name, value in wanted.where.items())


def assigned(
    seats: Sequence[Seat],
    candidates: Sequence[Candidate],
    seed: int,
    replicate: int,
    condition: str,
    order: tuple[int, Sequence[int]] | None = None,
) -> dict[str, str]:
    """Persona by seat. Nobody sits twice in an episode.

    Seats that name a persona have it. Those that filter draw among the personas that match, the
    others among the rest. Replicates go through the personas in turn, each block shuffled; where an
    order is given, the replicates of a block have the same personas in that order.

    Args:
        seats: The seats of the episode.
        candidates: The population, in order; none where the study has no population.
        seed: Seed of the episode.
        replicate: Number of the replicate, from 1.
        condition: Name of the condition, for messages.
        order: Number of the block, from 0, and for each seat that draws among all personas the
            place of its persona among those of the block.

    Raises:
        Mistake: A persona that a seat names is not there or is taken, or too few match.
    """
    found = _named(seats, candidates, condition)
    drawing: dict[PersonaFilter | None, list[str]] = {}
    for seat in seats:
        if isinstance(seat.choice, PersonaFilter):
            drawing.setdefault(seat.choice, []).append(seat.seat)
    if candidates:
        drawing[None] = [seat.seat for seat in seats if seat.choice == "drawn"]
    for wanted, names in drawing.items():
        taken = set(found.values())
        pool = [
            one.key
            for one in candidates
            if one.key not in taken and (wanted is None or one.matches(wanted))
        ]
        if len(names) > len(pool):
            raise _too_few(condition, wanted, len(names), len(pool), bool(candidates))
        laid = order if wanted is None else None
        start = (laid[0] if laid else replicate - 1) * len(names)
        block = [pool[(start + place) % len(pool)] for place in range(len(names))]
        if laid is not None:
            found |= zip(names, (block[place] for place in laid[1]), strict=True)
            continue
        extra = () if wanted is None else (sorted(wanted.where.items()),)
        generator(seed, "personas", *extra).shuffle(block)
        found |= dict(zip(names, block, strict=True))
    return {seat.seat: found[seat.seat] for seat in seats if seat.seat in found}


def _named(
    seats: Sequence[Seat], candidates: Sequence[Candidate], condition: str
) -> dict[str, str]:
    """Persona by seat, of the seats that name one."""
    known = {one.key for one in candidates}
    found: dict[str, str] = {}
    for seat in seats:
        choice = seat.choice
        if not isinstance(choice, str) or choice in {"drawn", "none"}:
            continue
        if choice not in known or choice in found.values():
            there = choice in known
            raise Mistake(
                what=f"condition {condition}: the persona of seat {seat.seat} "
                + ("has another seat already" if there else "is not in the population"),
                place="episode.seats",
                found=choice,
                expected="drawn, none, {where: {...}}, or the key of one of "
                f"{len(candidates):,} personas",
            )
        found[seat.seat] = choice
    return found


def _too_few(
    condition: str, wanted: PersonaFilter | None, n_seats: int, n_found: int, population: bool
) -> Mistake:
    if wanted is None:
        return Mistake(
            what=f"condition {condition} seats more participants than there are personas",
            place="population.size",
            found=str(n_found),
            expected=f"at least {n_seats}",
            fix=f"set size to {n_seats} or more",
        )
    where = ", ".join(f"{name}: {value}" for name, value in wanted.where.items())
    return Mistake(
        what=f"condition {condition}: too few personas match a seat",
        place="episode.seats",
        found=f"{n_found} with {where}" if population else "a study without a population",
        expected=f"at least {n_seats}",
        fix="widen the filter, or raise population.size"
        if population
        else "add a population section",
    )
