"""How simulated agents keep a memory: what they sum up, rate, ask themselves, conclude and plan."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.environments.talk.cues import content_words
from tasks.models.sim.policies import AgentPolicy

#: Words of an event that go into a summary.
WORDS_KEPT = 12


def answer(
    policy: AgentPolicy, seen: Mapping[str, Any], rng: random.Random
) -> Mapping[str, Any] | str:
    """An answer to a question of a seat's memory.

    Args:
        policy: The agent.
        seen: The observation: ``memory`` (what is asked, with the ``lines`` that the question lists
            and the ``events`` that the prompt shows, in words), ``notes`` that the prompt shows,
            and ``you``, the seat's shown name.
        rng: Generator of this call.

    Example:
        >>> asked = {"question": "importance", "lines": ["[Bob]: Ann, hi.", "[Bob]: So."]}
        >>> sure = AgentPolicy(importance_noise=0.0)
        >>> answer(sure, {"you": "Ann", "memory": asked}, random.Random(1))
        {'ratings': [8, 4]}
    """
    asked = seen["memory"]
    match asked["question"]:
        case "summary":
            earlier = [note["text"] for note in seen.get("notes", ())]
            return _summary(policy, earlier, asked["events"], asked["max_words"], rng)
        case "importance":
            return {"ratings": [_rating(policy, line, seen["you"], rng) for line in asked["lines"]]}
        case "questions":
            topics = _topics(asked["lines"], asked["n"])
            return {"questions": [f"What has been said of {topic}?" for topic in topics]}
        case "insights":
            return {"insights": _insights(policy, asked, seen["you"], rng)}
        case _:
            (topic,) = _topics([*asked["events"], *asked["lines"]], 1)
            return f"I will come back to {topic}."


def _summary(
    policy: AgentPolicy,
    earlier: Sequence[str],
    events: Sequence[str],
    max_words: int,
    rng: random.Random,
) -> str:
    """A line for each event, earlier ones included, that is retained; the latest that fit."""
    lines = [line for text in earlier for line in text.splitlines()]
    lines += [" ".join(event.split()[:WORDS_KEPT]) for event in events]
    kept = [line for line in lines if line and rng.random() < policy.retention]
    words = 0
    for first in range(len(kept), 0, -1):
        words += len(kept[first - 1].split())
        if words > max_words:
            kept = kept[first:]
            break
    return "\n".join(kept) or "Nothing of note."


def _rating(policy: AgentPolicy, line: str, you: str, rng: random.Random) -> int:
    said = line.partition("]: ")[2] or line
    mean = policy.importance_named if you in said else policy.importance
    return round(min(max(rng.gauss(mean, policy.importance_noise), 1), 10))


def _insights(
    policy: AgentPolicy, asked: Mapping[str, Any], you: str, rng: random.Random
) -> list[dict[str, Any]]:
    """A conclusion for each of the most frequent topics, from the lines that hold it."""
    lines = asked["lines"]
    insights = []
    for topic in _topics(lines, min(asked["n"], 2)):
        because = [number for number, line in enumerate(lines, 1) if topic in line.lower()]
        text = f"Much turns on {topic}."
        rated = _rating(policy, text, you, rng)
        insights.append({"text": text, "importance": rated, "because": because})
    return insights


def _topics(lines: Sequence[str], n: int) -> list[str]:
    """The most frequent content words, and something where there are none."""
    said = (line.partition("]: ")[2] or line for line in lines)
    words = Counter(word for line in said for word in content_words(line))
    return [word for word, _ in words.most_common(n)] or ["what happened"]
