"""Interventions on who takes part: crash, recover, leave, join, mute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.episodes.interventions.arrangement import Absence, Arrangement, Roster
from tasks.episodes.interventions.base import (
    Change,
    Intervention,
    Notice,
    SeatField,
    SeatNames,
    Words,
    words_of,
)
from tasks.episodes.times import Moment

NOTICE = "Whether all are told, or the words in which they are."


class Crash(Intervention):
    """A seat stops answering and is not asked any more.

    At the later ones of its times the seat is down already, and only the words are repeated.
    """

    do: Literal["crash"]
    seat: SeatField
    notice: Notice = Field(False, description=NOTICE)
    leak: Words | None = Field(
        None, description="An error of its provider, which all read as a message of the seat."
    )

    @model_validator(mode="after")
    def _one_way_to_notice(self) -> Self:
        if self.notice and self.leak is not None:
            raise ValueError("a crash is told by a notice or by a leaked error, not by both")
        return self

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat is out, unless it is not there."""
        seat = roster.seat(self.seat).seat
        if seat in arrangement.gone:
            return Change(arrangement)
        notice = words_of(self.notice, f"{arrangement.names[seat]} has disconnected.")
        text = self.leak or notice
        speaker = "env" if self.leak is None else seat
        event = self.event(text, target=seat, actor=speaker, data={"state": "crashed"})
        return Change(arrangement.without({seat: Absence("crashed")}), (event,))


class Recover(Intervention):
    """A seat that has crashed is asked again; it reads what was said while it was down."""

    do: Literal["recover"]
    seat: SeatField
    notice: Notice = Field(False, description=NOTICE)

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat is back, if it was down."""
        seat = roster.seat(self.seat).seat
        if not arrangement.is_out(seat, "crashed"):
            return Change(arrangement)
        text = words_of(self.notice, f"{arrangement.names[seat]} is back.")
        event = self.event(text, target=seat, data={"state": "active"})
        return Change(arrangement.back([seat]), (event,))

    def problem(self, roster: Roster, others: Sequence[Intervention]) -> str | None:
        """The seat never crashes before."""
        seat = roster.seat(self.seat)
        crashes = [
            one
            for one in others
            if isinstance(one, Crash) and roster.seat(one.seat) is seat and one.may_precede(self)
        ]
        return None if crashes else f"{seat.seat} does not crash before, so it cannot recover"


class Leave(Intervention):
    """A seat goes: it is not asked any more, and prompts no longer name it among the others."""

    do: Literal["leave"]
    seat: SeatField
    notice: Notice = Field(True, description=NOTICE)

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat is gone, if it was there."""
        seat = roster.seat(self.seat).seat
        if seat in arrangement.gone:
            return Change(arrangement)
        text = words_of(self.notice, f"{arrangement.names[seat]} has left.")
        event = self.event(text, target=seat, data={"state": "left"})
        return Change(arrangement.without({seat: Absence("left")}), (event,))


class Join(Intervention):
    """A seat comes: until then it is not asked, and prompts do not name it among the others.

    A seat that left earlier in the list of interventions comes back.
    """

    do: Literal["join"]
    seat: SeatField
    notice: Notice = Field(True, description=NOTICE)
    past: bool = Field(False, description="Whether it reads what was said before it came.")

    def beforehand(
        self, arrangement: Arrangement, roster: Roster, earlier: Sequence[Intervention]
    ) -> Arrangement:
        """The seat is awaited from the start, unless it leaves first."""
        seat = roster.seat(self.seat)
        if any(isinstance(one, Leave) and roster.seat(one.seat) is seat for one in earlier):
            return arrangement
        return arrangement.without({seat.seat: Absence("awaited")})

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The seat is there, if it was not."""
        seat = roster.seat(self.seat).seat
        if seat not in arrangement.gone:
            return Change(arrangement)
        text = words_of(self.notice, f"{arrangement.names[seat]} has joined.")
        event = self.event(text, target=seat, data={"state": "active", "past": self.past})
        forget = frozenset() if self.past else frozenset([seat])
        return Change(arrangement.back([seat]), (event,), forget=forget)


class Mute(Intervention):
    """Seats are not asked for some rounds; they read on, and answer private questions."""

    do: Literal["mute"]
    seats: SeatNames = Field(description="Which seats: all, or a list.")
    rounds: int = Field(ge=1, description="For how many rounds.")
    notice: Notice = Field(False, description=NOTICE)

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """Those of the seats that are there are silent."""
        seats = [seat for seat in roster.named(self.seats) if arrangement.reaches(seat)]
        if not seats:
            return Change(arrangement)
        until = now.rounds + self.rounds
        names = ", ".join(arrangement.names[seat] for seat in seats)
        event = self.event(
            words_of(self.notice, f"Muted for {self.rounds} rounds: {names}."),
            target=seats[0] if len(seats) == 1 else None,
            data={"seats": seats, "until_round": until},
        )
        muted = dict.fromkeys(seats, Absence("muted", until))
        return Change(arrangement.without(muted), (event,))
