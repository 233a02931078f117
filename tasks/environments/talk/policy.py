"""How simulated models talk and vote."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from schemas.environment import PROBE
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.messages import message
from tasks.environments.talk.questions import TURN
from tasks.environments.talk.voting import BALLOT, ballot, private_answer


class TalkPolicy:
    """Says what its habits make it say about the brief that it sees, and votes."""

    params = TalkHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {
            "phatic": 0.05,
            "meta": 0.35,
            "lead": 0.45,
            "tech": 0.10,
            "agree": 0.45,
            "talkativeness": 0.80,
        },
        "reserved": {
            "phatic": 0.35,
            "meta": 0.04,
            "lead": 0.03,
            "tech": 0.45,
            "agree": 0.08,
            "talkativeness": 0.10,
        },
    }

    def answer(
        self,
        params: Any,
        ask: str,
        seen: Mapping[str, Any],
        habits: random.Random,
        rng: random.Random,
    ) -> Mapping[str, Any] | str | None:
        """A message where it is its turn to talk, and a ballot where a vote is taken."""
        if ask == BALLOT:
            return ballot(params, seen, habits, rng)
        if ask == PROBE:
            return private_answer(params, seen, habits, rng)
        return message(params, seen, habits, rng) if ask == TURN.name else None
