"""The policy of simulated models in a market: who is asked plays by its habits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tasks.environments.market.policies.buyers import BUYERS
from tasks.environments.market.policies.habits import MarketHabits
from tasks.environments.market.policies.sellers import SELLERS


class MarketPolicy:
    """Plays customers and businesses in the ways that their habits name."""

    params = MarketHabits
    presets: Mapping[str, Mapping[str, Any]] = {
        "talkative": {
            "first_offer_bias": 0.90,
            "patience": 1,
            "consideration": 5,
            "markup": 0.15,
            "honesty": 0.60,
        },
        "reserved": {
            "first_offer_bias": 0.10,
            "patience": 3,
            "fit_checking": 1.0,
            "price_sensitivity": 1.0,
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
        """What a customer does, what a business answers, or how it describes itself."""
        match ask:
            case "customer":
                return BUYERS[params.buyer].act(params, seen, habits, rng)
            case "business":
                return SELLERS[params.seller].answer(params, seen, rng)
            case "description":
                return SELLERS[params.seller].description(params, seen)
            case _:
                return None
