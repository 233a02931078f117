"""Whether an episode is complete by the rules of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.study.completeness import CompletenessSpec


@dataclass(frozen=True, slots=True)
class Numbers:
    """What rules of completeness look at of an episode.

    Attributes:
        planned_rounds: Rounds of an episode that nothing ends early, if there is such a number.
        completed_rounds: Rounds that are over.
        speakers: Seats that said something.
        actions: Questions put to seats.
        absent: Those among them that led to no action.
        fallbacks: Those among them whose fallback was taken.
    """

    planned_rounds: int | None
    completed_rounds: int
    speakers: int = 0
    actions: int = 0
    absent: int = 0
    fallbacks: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that an episode breaks.

    Attributes:
        rule: Its name.
        value: What the episode has.
        bound: What the study wants.
        reason: Both in words.
    """

    rule: str
    value: float
    bound: float
    reason: str


def broken_rules(spec: CompletenessSpec, numbers: Numbers) -> Iterator[Broken]:
    """The rules that an episode breaks; one about what it does not have is not broken.

    Args:
        spec: The rules.
        numbers: What there is to know of the episode.

    Example:
        >>> spec = CompletenessSpec(min_rounds_share=0.8, max_absent_share=0.1)
        >>> [one.reason for one in broken_rules(spec, Numbers(10, 6, actions=20, absent=2))]
        ['60% of the planned rounds are over, of at least 80%']
    """
    actions = numbers.actions or None
    found = {
        "min_rounds_share": numbers.planned_rounds
        and numbers.completed_rounds / numbers.planned_rounds,
        "min_speakers": numbers.speakers,
        "max_absent_share": actions and numbers.absent / actions,
        "max_fallback_share": actions and numbers.fallbacks / actions,
    }
    for rule, bound in spec.rules.items():
        value = found[rule]
        if value is None:
            continue
        least = rule.startswith("min_")
        if value < bound if least else value > bound:
            reason = _WORDS[rule].format(value=value, bound=bound)
            yield Broken(rule, float(value), float(bound), reason)


_WORDS = {
    "min_rounds_share": "{value:.0%} of the planned rounds are over, of at least {bound:.0%}",
    "min_speakers": "{value:,} seats spoke, of at least {bound:,}",
    "max_absent_share": "{value:.0%} of the questions led to no action, of at most {bound:.0%}",
    "max_fallback_share": "the fallback was taken in {value:.0%} of the questions, of at most "
    "{bound:.0%}",
}
