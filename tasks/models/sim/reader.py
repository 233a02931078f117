"""What a simulated writer reads out of somebody's texts: the value whose words they hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.environments.talk.cues import content_words
from tasks.models.sim.policies import WriterPolicy

#: Words of a summary.
SUMMARY_WORDS = 12


def profile(policy: WriterPolicy, seen: Mapping[str, Any], rng: random.Random) -> dict[str, str]:
    """A profile as the answer to a question.

    Args:
        policy: How often it sees what the texts say.
        seen: The observation: ``texts``, and ``fields`` with the values of each.
        rng: Generator of this call.

    Example:
        >>> seen = {"texts": ["I sail every day."], "fields": {"hobby": ["sail", "chess"]}}
        >>> profile(WriterPolicy(), seen, random.Random(1))
        {'hobby': 'sail', 'summary': 'Writes of sail, every.'}
    """
    words = Counter(word for text in seen["texts"] for word in content_words(text))
    found = {name: _value(policy, values, words, rng) for name, values in seen["fields"].items()}
    shown = ", ".join(word for word, _ in words.most_common(SUMMARY_WORDS)) or "nothing"
    return {**found, "summary": f"Writes of {shown}."}


def _value(
    policy: WriterPolicy, values: Sequence[str], words: Counter[str], rng: random.Random
) -> str:
    """The value whose words occur most; unknown where none does; missed at a known rate."""
    if not values:
        return next(iter(word for word, _ in words.most_common(1)), "unknown")
    counts = [sum(words[word] for word in content_words(value)) for value in values]
    best = max(counts)
    value = values[counts.index(best)] if best else "unknown"
    if rng.random() >= policy.sensitivity:
        value = rng.choice([one for one in (*values, "unknown") if one != value])
    return value
