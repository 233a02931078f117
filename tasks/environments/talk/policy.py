"""How simulated models talk and vote."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from schemas.environment import PROBE
from tasks.environments.talk.choosing import BID, NEXT_SPEAKER
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.messages import message
from tasks.environments.talk.questions import PASS, TURN
from tasks.environments.talk.turn_taking import bid, next_speaker, passes
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
            "passes": 0.05,
            "eagerness": 0.80,
        },
        "reserved": {
            "phatic": 0.35,
            "meta": 0.04,
            "lead": 0.03,
            "tech": 0.45,
            "agree": 0.08,
            "talkativeness": 0.10,
            "passes": 0.50,
            "eagerness": 0.20,
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
        """A message where it is its turn to talk, a bid or who speaks next, or a ballot."""
        if ask == BALLOT:
            return ballot(params, seen, habits, rng)
        if ask == PROBE:
            return private_answer(params, seen, habits, rng)
        if ask == BID:
            return bid(params, seen, rng)
        if ask == NEXT_SPEAKER:
            return next_speaker(params, seen, rng)
        if ask != TURN.name:
            return None
        return PASS if passes(params, seen, rng) else message(params, seen, habits, rng)
