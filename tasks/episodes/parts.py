"""The parts of an episode that work with every environment, as a study declares them.

In a study they stand in ``episode:`` beside the environment's own parameters, and a condition can
change them as it changes those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name
from schemas.seats import Seat
from tasks.episodes.counterbalance import Counterbalance
from tasks.episodes.interventions import Arrangement, InterventionField, Replace, Roster
from tasks.episodes.memory import FullMemory, MemoryField
from tasks.episodes.names import Names, Others, shown_names
from tasks.episodes.presenting import Presentation
from tasks.episodes.probes import Probe
from tasks.episodes.shown_persona import ShownPersona
from tasks.episodes.times import Moment, first_round
from tasks.episodes.yoked import YokedField


class EpisodeParts(Record):
    """Names, memory, shown personas, interventions and probes of an episode."""

    names: Names | None = Field(
        None,
        description="Names that seats are shown under: neutral (Agent-A, Agent-B, ...), model (the "
        "models' real names), persona, or a list; the environment's own if left out.",
    )
    memory: MemoryField = Field(
        FullMemory(kind="full"), description="What prompts show of what a seat could see."
    )
    personas: ShownPersona = Field(
        ShownPersona(), description="What prompts show of a seat's persona."
    )
    present: Presentation = Field(
        "chat",
        description="How prompts show what happened: chat (a message for each event, the seat's "
        "own as its answers), block (one message with all of it in order) or digest (one message "
        "in which what each participant said and did stands together).",
    )
    others: Others = Field(
        "named",
        description="How prompts name the other seats: named, anonymous (all alike) or by their "
        "role; what identifiers the rules themselves show is not hidden.",
    )
    interventions: tuple[InterventionField, ...] = Field(
        (), description="Scheduled changes, in the order in which they happen at one time."
    )
    probes: tuple[Probe, ...] = Field((), description="Private questions at set times.")
    yoked: YokedField | None = Field(
        None,
        description="A control: seats are asked at the places of another condition's episode, and "
        "shown what was said there in place of what the others of their own say.",
    )
    single_agent: Name | None = Field(
        None,
        description="A control: the model of this alias plays every seat, one after another, in "
        "one conversation in which all earlier answers are its own.",
    )
    counterbalance: Counterbalance = Field(
        Counterbalance(),
        description="What changes places from replicate to replicate: models, names, personas, "
        "each by latin_square, through all permutations, at random, or not at all (fixed).",
    )

    @model_validator(mode="after")
    def _probes_have_names_of_their_own(self) -> Self:
        names = [probe.name for probe in self.probes]
        if len(set(names)) != len(names):
            raise ValueError("probes: two probes have the same name")
        return self

    @property
    def aliases(self) -> Mapping[tuple[str | int, ...], str]:
        """Model aliases that the parts name, by their place."""
        return {
            **({("single_agent",): self.single_agent} if self.single_agent else {}),
            **({("memory", "model"): self.memory.asked} if self.memory.asked else {}),
            **{
                ("interventions", place, "model"): alias
                for place, one in enumerate(self.interventions)
                for alias in one.aliases
            },
        }


def parts_and_params(declared: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an ``episode:`` section declares of the parts, and what of the environment.

    Example:
        >>> parts_and_params({"rounds": 3, "memory": "none"})
        ({'memory': 'none'}, {'rounds': 3})
    """
    own = EpisodeParts.model_fields
    return (
        {name: value for name, value in declared.items() if name in own},
        {name: value for name, value in declared.items() if name not in own},
    )


def first_arrangement(
    parts: EpisodeParts, roster: Roster, name_order: Sequence[int] = ()
) -> Arrangement:
    """The seats before any intervention.

    Args:
        parts: The parts.
        roster: Who takes part.
        name_order: For each seat the place of the one whose name it has, from 0; each has its own,
            if left out.

    Raises:
        ValueError: The names listed do not fit the seats.
    """
    seats = roster.seats
    names = shown_names(parts.names, seats, roster.model_ids)
    if name_order:
        given = list(names.values())
        names = {seat: given[place] for seat, place in zip(names, name_order, strict=True)}
    arrangement = Arrangement(
        names,
        {seat.seat: seat.model for seat in seats},
        others=parts.others,
        personas={seat.seat: seat.persona for seat in seats if seat.persona},
    )
    for place, one in enumerate(parts.interventions):
        arrangement = one.beforehand(arrangement, roster, parts.interventions[:place])
    return arrangement


def understudies(parts: EpisodeParts, roster: Roster) -> tuple[Seat, ...]:
    """Seats whose personas interventions put in the place of others, to be given personas."""
    found = {
        one.name: one.understudy(roster) for one in parts.interventions if isinstance(one, Replace)
    }
    return tuple(seat for seat in found.values() if seat)


def part_problems(
    parts: EpisodeParts,
    roster: Roster,
    traits: frozenset[str] | None,
    rounds: int | None = None,
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the parts of a condition, each with its place.

    Args:
        parts: The parts.
        roster: Who takes part; where there are personas, seats that have one have any.
        traits: Attributes, traits and texts of personas; ``None`` where there are no personas.
        rounds: Rounds of an episode that nothing ends early, where the rules name them.
    """
    try:
        shown_names(parts.names, roster.seats, roster.model_ids)
    except ValueError as problem:
        yield ("names",), str(problem)
        return
    yield from _intervention_problems(parts, roster, rounds)
    for place, probe in enumerate(parts.probes):
        for number, name in enumerate(probe.seats):
            try:
                roster.seat(name)
            except ValueError as problem:
                yield ("probes", place, "seats", number), str(problem)
    if traits is None:
        if parts.names == "persona":
            yield ("names",), "names come from personas, and the study has no population"
        return
    yield from shown_problems(parts, traits)


def _intervention_problems(
    parts: EpisodeParts, roster: Roster, rounds: int | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with interventions: names of what is not there, and what never happens."""
    try:
        arrangement = first_arrangement(parts, roster)
    except ValueError:  # said of the very intervention below
        arrangement = first_arrangement(parts.model_copy(update={"interventions": ()}), roster)
    for place, one in enumerate(parts.interventions):
        try:
            arrangement = one.change(arrangement, roster, Moment(0, 0)).arrangement
            for seat in one.when.seats if one.when else ():
                roster.seat(seat)
            problem = one.problem(roster, parts.interventions)
        except ValueError as refused:
            problem = str(refused)
        if problem is None and rounds is not None and min(map(first_round, one.times)) >= rounds:
            problem = f"it never happens: the episode has {rounds} rounds"
        if problem is not None:
            yield ("interventions", place), problem


def shown_problems(
    parts: EpisodeParts, known: frozenset[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names of what prompts show of personas that these do not have, each with its place.

    Args:
        parts: The parts.
        known: Attributes, traits and texts of personas.
    """
    for field, name in parts.personas.unknown(known):
        yield ("personas", field), f"no attribute, trait or text of the population is called {name}"
