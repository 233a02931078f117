"""How simulated participants of a talk vote."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tasks.environments.talk.habits import TalkHabits

#: Name of the question by which a seat votes.
BALLOT = "ballot"


def ballot(
    habits: TalkHabits, seen: Mapping[str, Any], own: random.Random, rng: random.Random
) -> dict[str, Any]:
    """A ballot: by the seat's own order of the options, or as most others voted last.

    Args:
        habits: The declared probabilities.
        seen: The observation, with ``decision``, ``seat`` and ``history``.
        own: Generator that is the same throughout the episode.
        rng: Generator of this call.
    """
    decision = seen["decision"]
    order = _order(habits, decision, own)
    others = _others(seen)
    if others is not None and rng.random() < habits.conformity:
        order = [others, *(option for option in order if option != others)]
    match decision["rule"]:
        case "approval":
            return {"approved": order[: (len(order) + 1) // 2]}
        case "borda" | "instant_runoff":
            return {"ranking": order}
        case "cumulative":
            points = decision["points"] or 10
            second = points // 3
            given = zip(order[:2], (points - second, second), strict=True)
            return {"points": [{"option": one, "points": n} for one, n in given if n]}
        case _:
            return {"choice": order[0]}


def _order(habits: TalkHabits, decision: Mapping[str, Any], own: random.Random) -> list[str]:
    """The options as the seat prefers them throughout the episode."""
    order = own.sample(list(decision["options"]), len(decision["options"]))
    right = decision["correct"]
    if right is None:
        return order
    wrong = [option for option in order if option != right]
    if own.random() < habits.competence:
        return [right, *wrong]
    return [wrong[0], right, *wrong[1:]]


def _others(seen: Mapping[str, Any]) -> str | None:
    """What most others voted last, if one option was ahead."""
    last: dict[str, str] = {
        event["actor"]: event["item"]
        for event in seen["history"]
        if event["kind"] == "choose" and event["actor"] != seen["seat"] and event["item"]
    }
    ranked = Counter(last.values()).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
