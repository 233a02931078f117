"""What interventions change in an episode: the arrangement of its seats."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from schemas.base import Record
from schemas.environment import EVERYONE, Ask, audience_name
from schemas.seats import Persona, Seat
from tasks.episodes.interventions.edits import PromptEdit
from tasks.episodes.names import Others

#: A seat as a study names it: its position, from 1, or its identifier.
SeatName = int | str

#: Members of audiences by name.
Audiences = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Roster:
    """Who takes part in an episode; nothing of it changes.

    Attributes:
        seats: The seats, in order.
        model_ids: A provider's model name by alias.
        understudies: Personas that wait to take the place of others, by name.
        params: Parameters of the environment, as declared.
        changeable: Those of them that may change.
    """

    seats: tuple[Seat, ...]
    model_ids: Mapping[str, str]
    understudies: Mapping[str, Persona] = field(default_factory=dict)
    params: Record = field(default_factory=Record)
    changeable: frozenset[str] = frozenset()

    def named(self, seats: Literal["all"] | Iterable[SeatName]) -> tuple[str, ...]:
        """Identifiers of the seats that a study names.

        Raises:
            ValueError: One of them is not there, or is named twice.
        """
        if seats == "all":
            return tuple(seat.seat for seat in self.seats)
        found = tuple(self.seat(name).seat for name in seats)
        if len(set(found)) != len(found):
            raise ValueError("a seat is named twice")
        return found

    def audience(self, seats: Iterable[str]) -> tuple[str, Audiences]:
        """The audience of some seats: its name, and its members where it must be named first."""
        members = tuple(dict.fromkeys(seats))
        if len(members) == len(self.seats):
            return EVERYONE, {}
        if len(members) == 1:
            return members[0], {}
        return audience_name(*members), {audience_name(*members): members}

    def seat(self, name: SeatName) -> Seat:
        """The seat of that position or identifier.

        Raises:
            ValueError: There is none.
        """
        for seat in self.seats:
            if name in {seat.position, seat.seat}:
                return seat
        known = ", ".join(seat.seat for seat in self.seats[:5])
        raise ValueError(
            f"no seat {name!r}; the episode has {len(self.seats)}: 1 to {len(self.seats)}, or by "
            f"identifier {known}{', ...' if len(self.seats) > 5 else ''}"
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a seat is not asked.

    Attributes:
        kind: ``crashed`` and ``muted`` seats are still named among the others; one that ``left``
            or is ``awaited`` is not. Only a ``muted`` one answers private questions.
        until_round: How many rounds are over when it ends by itself; ``None`` if it does not.
    """

    kind: Literal["crashed", "left", "awaited", "muted"]
    until_round: int | None = None


class Lines(Protocol):
    """What answers for a seat in place of its model."""

    def answers_to(self, ask: Ask, n_said: int) -> Any | None:
        """What the seat answers, having said so many lines; ``None`` where it is to be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What interventions change.

    Attributes:
        names: Shown name by seat.
        models: Alias of the model by seat.
        out: Seats that are not asked, and why.
        edits: Edits of the prompts of a seat, in order, by seat.
        others: How prompts name the other seats.
        personas: Persona by seat, of the seats that have one.
        params: Parameters of the environment; ``None`` while they are as declared.
        stances: What seats are told to hold, by seat.
        scripts: What answers for a seat, by seat.
    """

    names: Mapping[str, str]
    models: Mapping[str, str]
    out: Mapping[str, Absence] = field(default_factory=dict)
    edits: Mapping[str, tuple[PromptEdit, ...]] = field(default_factory=dict)
    others: Others = "named"
    personas: Mapping[str, Persona] = field(default_factory=dict)
    params: Record | None = None
    stances: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, Lines] = field(default_factory=dict)

    @property
    def gone(self) -> frozenset[str]:
        """Seats that left or are awaited: the others do not know of them."""
        return frozenset(seat for seat, why in self.out.items() if why.kind in {"left", "awaited"})

    def is_out(self, seat: str, kind: str) -> bool:
        """Whether a seat is out for that reason."""
        return seat in self.out and self.out[seat].kind == kind

    def reaches(self, seat: str) -> bool:
        """Whether private questions reach a seat: it may be silent, but it is there."""
        return seat not in self.out or self.out[seat].kind == "muted"

    def with_names(self, names: Mapping[str, str]) -> Arrangement:
        """The arrangement with other shown names for some seats."""
        return dataclasses.replace(self, names={**self.names, **names})

    def with_models(self, models: Mapping[str, str]) -> Arrangement:
        """The arrangement with other models for some seats."""
        return dataclasses.replace(self, models={**self.models, **models})

    def with_personas(self, personas: Mapping[str, Persona]) -> Arrangement:
        """The arrangement with other personas for some seats."""
        return dataclasses.replace(self, personas={**self.personas, **personas})

    def without(self, absences: Mapping[str, Absence]) -> Arrangement:
        """The arrangement in which these seats are not asked."""
        return dataclasses.replace(self, out={**self.out, **absences})

    def back(self, seats: Iterable[str]) -> Arrangement:
        """The arrangement in which these seats are asked again."""
        out = {seat: why for seat, why in self.out.items() if seat not in set(seats)}
        return dataclasses.replace(self, out=out)

    def after(self, rounds: int) -> Arrangement:
        """The arrangement when so many rounds are over: absences that end by then have ended."""
        ended = [
            seat
            for seat, why in self.out.items()
            if why.until_round is not None and why.until_round <= rounds
        ]
        return self.back(ended) if ended else self

    def with_others(self, others: Others) -> Arrangement:
        """The arrangement in which prompts name the others in another way."""
        return dataclasses.replace(self, others=others)

    def with_params(self, params: Record) -> Arrangement:
        """The arrangement under other parameters of the environment."""
        return dataclasses.replace(self, params=params)

    def with_stances(self, stances: Mapping[str, str]) -> Arrangement:
        """The arrangement in which these seats are told to hold something."""
        return dataclasses.replace(self, stances={**self.stances, **stances})

    def with_script(self, seat: str, script: Lines) -> Arrangement:
        """The arrangement in which a script answers for a seat."""
        return dataclasses.replace(self, scripts={**self.scripts, seat: script})

    def with_edit(self, seats: Iterable[str], edit: PromptEdit) -> Arrangement:
        """The arrangement with one more edit of the prompts of these seats."""
        edits = {seat: (*self.edits.get(seat, ()), edit) for seat in seats}
        return dataclasses.replace(self, edits={**self.edits, **edits})
