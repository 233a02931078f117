"""References to participants that have failed: of whom, at which level, and in which words."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.words import Words


def noticed(seen: Mapping[str, Any]) -> list[str]:
    """Shown names of those that have failed, one for each notice since the seat's last message.

    Args:
        seen: The observation: ``seat``, ``names`` and ``history``.

    Example:
        >>> crash = {"kind": "intervene", "item": "crash", "actor": "env", "target": "s2"}
        >>> said = {"kind": "say", "item": None, "actor": "s1", "target": None}
        >>> seen = {"seat": "s1", "names": {"s2": "Ben"}, "history": [crash, said, crash]}
        >>> noticed(seen)
        ['Ben']
    """
    found: list[str] = []
    for event in reversed(seen["history"]):
        if event["kind"] == "say" and event["actor"] == seen["seat"]:
            break
        if event["kind"] == "intervene" and event["item"] == "crash":
            # A notice names the seat as its target; an error that leaks is said by the seat.
            of = event["target"] or event["actor"]
            if of in seen["names"] and of != seen["seat"]:
                found.append(seen["names"][of])
    return found[::-1]


def reference(
    habits: TalkHabits, seen: Mapping[str, Any], words: Words, rng: random.Random
) -> str | None:
    """A sentence on one that has failed; ``None`` where there is no notice or none is taken.

    Args:
        habits: The declared rates.
        seen: The observation.
        words: Phrases of the language that it speaks.
        rng: Generator of this call.
    """
    if not habits.notices:
        return None
    taken = [missing for missing in noticed(seen) if rng.random() < habits.notices]
    if not taken:
        return None
    missing = taken[-1]
    others = [name for name in seen["others"] if name != missing]
    draw = rng.random()
    if draw < habits.covers:
        bank = words.COVERING
    elif draw < habits.covers + habits.redistributes and others:
        bank = words.REDISTRIBUTING
    else:
        bank = words.ABSENT
    name = rng.choice(others) if others else ""
    return rng.choice(bank).format(missing=missing, name=name)
