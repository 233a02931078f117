"""Outcomes of a strategy auction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.environment import Outcomes
from tasks.environments.strategy_auction.scoring import Round, tokens_about


def outcomes_of(past: Sequence[Round], prices: Mapping[str, float]) -> Outcomes:
    """How many tasks were done right, by whom, and what it cost.

    ``usd_per_1000`` is the cost of all that seats wrote, for 1000 tasks, and ``bidding_share`` what
    plans are of it; marks are not counted. ``dearest_share`` is the share of tasks that a seat of
    the highest price did, ``refined_share`` of those that went to another seat than the one that
    led at first, ``level_N_right`` of right answers to tasks of level N.

    Args:
        past: The tasks.
        prices: USD per million tokens, by seat.
    """
    n = len(past)
    done = [one for one in past if one.winner is not None]
    cost = sum(prices[seat] * k / 1e6 for one in past for seat, k in one.tokens.items())
    plans = sum(
        prices[seat] * tokens_about(plan) / 1e6
        for one in past
        for some in (one.plans, one.refined)
        for seat, plan in some.items()
    )
    right = sum(one.right for one in past)
    moved = [one.winner != one.leader for one in done if one.leader is not None]
    highest = max(prices.values())
    whole: dict[str, float | str | None] = {
        "right": right / n if n else None,
        "usd_per_1000": 1000 * cost / n if n else None,
        "usd_per_1000_right": 1000 * cost / right if right else None,
        "bidding_share": plans / cost if cost else None,
        "dearest_share": _mean([prices[str(one.winner)] == highest for one in done]),
        "refined_share": _mean(moved),
    }
    for level in sorted({one.task.level for one in past}):
        some = [one.right for one in past if one.task.level == level]
        whole[f"level_{level}_right"] = _mean(some)
    seats = {
        seat: {
            "tasks": float(sum(one.winner == seat for one in past)),
            "right": float(sum(one.winner == seat and one.right for one in past)),
            "cost_usd": sum(one.tokens.get(seat, 0) for one in past) * price / 1e6,
        }
        for seat, price in prices.items()
    }
    return {("episode", ""): whole, **{("seat", seat): one for seat, one in seats.items()}}


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
