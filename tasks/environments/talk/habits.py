"""The declared parameters of simulated participants of a talk."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Record

#: A probability, or a part of a whole.
Share = Annotated[float, Field(ge=0, le=1)]


class TalkHabits(Record):
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

    competence: Share = Field(
        0.50,
        description="Probability of preferring the right option of a vote, where there is one.",
    )
    conformity: Share = Field(
        0.30,
        description="Probability of voting as most others voted last, where ballots are open.",
    )

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        for name in ("meta", "lead", "tech"):
            if getattr(self, name) > 1 - self.phatic + 1e-9:
                raise ValueError(
                    f"{name} is above 1 - phatic, and a phatic message is never {name} as well"
                )
        return self
