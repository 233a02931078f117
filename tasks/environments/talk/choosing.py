"""Floors that are given message by message: by a moderator, or to the highest bid."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from schemas.base import Record
from schemas.environment import NOBODY, Action, Ask, Event
from schemas.seats import Position

#: Names of the questions by which the floor is given, and phase and item of the events about it.
NEXT_SPEAKER, BID, FLOOR = "next_speaker", "bid", "floor"

#: The highest bid.
HIGHEST_BID = 10


class NextSpeaker(Record):
    """A moderator's answer to the question who speaks next."""

    speaker: int = Field(ge=1, description="Number of the participant who speaks next.")


class Bid(Record):
    """A seat's answer to the question how much it wants to speak."""

    bid: int = Field(
        ge=0, le=HIGHEST_BID, description="How much you want to speak now, from 0 to 10."
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """How far the giving of the floor is in a round.

    Attributes:
        left: Messages that are left in the round.
        waiting: Who can be given the floor, those first that have waited longest.
        listed: The same in the order in which they are listed now; empty while one of them speaks.
    """

    left: int
    waiting: tuple[str, ...]
    listed: tuple[str, ...] = ()


class ChosenFloor(Record):
    """A floor that is given message by message."""

    messages: int | None = Field(
        None,
        ge=1,
        le=10_000,
        description="Messages of a round at most; as many as there are speakers unless given.",
    )

    def candidates(self, speakers: Sequence[str], seats: Sequence[str]) -> tuple[str, ...]:
        """Who can be given the floor.

        Args:
            speakers: The speakers of the talk.
            seats: All seats, by their position.
        """
        return tuple(speakers)

    def begun(self, waiting: Sequence[str], rng: random.Random) -> Choice:
        """A round begins.

        Args:
            waiting: Who can be given the floor, those first that have waited longest.
            rng: Generator for the order in which they are listed.
        """
        return self._listed(self.messages or len(waiting), tuple(waiting), rng)

    def given_to(self, choice: Choice, speaker: str) -> Choice:
        """The floor is given, and the speaker waits behind all others from now on."""
        waiting = (*(seat for seat in choice.waiting if seat != speaker), speaker)
        return Choice(choice.left - 1, waiting)

    def reopened(self, choice: Choice, rng: random.Random) -> Choice:
        """The speaker is done, and the floor is to be given again."""
        return self._listed(choice.left, choice.waiting, rng)

    @abstractmethod
    def asks(self, choice: Choice, seats: Sequence[str]) -> dict[str, Ask]:
        """Who is asked about the floor.

        Args:
            choice: Who can be given the floor.
            seats: All seats, by their position.
        """

    def problem(self, choice: Choice, value: Any) -> str | None:
        """What is wrong with an answer that has the right shape, if anything."""
        return None

    @abstractmethod
    def chosen(
        self,
        choice: Choice,
        actions: Mapping[str, Action],
        seats: Sequence[str],
        rng: random.Random,
    ) -> tuple[str | None, Event]:
        """Who is given the floor, or nobody, and the event that says so, which no seat sees."""

    def _listed(self, left: int, waiting: tuple[str, ...], rng: random.Random) -> Choice:
        return Choice(left, waiting, waiting)


class Moderated(ChosenFloor):
    """A moderator says who speaks next."""

    kind: Literal["moderated"]
    by: Position = Field(description="Position of the moderator.")
    speaks: bool = Field(False, description="Whether it can give the floor to itself.")

    def candidates(self, speakers: Sequence[str], seats: Sequence[str]) -> tuple[str, ...]:
        """The speakers, and the moderator only where it speaks."""
        moderator = seats[self.by - 1]
        others = tuple(seat for seat in speakers if seat != moderator)
        return (*others, moderator) if self.speaks else others

    def asks(self, choice: Choice, seats: Sequence[str]) -> dict[str, Ask]:
        """The moderator, for the number of a participant; else it is who has waited longest."""
        longest = choice.listed.index(choice.waiting[0]) + 1
        listed = choice.listed

        def words(names: Mapping[str, str]) -> str:
            lines = [f"{number}. {names[seat]}" for number, seat in enumerate(listed, start=1)]
            return "\n".join(
                ("You moderate this talk. Who speaks next? Answer with the number.", *lines)
            )

        ask = Ask(
            NEXT_SPEAKER,
            NextSpeaker,
            fallback=NextSpeaker(speaker=longest),
            no_answer="fallback",
            question=words,
        )
        return {seats[self.by - 1]: ask}

    def chosen(
        self,
        choice: Choice,
        actions: Mapping[str, Action],
        seats: Sequence[str],
        rng: random.Random,
    ) -> tuple[str | None, Event]:
        """Whom the moderator named; who has waited longest where it is out."""
        moderator = seats[self.by - 1]
        action = actions.get(moderator)
        named = choice.listed[action.value.speaker - 1] if action else choice.waiting[0]
        data = {"listed": list(choice.listed), "moderator": action is not None and action.valid}
        actor = moderator if action else "env"
        event = Event("choose", actor, named, FLOOR, data=data, audience=NOBODY, phase=FLOOR)
        return named, event

    def problem(self, choice: Choice, value: Any) -> str | None:
        """The number is of somebody who is listed."""
        n = len(choice.listed)
        return None if value.speaker <= n else f"there are only {n} numbers to choose from"

    def _listed(self, left: int, waiting: tuple[str, ...], rng: random.Random) -> Choice:
        return Choice(left, waiting, tuple(rng.sample(waiting, len(waiting))))


class Bids(ChosenFloor):
    """Before every message all bid for the floor in private; the highest bid gets it."""

    kind: Literal["bids"]
    threshold: int = Field(
        1,
        ge=1,
        le=HIGHEST_BID,
        description="Lowest bid, of 0 to 10, that gets the floor; where nobody bids as much, "
        "nobody speaks and the round is over.",
    )

    def asks(self, choice: Choice, seats: Sequence[str]) -> dict[str, Ask]:
        """Everybody, for a bid."""
        words = (
            "How much do you want to speak now, from 0 (not at all) to 10 (very much)? All bid in "
            "private, and who bids most speaks next."
        )
        if self.threshold > 1:
            words += f" If nobody bids {self.threshold} or more, nobody speaks."
        ask = Ask(BID, Bid, no_answer="absent", question=words)
        return dict.fromkeys(choice.listed, ask)

    def chosen(
        self,
        choice: Choice,
        actions: Mapping[str, Action],
        seats: Sequence[str],
        rng: random.Random,
    ) -> tuple[str | None, Event]:
        """Who bid most, drawn among equals; nobody where all bids are below the threshold."""
        bids = {seat: action.value.bid for seat, action in actions.items()}
        most = max(bids.values(), default=0)
        highest = [seat for seat, bid in bids.items() if bid == most]
        winner = rng.choice(highest) if most >= self.threshold else None
        item = FLOOR if winner else "silence"
        data = {"bids": bids}
        event = Event("choose", "env", winner, item, most, data=data, audience=NOBODY, phase=FLOOR)
        return winner, event
