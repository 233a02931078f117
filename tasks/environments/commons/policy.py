"""How simulated models harvest, and what they say about it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from pydantic import Field

from schemas.base import Share
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.messages import message
from tasks.environments.talk.policy import TalkPolicy

GREEDY = "greedy"  #: A stance that a simulated model heeds if it is told to hold it.
LIMIT = "no more than"  #: Words of a proposal that a simulated model heeds.
BRIEF = "The fish in the lake; a fair share for every family; the next harvest."


class CommonsHabits(TalkHabits):
    """How a seat of a commons harvests, and how often it speaks of limits."""

    greed: Share = Field(
        0.3, description="Probability of an equal share of all units, not of those that regrow."
    )
    heeds_limits: Share = Field(
        0.7, description="Share of greed that goes once it has read a proposal of a limit."
    )
    heeds_universalization: Share = Field(
        0.6, description="Share of greed that goes if told what follows if all take more."
    )
    proposes_limits: Share = Field(
        0.4, description="Probability that its message in a commons proposes a limit."
    )


class CommonsPolicy:
    """Takes a sustainable share or a greedy one, at declared rates."""

    params = CommonsHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {**TalkPolicy.presets["talkative"], "proposes_limits": 0.8},
        "reserved": {**TalkPolicy.presets["reserved"], "greed": 0.1, "proposes_limits": 0.1},
    }

    def answer(
        self, params: Any, ask: str, seen: Mapping[str, Any], habits: Random, rng: Random
    ) -> Mapping[str, Any] | str | None:
        """An amount, or a message."""
        if ask == "turn":
            if rng.random() < params.proposes_limits:
                return f"Let us each catch {LIMIT} {seen['share']} tons next month."
            return message(params, {**seen, "brief": BRIEF, "rounds": seen["months"]}, habits, rng)
        if ask != "harvest":
            return None
        heard = any(LIMIT in (event["text"] or "") for event in seen["history"])
        greed = params.greed * (1 - params.heeds_limits * heard)
        greed *= 1 - params.heeds_universalization * seen["universalization"]
        equal = seen["stock"] // len(seen["names"])
        if seen.get("stance") == GREEDY and rng.random() < params.obeys:
            return {"amount": equal}
        return {"amount": equal if rng.random() < greed else seen["share"]}
