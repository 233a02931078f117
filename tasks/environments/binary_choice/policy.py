"""How simulated models choose between two options."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from schemas.base import Record, Share


class ChoosingHabits(Record):
    """How a simulated model makes up random answers."""

    first_option: Share = Field(
        0.5, description="Probability of the first option of a study, where nothing else leads it."
    )
    order_bias: Share = Field(
        0.0, description="Probability of taking the option that is named first, whatever it is."
    )
    alternation: Share = Field(
        0.0,
        description="Probability, within one call or with its earlier answers in view, of the "
        "option that it did not give last.",
    )


class ChoosingPolicy:
    """Draws its answers, with a bias to an option, to a place, and to alternate."""

    params = ChoosingHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {"first_option": 0.9},
        "reserved": {"alternation": 0.4},
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """One answer, or as many as are asked for."""
        if ask != "choice":
            return None
        options, first = seen["options"], seen["first"]
        given = [event["item"] for event in seen["history"] if event["kind"] == "choose"][-1:]
        for _ in range(seen["answers"]):
            given.append(_next(params, options, first, given, rng))
        last = given[-seen["answers"] :]
        return {"answer": last[0] if seen["answers"] == 1 else last}


def _next(
    own: ChoosingHabits, options: list[str], first: str, given: list[str], rng: random.Random
) -> str:
    second = next(option for option in options if option != first)
    if given and rng.random() < own.alternation:
        return second if given[-1] == first else first
    if rng.random() < own.order_bias:
        return options[0]
    return first if rng.random() < own.first_option else second
