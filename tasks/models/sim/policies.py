"""The declared parameters of simulated models: one model of parameters for each policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from pydantic import Field, model_validator

from schemas.base import Record

R = TypeVar("R", bound=Record)


def _shares(policy: R, *names: str) -> R:
    """The policy, whose parameters of these names hold shares.

    Raises:
        ValueError: One of them is not between 0 and 1.
    """
    for name in names:
        for key, value in getattr(policy, name).items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name}.{key}: {value:g} is not between 0 and 1")
    return policy


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


#: What the persona that is shown adds to a number: a weight for each trait, per standard deviation,
#: and for each attribute's value, written ``ATTRIBUTE=VALUE``.
Terms = dict[str, float]


class RememberingPolicy(Faults):
    """How an agent answers the questions of its memory, where an episode declares one that asks."""

    retention: float = Field(
        0.9,
        ge=0,
        le=1,
        description="Probability that a summary holds an event, and a line of the one before.",
    )
    importance: float = Field(
        4.0, ge=1, le=10, description="Mean rating of how important an event is."
    )
    importance_named: float = Field(
        8.0, ge=1, le=10, description="The same of an event whose words name the agent."
    )
    importance_noise: float = Field(
        1.0, ge=0, le=5, description="Standard deviation of a rating around its mean."
    )


class AgentPolicy(RememberingPolicy):
    """An agent. What it does is its habits', which each environment's policy declares.

    What it answers to probes is its opinion: a place between the lowest answer (0) and the highest
    (1) that may move from round to round. What it answers to items of instruments follows the
    persona that it is shown.
    """

    opinion: float = Field(
        0.5, ge=0, le=1, description="Mean answer before the first round, from lowest to highest."
    )
    opinion_of: dict[str, float] = Field(
        {}, description="The same by name: a probe, or one item as probe.item."
    )
    opinion_drift: float = Field(
        0.0, ge=-1, le=1, description="Change of the mean answer with every round that is over."
    )
    opinion_noise: float = Field(
        0.1, ge=0, le=1, description="Standard deviation of an answer around its mean."
    )
    loading: float = Field(
        0.8,
        ge=-3,
        le=3,
        description="By how much an item's answer follows the trait that it measures, where the "
        "trait is shown: four of these units, times the trait in standard deviations, span the "
        "scale.",
    )
    loading_of: dict[str, Terms] = Field(
        {},
        description="In place of it, what answers follow, by scale (INSTRUMENT.TRAIT) or by its "
        "facet (INSTRUMENT.TRAIT.FACET): weights of traits and of ATTRIBUTE=VALUE.",
    )
    item_noise: float = Field(
        0.6,
        ge=0,
        le=3,
        description="Standard deviation of an item's answer around what it follows, in the same "
        "units.",
    )
    acquiescence: float = Field(
        0.0,
        ge=-2,
        le=2,
        description="Lean of every item's answer towards the upper end, in the same units.",
    )
    by_persona: dict[str, Terms] = Field(
        {},
        description="What the persona that is shown adds to other parameters, by parameter: "
        "weights of traits and of ATTRIBUTE=VALUE; cut at the ends of the parameter's range.",
    )
    by_prompt: dict[str, Terms] = Field(
        {},
        description="What its prompt adds to other parameters, by parameter: weights of unnamed "
        "and unlisted (its system prompt does not name itself, or any other), blank (it has none), "
        "real_names (it is shown under another name than Agent-A, ...), alone (nobody else was "
        "heard), rounds (how many are over) and says=WORD (brief or system prompt has the word).",
    )
    disputes: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Probability of calling a message wrong where it checks facts without a seat.",
    )
    habits: Mapping[str, Any] = Field({}, description="Its habits, by environment.")

    @model_validator(mode="after")
    def _between_the_ends(self) -> Self:
        return _shares(self, "opinion_of")


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
    def _rates(self) -> Self:
        return _shares(self, "sensitivity_of", "specificity_of")


class EncoderPolicy(Faults):
    """How a text becomes a vector: by its words and word pairs, blurred by noise.

    Each word and pair adds 1 or -1 to a place that its hash says; the vector then has length 1.
    """

    dimensions: int = Field(256, ge=2, le=4096, description="Numbers of a vector.")
    noise: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Length of a random vector, drawn from the text, that is added to it.",
    )


class WriterPolicy(Faults):
    """How a persona is put into prose."""

    sentences: int = Field(3, ge=1, le=8, description="Sentences of a text.")
    contradiction: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Probability that an answer contradicts its persona: in the echo, or in the "
        "age, sex or occupation that a text gives it, whichever the persona has.",
    )
    sensitivity: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Probability that it reads out of somebody's texts the value whose words they "
        "hold; another one otherwise.",
    )
