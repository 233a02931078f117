"""How simulated participants take turns: bids for the floor, who is given it, and passing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tasks.environments.talk.choosing import HIGHEST_BID
from tasks.environments.talk.habits import TalkHabits


def bid(habits: TalkHabits, seen: Mapping[str, Any], rng: random.Random) -> dict[str, int]:
    """A bid for the floor, half as high for who spoke last.

    Args:
        habits: The declared probabilities.
        seen: The observation, with ``seat`` and ``history``.
        rng: Generator of this call.
    """
    wish = sum(rng.random() < habits.eagerness for _ in range(HIGHEST_BID))
    speakers = [event["actor"] for event in seen["history"] if event["kind"] == "say"]
    return {"bid": wish // 2 if speakers and speakers[-1] == seen["seat"] else wish}


def next_speaker(habits: TalkHabits, seen: Mapping[str, Any], rng: random.Random) -> dict[str, int]:
    """The number of who speaks next: one that spoke least, or anybody.

    Args:
        habits: The declared probabilities.
        seen: The observation, with ``history`` and the seats that are listed.
        rng: Generator of this call.
    """
    listed = seen["turn"]["listed"]
    spoken = Counter(event["actor"] for event in seen["history"] if event["kind"] == "say")
    least = min(spoken[seat] for seat in listed)
    among = [number for number, seat in enumerate(listed, start=1) if spoken[seat] == least]
    even = rng.random() < habits.evenness
    return {"speaker": rng.choice(among) if even else rng.randint(1, len(listed))}


def passes(habits: TalkHabits, seen: Mapping[str, Any], rng: random.Random) -> bool:
    """Whether a participant has nothing to say where it may pass."""
    turn = seen.get("turn", {})
    return bool(turn.get("may_pass") and turn["part"] == "message" and rng.random() < habits.passes)
