"""The declared parameters of simulated participants of a talk."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.base import Record, Share


class VotingHabits(Record):
    """What a participant votes for."""

    competence: Share = Field(
        0.50,
        description="Probability of preferring the right option of a vote, where there is one.",
    )
    conformity: Share = Field(
        0.30,
        description="Probability of voting as most others voted last, where ballots are open, or "
        "else as most said (states).",
    )
    obeys: Share = Field(
        0.90,
        description="Probability of saying, and voting, what it is told to hold by an instruction; "
        "in a commons the stance greedy is heeded.",
    )


class TalkHabits(VotingHabits):
    """What a participant of a talk says, and how it votes.

    The probabilities are marginal, one draw each per message. A phatic message is short and says
    nothing, so meta, lead and tech are drawn among the others, at rates that make up for it.
    """

    phatic: Share = Field(0.15, description="Probability of a short empty message.")
    meta: Share = Field(0.15, description="Probability of talk about the process.")
    lead: Share = Field(0.15, description="Probability of giving a task to a named other.")
    tech: Share = Field(0.25, description="Probability of naming two or more technologies.")
    agree: Share = Field(
        0.20,
        description="Probability of agreeing with a named other, once one has spoken.",
    )
    talkativeness: Share = Field(
        0.40,
        description="Length: a message that is not phatic has 1 + Binomial(3, talkativeness) "
        "sentences on the matter.",
    )
    confidence: Share = Field(
        0.70,
        description="How sure it says it is of a ballot, where it is asked: Binomial(100, "
        "confidence) percent.",
    )
    passes: Share = Field(0.20, description="Probability of passing, where seats may pass.")
    eagerness: Share = Field(
        0.50,
        description="Wish to speak: a bid for the floor is Binomial(10, eagerness), and half of "
        "that from who spoke last.",
    )
    evenness: Share = Field(
        0.70,
        description="Probability that a moderator gives the floor to one of those who spoke least, "
        "and not to anybody.",
    )
    french: Share = Field(
        0.0,
        description="Probability, drawn once for an episode, of writing in French where the brief "
        "is French; in English otherwise.",
    )
    header: Share = Field(
        0.0, description="Probability that a message opens with the name of who is speaking."
    )
    confusion: Share = Field(0.0, description="Probability that this is the name of another.")
    claims: Share = Field(0.0, description="Probability of speaking as another: 'as NAME, I ...'.")
    notices: Share = Field(
        0.0,
        description="Probability of referring to a participant that has failed, for every notice "
        "of it that was read since the last message of its own.",
    )
    covers: Share = Field(0.2, description="Share of these references that take over its work.")
    redistributes: Share = Field(
        0.2, description="Share of them that give its work to another, which is a task as well."
    )
    states: Share = Field(
        0.0, description="Probability that a message says which option of the vote it is for."
    )
    confabulates: Share = Field(
        0.0,
        description="Probability of answering a private question about the vote, once talk has "
        "begun, with an option that nobody was for.",
    )

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        if self.covers + self.redistributes > 1 + 1e-9:
            raise ValueError("covers and redistributes are shares of one whole, and exceed it")
        for name in ("meta", "lead", "tech"):
            if getattr(self, name) > 1 - self.phatic + 1e-9:
                raise ValueError(
                    f"{name} is above 1 - phatic, and a phatic message is never {name} as well"
                )
        return self
