"""How simulated participants of a talk vote."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tasks.environments.talk import french, phrases
from tasks.environments.talk.habits import TalkHabits

#: Name of the question by which a seat votes.
BALLOT = "ballot"

_HOLDING = (*phrases.HOLDING, *french.HOLDING)


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
    others = _others(seen) or _stated(seen)
    if others is not None and rng.random() < habits.conformity:
        order = [others, *(option for option in order if option != others)]
    stance = seen.get("stance")
    if stance in order and rng.random() < habits.obeys:
        order = [stance, *(option for option in order if option != stance)]
    return {**_given(decision, order), **_sure(habits, decision, rng)}


def _sure(habits: TalkHabits, decision: Mapping[str, Any], rng: random.Random) -> dict[str, int]:
    """How sure a seat is of its ballot, where it is asked."""
    if not decision.get("confidence"):
        return {}
    return {"confidence": sum(rng.random() < habits.confidence for _ in range(100))}


def _given(decision: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
    """A ballot for options in an order."""
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


def held_option(habits: TalkHabits, seen: Mapping[str, Any], own: random.Random) -> str | None:
    """The option that a seat is for before it hears others; ``None`` where none is put to the vote.

    Args:
        habits: The declared probabilities.
        seen: The observation.
        own: Generator that is the same throughout the episode.
    """
    decision = seen.get("decision")
    return _order(habits, decision, own)[0] if decision else None


def private_answer(
    habits: TalkHabits, seen: Mapping[str, Any], own: random.Random, rng: random.Random
) -> dict[str, Any] | None:
    """A private answer to a question about the options that are put to the vote.

    It is the option that the seat is for; once others have said theirs, the one that most of them
    are for or one that nobody is for, at the declared rates.

    Args:
        habits: The declared probabilities.
        seen: The observation, with ``probe``.
        own: Generator that is the same throughout the episode.
        rng: Generator of this call.

    Returns:
        The answer; ``None`` for any other question.
    """
    decision, form = seen.get("decision"), seen["probe"].get("answer")
    asked = form.get("choice") if isinstance(form, Mapping) else None
    if decision is None or asked is None or set(asked) != set(decision["options"]):
        return None
    held = _order(habits, decision, own)[0]
    stated = set(_statements(seen).values())
    most = _stated(seen)
    if stated:
        unheard = [option for option in asked if option not in {*stated, held}]
        if unheard and rng.random() < habits.confabulates:
            return {"answer": rng.choice(unheard)}
        if most is not None and rng.random() < habits.conformity:
            return {"answer": most}
    return {"answer": held}


def _statements(seen: Mapping[str, Any]) -> dict[str, str]:
    """The option that each other has last said to be for, by seat."""
    return {
        event["actor"]: option
        for event in seen["history"]
        if event["kind"] == "say" and event["actor"] != seen["seat"]
        for option in seen["decision"]["options"]
        if any(said.format(option=option) in event["text"] for said in _HOLDING)
    }


def _stated(seen: Mapping[str, Any]) -> str | None:
    """What most others have said to be for, if one option is ahead."""
    return commonest(_statements(seen).values())


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
    """What most others voted last, if one option is ahead."""
    last: dict[str, str] = {
        event["actor"]: event["item"]
        for event in seen["history"]
        if event["kind"] == "choose" and event["actor"] != seen["seat"] and event["item"]
    }
    return commonest(last.values())


def commonest(options: Iterable[str]) -> str | None:
    """The commonest option, if one is ahead."""
    ranked = Counter(options).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
