from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.seats import PersonaFilter, Seat
from tasks.personas.seating import Candidate, assigned

NURSE = PersonaFilter(where={"occupation": "nurse"})
BAKER = PersonaFilter(where={"occupation": "baker", "openness": "high"})


def values(number: int) -> Mapping[str, str]:
    occupation = "nurse" if number % 3 == 0 else "baker"
    return {"occupation": occupation, "openness": "high" if number % 2 else "low"}


PEOPLE = [Candidate(f"p{number}", partial(values, number)) for number in range(12)]


def seats(*choices: Any) -> list[Seat]:
    return [
        Seat(f"s{n}", n, "m", f"N{n}", choice=choice) for n, choice in enumerate(choices, start=1)
    ]


choices = st.lists(st.sampled_from(["drawn", "none", NURSE, BAKER, "p5"]), max_size=4)


@given(chosen=choices, seed=st.integers(0, 99), replicate=st.integers(1, 9))
def test_every_seat_has_a_persona_of_its_choice_and_nobody_sits_twice(
    chosen: list[Any], seed: int, replicate: int
) -> None:
    if chosen.count("p5") > 1:
        return
    given_ = assigned(seats(*chosen), PEOPLE, seed, replicate, "c")
    assert len(set(given_.values())) == len(given_)
    for number, choice in enumerate(chosen, start=1):
        key = given_.get(f"s{number}")
        assert (key is None) == (choice == "none")
        if choice == "p5":
            assert key == "p5"
        if isinstance(choice, PersonaFilter):
            assert key is not None
            assert choice.where.items() <= values(int(key[1:])).items()
    assert given_ == assigned(seats(*chosen), PEOPLE, seed, replicate, "c")


def test_replicates_go_through_those_who_match_in_turn() -> None:
    found = [assigned(seats(NURSE, NURSE), PEOPLE, seed, seed, "c").values() for seed in (1, 2)]
    assert {key for one in found for key in one} == {"p0", "p3", "p6", "p9"}


def test_without_a_population_nobody_has_a_persona() -> None:
    assert assigned(seats("drawn", "none"), [], 1, 1, "c") == {}


@pytest.mark.parametrize(
    ("chosen", "people", "message"),
    [
        (["drawn"] * 13, PEOPLE, "set size to 13 or more"),
        ([PersonaFilter(where={"occupation": "pilot"})], PEOPLE, "0 with occupation: pilot"),
        ([NURSE] * 5, PEOPLE, "at least 5"),
        ([NURSE], [], "add a population section"),
        (["p99"], PEOPLE, "is not in the population"),
        (["p1", "p1"], PEOPLE, "has another seat already"),
    ],
)
def test_a_choice_that_nobody_can_meet_is_a_mistake(
    chosen: list[Any], people: list[Candidate], message: str
) -> None:
    with pytest.raises(Mistake, match=message):
        assigned(seats(*chosen), people, 1, 1, "c")
