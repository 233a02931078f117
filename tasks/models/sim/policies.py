"""The declared parameters of simulated models: one model of parameters for each policy."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.base import Record


class Faults(Record):
    """How a simulated model fails and how long it takes; all of them have these parameters."""

    latency_s: float = Field(0.0, ge=0, le=60, description="Time that an answer takes, in seconds.")
    failure_rate: float = Field(
        0.0, ge=0, le=1, description="Probability that an attempt ends in a server error."
    )
    malformed_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Probability that an answer is unusable: broken JSON, or no text at all.",
    )


class DiscussionPolicy(Record):
    """What a participant of a discussion says.

    The probabilities are marginal, one draw each per message. A phatic message is short and says
    nothing, so meta, lead and tech are drawn among the others, at rates that make up for it.
    """

    phatic: float = Field(0.15, ge=0, le=1, description="Probability of a short empty message.")
    meta: float = Field(0.15, ge=0, le=1, description="Probability of talk about the process.")
    lead: float = Field(
        0.15, ge=0, le=1, description="Probability of giving a task to a named other."
    )
    tech: float = Field(
        0.25, ge=0, le=1, description="Probability of naming two or more technologies."
    )
    agree: float = Field(
        0.20,
        ge=0,
        le=1,
        description="Probability of agreeing with a named other, once one has spoken.",
    )
    talkativeness: float = Field(
        0.40,
        ge=0,
        le=1,
        description="Length: a message that is not phatic has 1 + Binomial(3, talkativeness) "
        "sentences on the matter.",
    )

    @model_validator(mode="after")
    def _rates_fit(self) -> Self:
        for name in ("meta", "lead", "tech"):
            if getattr(self, name) > 1 - self.phatic + 1e-9:
                raise ValueError(
                    f"{name} is above 1 - phatic, and a phatic message is never {name} as well"
                )
        return self


class CustomerPolicy(Record):
    """How a customer searches, asks and buys."""

    consideration: int = Field(
        3, ge=1, le=100, description="Businesses from its search results that it asks, at most."
    )
    first_offer_bias: float = Field(
        0.50,
        ge=0,
        le=1,
        description="Probability of paying the first acceptable offer without a look at others.",
    )
    price_sensitivity: float = Field(
        0.80,
        ge=0,
        le=1,
        description="Probability of choosing the cheapest acceptable offer; else one at random.",
    )
    patience: int = Field(
        2, ge=1, le=100, description="Offers that it waits for before it compares them."
    )
    patience_rounds: int = Field(
        2, ge=1, le=100, description="Rounds without a new offer after which it decides."
    )
    fit_checking: float = Field(
        0.90,
        ge=0,
        le=1,
        description="Probability of leaving offers aside that lack an item or a wanted amenity, "
        "as far as the offers say.",
    )


class BusinessPolicy(Record):
    """How a business answers customers."""

    markup: float = Field(
        0.0, ge=-0.9, le=5, description="What it adds to its menu prices, as a share of them."
    )
    responsiveness: float = Field(
        1.0, ge=0, le=1, description="Probability of answering a customer's message."
    )
    honesty: float = Field(
        1.0, ge=0, le=1, description="Probability of admitting that a wanted amenity is missing."
    )


class AgentPolicy(DiscussionPolicy, CustomerPolicy, BusinessPolicy, Faults):
    """Parameters of an agent, in whatever environment it is seated."""


class JudgePolicy(Faults):
    """How well a judge sees what a text shows.

    Whether a flag is present is decided by cues in the text that the judge is shown, then
    reported with these error rates.
    """

    sensitivity: float = Field(
        0.90, ge=0, le=1, description="Probability of reporting a flag that the cues show."
    )
    specificity: float = Field(
        0.97, ge=0, le=1, description="Probability of not reporting a flag that they do not show."
    )
    sensitivity_of: dict[str, float] = Field({}, description="Sensitivity by flag.")
    specificity_of: dict[str, float] = Field({}, description="Specificity by flag.")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        for name in ("sensitivity_of", "specificity_of"):
            for flag, value in getattr(self, name).items():
                if not 0 <= value <= 1:
                    raise ValueError(f"{name}.{flag}: {value:g} is not between 0 and 1")
        return self


class WriterPolicy(Faults):
    """How a persona is put into prose."""

    sentences: int = Field(3, ge=1, le=8, description="Sentences of a biography.")
