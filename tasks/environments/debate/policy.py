"""How simulated models answer in a debate."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Share
from tasks.environments.talk.habits import VotingHabits
from tasks.environments.talk.voting import commonest


class DebateHabits(VotingHabits):
    """How often a seat is right by itself, and what others' answers do to it.

    First answers are independent of each other; a wrong one is any wrong option.
    """

    discernment: Share = Field(
        0.0,
        description="Probability of taking the right answer of a debate from another that gave it "
        "in the round before; comes before conformity.",
    )


class DebatePolicy:
    """Answers by its own competence at first, then by what it reads of others."""

    params = DebateHabits
    presets: Mapping[str, Mapping[str, Any]] = {}

    def answer(
        self, params: Any, ask: str, seen: Mapping[str, Any], habits: Random, rng: Random
    ) -> Mapping[str, Any] | str | None:
        """An answer with a reason that says nothing."""
        if ask != "answer":
            return None
        problem = seen["problem"]
        others, own = _last_round(seen)
        right = problem["correct"]
        if right in others and own != right and rng.random() < params.discernment:
            chosen = right
        elif (most := commonest(others)) is not None and rng.random() < params.conformity:
            chosen = most
        elif own is not None:
            chosen = own
        elif rng.random() < params.competence:
            chosen = right
        else:
            chosen = rng.choice([one for one in problem["options"] if one != right])
        return {"reasoning": f"I have worked it out and come to {chosen}.", "answer": chosen}


def _last_round(seen: Mapping[str, Any]) -> tuple[list[str], str | None]:
    """The others' answers in the round before, and the seat's own last one, as it remembers."""
    others, own = [], None
    for event in seen["history"]:
        if event["kind"] != "choose":
            continue
        if event["actor"] == seen["seat"]:
            own = event["item"]
        elif event["round"] == seen["round"] - 1:
            others.append(event["item"])
    return others, own
