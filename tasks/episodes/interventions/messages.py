"""Interventions that put words before seats: messages from outside, and what names stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tasks.episodes.interventions.arrangement import Arrangement, Roster, SeatName
from tasks.episodes.interventions.base import Change, Intervention, SeatNames, Words
from tasks.episodes.times import Moment

#: Who reads a message.
Readers = SeatName | Literal["everyone"] | Annotated[tuple[SeatName, ...], Field(min_length=1)]


class Inject(Intervention):
    """A message that no seat has written: from a moderator, in a seat's name, or of the system."""

    do: Literal["inject"]
    text: Words = Field(description="The message.")
    sender: str = Field(
        "Moderator", min_length=1, max_length=80, description="Name that it is shown under."
    )
    by: SeatName | None = Field(
        None, description="A seat in whose name it stands, in place of a sender."
    )
    channel: Literal["chat", "system"] = Field(
        "chat",
        description="chat (a message of the sender) or system (a system message without sender).",
    )
    to: Readers = Field(
        "everyone", description="Who reads it: everyone, one seat, or a list of seats."
    )

    @model_validator(mode="after")
    def _one_author(self) -> Self:
        if self.by is not None and self.channel == "system":
            raise ValueError("a message of the system does not stand in a seat's name")
        return self

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The message is there."""
        audience, audiences = roster.audience(_readers(self.to, self.by, roster))
        data: dict[str, str] = {}
        if self.channel == "system":
            data = {"channel": "system"}
        elif self.by is None:
            data = {"sender": self.sender}
        actor = "env" if self.by is None else roster.seat(self.by).seat
        event = self.event(self.text, actor=actor, data=data, audience=audience)
        return Change(arrangement, (event,), audiences=audiences)


def _readers(to: Readers, by: SeatName | None, roster: Roster) -> tuple[str, ...]:
    """The seats that read a message; that in whose name it stands reads it as its own."""
    if to == "everyone":
        return roster.named("all")
    readers = roster.named(to if isinstance(to, tuple) else (to,))
    return readers if by is None else (*readers, roster.seat(by).seat)


class Anonymise(Intervention):
    """Prompts no longer name the other seats, in what was said before as well."""

    do: Literal["anonymise"]
    show: Literal["anonymous", "role"] = Field(
        "anonymous", description="What stands in place of names: the same for all, or the role."
    )

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The others have no names."""
        event = self.event(data={"others": self.show})
        return Change(arrangement.with_others(self.show), (event,))


class Reveal(Intervention):
    """Seats learn who is who: names that were hidden, or the models or personas behind names."""

    do: Literal["reveal"]
    what: Literal["names", "models", "personas"] = Field(
        description="names (that anonymous talk hid), or the models or personas behind names."
    )
    seats: SeatNames = Field("all", description="Whose models or personas.")
    to: SeatNames = Field("all", description="Who learns it; names are revealed to all.")

    @model_validator(mode="after")
    def _names_are_for_all(self) -> Self:
        if self.what == "names" and not self.seats == self.to == "all":
            raise ValueError("names are revealed of all and to all")
        return self

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """What was hidden is said."""
        if self.what == "names":
            shown = arrangement.with_others("named")
            return Change(shown, (self.event(data={"others": "named"}),))
        behind = self._behind(arrangement, roster)
        told = "; ".join(f"{arrangement.names[seat]} is {who}" for seat, who in behind.items())
        audience, audiences = roster.audience(roster.named(self.to))
        event = self.event(f"{told}.", data={self.what: behind}, audience=audience)
        return Change(arrangement, (event,), audiences=audiences)

    def _behind(self, arrangement: Arrangement, roster: Roster) -> dict[str, str]:
        seats = roster.named(self.seats)
        if self.what == "models":
            ids = {seat: roster.model_ids[arrangement.models[seat]] for seat in seats}
            return {seat: model.rpartition("/")[2] for seat, model in ids.items()}
        personas = arrangement.personas
        return {seat: personas[seat].name for seat in seats if seat in personas}

    def problem(self, roster: Roster, others: Sequence[Intervention]) -> str | None:
        """There is no persona to reveal."""
        seats = roster.named(self.seats)
        if self.what != "personas" or any(roster.seat(name).persona for name in seats):
            return None
        return "there is no persona that could be revealed"
