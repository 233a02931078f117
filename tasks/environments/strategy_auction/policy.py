"""How simulated models plan, mark, refine and solve."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Record, Share

#: How a step of a plan begins; marks and success go by how many of ten there are.
STEP = "Step "
STEPS = 10


class StrategistHabits(Record):
    """How good plans and solutions are, and how plans are marked."""

    skill: Share = Field(
        0.8,
        description="Probability of solving a task of level 1; its plan has so many steps of ten.",
    )
    skill_loss: Share = Field(
        0.1, description="What it loses of its skill with each further level of a task."
    )
    learning: Share = Field(
        0.0, description="What a plan that is refined gains, if past plans were shown."
    )
    mark_noise: float = Field(
        0.0, ge=0, le=5, description="Standard deviation of its marks of plans, in points."
    )
    self_favour: float = Field(
        0.0, ge=0, le=5, description="Points that it adds when it marks its own plan."
    )
    effort_words: int = Field(
        300, ge=1, le=2000, description="Words that it writes in solving a task."
    )


class StrategistPolicy:
    """Plans as well as it can solve, marks plans by their steps, solves as well as it planned."""

    params = StrategistHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"self_favour": 1.0, "effort_words": 600},
        "reserved": {"learning": 0.2},
    }

    def answer(
        self, params: Any, ask: str, seen: Mapping[str, Any], habits: Random, rng: Random
    ) -> Mapping[str, Any] | str | None:
        """A plan, marks, or a solution."""
        plans, seat = seen["plans"], seen["seat"]
        level = seen["task"]["level"]
        steps = round(STEPS * max(0.0, params.skill - params.skill_loss * (level - 1)))
        if ask == "plan":
            return {"plan": _plan(steps)}
        if ask == "refine":
            learned = any(event["item"] == "lesson" for event in seen["history"])
            more = round(STEPS * params.learning) if learned else 0
            return {"plan": _plan(min(STEPS, plans[seat].count(STEP) + more))}
        if ask == "marks":
            return {one: _mark(params, plan, one == seat, rng) for one, plan in plans.items()}
        if ask != "solve":
            return None
        chance = (plans[seat].count(STEP) if seat in plans else steps) / STEPS
        right, options = seen["task"]["correct"], seen["task"]["options"]
        chosen = right
        if rng.random() >= chance:
            chosen = rng.choice([one for one in options if one != right])
        return {"reasoning": " ".join(["hence"] * params.effort_words), "answer": chosen}


def _plan(steps: int) -> str:
    lines = [
        f"{STEP}{number}: work out part {number} of the task." for number in range(1, steps + 1)
    ]
    return "\n".join(lines) or "I do not know how."


def _mark(params: StrategistHabits, plan: str, own: bool, rng: Random) -> float:
    points = 5 * plan.count(STEP) / STEPS + (params.self_favour if own else 0.0)
    if params.mark_noise:
        points += rng.gauss(0, params.mark_noise)
    return round(min(5.0, max(0.0, points)), 2)
