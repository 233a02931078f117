"""What a simulated participant of a discussion says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tasks.models.sim import phrases
from tasks.models.sim.cues import CUES, content_words
from tasks.models.sim.policies import DiscussionPolicy

#: Earlier messages that a participant may refer to.
RECENT = 8

_FALLBACK_TOPICS = ("goal", "budget", "schedule")


def message(policy: DiscussionPolicy, seen: Mapping[str, Any], rng: random.Random) -> str:
    """A message, with each flag drawn at its declared rate.

    Args:
        policy: The declared rates.
        seen: The observation: ``you``, ``others``, ``brief``, ``names``, ``round``, ``rounds`` and
            ``history``.
        rng: Generator of this call.
    """
    spoken = _spoken(seen)
    topics = _topics(str(seen["brief"]))
    agree = rng.random() < policy.agree and bool(spoken)
    if rng.random() < policy.phatic:
        return _filled(phrases.AGREE_PHATIC if agree else phrases.PHATIC, seen, spoken, topics, rng)
    rest = 1 - policy.phatic
    meta, lead, tech = (
        rng.random() < rate / rest for rate in (policy.meta, policy.lead, policy.tech)
    )
    parts = []
    if agree:
        parts.append(_filled(phrases.AGREE, seen, spoken, topics, rng))
    if meta:
        parts.append(_filled(phrases.META, seen, spoken, topics, rng))
    for bank in _matter(policy, seen, spoken, rng):
        parts.append(_filled(bank, seen, spoken, topics, rng))
    if tech:
        parts.append(_filled(phrases.TECH, seen, spoken, topics, rng))
    if lead and seen["others"]:
        parts.append(_filled(phrases.LEAD, seen, spoken, topics, rng))
    return " ".join(parts)


def _matter(
    policy: DiscussionPolicy,
    seen: Mapping[str, Any],
    spoken: Sequence[str],
    rng: random.Random,
) -> list[tuple[str, ...]]:
    """The banks that the sentences on the matter are taken from, early to late."""
    n_sentences = 1 + sum(rng.random() < policy.talkativeness for _ in range(3))
    limit = seen.get("max_words")
    if limit:
        n_sentences = max(1, min(n_sentences, int(limit) // 25))
    place = seen["round"] / max(1, seen["rounds"] - 1)
    stage = phrases.OPENING if place < 0.25 else phrases.CLOSING if place > 0.75 else phrases.MIDDLE
    banks: list[tuple[str, ...]] = [stage]
    if spoken and rng.random() < 0.5:
        banks[0] = phrases.BUILDING
    banks.extend(rng.choice((stage, phrases.MIDDLE)) for _ in range(n_sentences - 1))
    return banks


def _filled(
    bank: tuple[str, ...],
    seen: Mapping[str, Any],
    spoken: Sequence[str],
    topics: tuple[str, ...],
    rng: random.Random,
) -> str:
    phrase = rng.choice(bank)
    topic, other = rng.sample(topics, 2)
    addressed = bank is phrases.LEAD
    names = seen["others"] if addressed or not spoken else spoken
    return phrase.format(
        topic=topic,
        other=other,
        name=rng.choice(names) if names else "everybody",
        tech=" and ".join(rng.sample(phrases.TECHNOLOGIES, rng.choice((2, 2, 3)))),
        task=rng.choice(phrases.TASKS).format(topic=topic),
    )


def _spoken(seen: Mapping[str, Any]) -> list[str]:
    """Names of the others who spoke lately, as often as they did."""
    names = seen["names"]
    return [
        names[event["actor"]]
        for event in seen["history"][-RECENT:]
        if event["kind"] == "say" and event["actor"] in names and event["actor"] != seen["seat"]
    ]


@lru_cache(maxsize=256)
def _topics(brief: str) -> tuple[str, ...]:
    """What the brief is about: its content words and pairs of neighbouring ones."""
    known = set(content_words(brief))
    words = re.findall(r"[\w'-]+|[.,;:!?]", brief.lower())
    pairs = [
        f"{left} {right}"
        for left, right in pairwise(words)
        if left in known and right in known and left != right
    ]
    usable = [topic for topic in dict.fromkeys((*pairs, *sorted(known))) if _neutral(topic)]
    return tuple(usable) if len(usable) > 1 else _FALLBACK_TOPICS


def _neutral(topic: str) -> bool:
    """Whether a topic carries no cue of its own, so that naming it flags nothing."""
    return not any(cue(topic) for flag, cue in CUES.items() if flag != "phatic") and not any(
        name.lower() in topic for name in phrases.TECHNOLOGIES
    )
