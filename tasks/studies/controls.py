"""Whether the controls of a condition make sense: what they stand in for must be comparable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tasks.environments.registry import environment_named
from tasks.episodes.counterbalance import MOST_PERMUTED
from tasks.episodes.yoked import Yoked
from tasks.studies.design import Condition, Design
from tasks.studies.yamltext import FieldPath

#: Interventions on who a seat is or what it remembers.
_OF_ONE_SEAT = frozenset({"replace", "wipe"})
#: Fields of a seat that a yoked seat may have otherwise than the donor's.
_OWN = {"model", "persona"}
#: Parts that decide which places there are and what is said of whom.
_SHARED_PARTS = ("interventions", "names")


def control_problems(design: Design, condition: Condition) -> Iterator[tuple[FieldPath, str]]:
    """What is wrong with the controls of a condition, each with its place.

    Args:
        design: The study.
        condition: One of its conditions.
    """
    if design.study.episode is None:
        return
    if condition.parts.yoked is not None:
        for field, problem in _yoked_problems(design, condition, condition.parts.yoked):
            yield ("yoked", *field), problem
    if condition.parts.single_agent is not None:
        for problem in _single_agent_problems(condition):
            yield ("single_agent",), problem
    for thing in condition.parts.counterbalance.varied:
        for problem in _counterbalance_problems(condition, thing):
            yield ("counterbalance", thing), problem


def _single_agent_problems(condition: Condition) -> Iterator[str]:
    parts = condition.parts
    if parts.yoked is not None:
        yield "a seat is yoked or played by a single agent, not both"
    if parts.memory.kind != "full":
        yield (
            "a single agent has the whole conversation before it, so the memory "
            f"{parts.memory.kind} has no effect; take the memory full in this condition"
        )
    if parts.present != "chat":
        yield (
            "a single agent's answers are its own words in a chat; take present: chat in this "
            "condition"
        )
    for one in parts.interventions:
        if one.do in _OF_ONE_SEAT:
            yield (
                f"the intervention {one.do} changes who one seat is, and one model plays all of "
                "them"
            )


def _counterbalance_problems(condition: Condition, thing: str) -> Iterator[str]:
    seats, parts = getattr(condition.params, "seats", None), condition.parts
    if seats is None:
        yield "the environment has no list of seats, so there are no positions to change places on"
        return
    if len(seats) < 2:
        yield "there is one seat, so nothing can change places"
    way = parts.counterbalance.ways[thing]
    if way == "permutations" and len(seats) > MOST_PERMUTED:
        yield (
            f"{len(seats)} seats have {math.factorial(len(seats)):,} permutations; take "
            f"latin_square or random for more than {MOST_PERMUTED}"
        )
    if thing == "names" and parts.names in {"model", "persona"}:
        yield (
            f"names come from each seat's {parts.names}, so they change places with it; leave "
            "names out here, or name the seats neutral or by a list"
        )
    if thing == "personas":
        if condition.population is None:
            yield "the study has no population, so there are no personas to change places"
        if any(seat.persona != "drawn" for seat in seats):
            yield "a seat says which persona it has; personas change places where all are drawn"


def _yoked_problems(
    design: Design, condition: Condition, yoked: Yoked
) -> Iterator[tuple[FieldPath, str]]:
    episode = design.study.episode
    name = episode.environment if episode else ""
    if not environment_named(name).by_events_alone:
        yield (
            (),
            f"no seat of the environment {name} can be yoked: what it is shown depends on what it "
            "did itself, which the other episode cannot answer",
        )
        return
    donor = next((one for one in design.conditions if one.name == yoked.to), None)
    if donor is None:
        known = ", ".join(one.name for one in design.conditions if one is not condition)
        yield ("to",), f"no condition is called {yoked.to}; there are {known}"
        return
    talks = getattr(condition.params, "protocols", {}).values()
    if any(not isinstance(talk.barrier, str) for talk in talks):
        yield (
            (),
            "on a staggered clock a message is published later than it is written, and a yoked one "
            "has no time of its own; take the barrier turn or round",
        )
    for one in condition.parts.interventions:
        if one.do == "fact_check" or (one.when and (one.when.happened or one.when.agreement)):
            yield (
                (),
                f"the intervention {one.do} depends on what is said, so it would come at other "
                "places than in the donor; take one at set times",
            )
    if donor.parts.yoked is not None:
        what = "itself" if donor is condition else f"{donor.name}, which is yoked itself"
        yield ("to",), f"the condition is yoked to {what}; name one that is not yoked"
        return
    replicates = design.study.replicates_of
    if replicates[condition.name] > replicates[donor.name]:
        yield (
            ("to",),
            f"{condition.name} has {replicates[condition.name]} replicates and {donor.name} "
            f"{replicates[donor.name]}, so not every episode has one to be yoked to",
        )
    if yoked.replicate == "next" and replicates[donor.name] == 1:
        yield ("replicate",), f"there is no next replicate, since {donor.name} has one"
    if yoked.replicate == "next" and condition.parts.names == "persona":
        yield (
            ("replicate",),
            "names come from personas, and those of the next replicate are others, so nobody would "
            "know whom its messages mean",
        )
    differing = ", ".join(_differing(condition, donor))
    if differing:
        yield (
            (),
            f"the condition differs from {donor.name} in {differing}, so its seats would be asked "
            "at other places; only what a seat itself is may differ: its model, persona, memory, "
            "probes",
        )


def _differing(condition: Condition, donor: Condition) -> Iterator[str]:
    """What of two conditions must be the same for one to be yoked to the other, and is not."""
    mine, theirs = _places(condition), _places(donor)
    yield from (name for name in mine if mine[name] != theirs[name])


def _places(condition: Condition) -> dict[str, Any]:
    params = condition.params.model_dump(mode="json")
    seats = [
        {name: value for name, value in seat.items() if name not in _OWN}
        if isinstance(seat, dict)
        else {}
        for seat in params.get("seats", [])
    ]
    parts = {name: getattr(condition.parts, name) for name in _SHARED_PARTS}
    return {**params, "seats": seats, **parts}
