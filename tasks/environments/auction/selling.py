"""Who wins a thing at which price, and what theory says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tasks.environments.auction.params import AuctionParams


@dataclass(frozen=True, slots=True)
class Sale:
    """What came of an auction.

    Attributes:
        values: What the thing was worth to every seat.
        bids: Sealed bids by seat; empty where there were none to see.
        winner: Who has it; ``None`` where it was not sold.
        price: What the winner paid.
    """

    values: Mapping[str, float]
    bids: Mapping[str, float]
    winner: str | None = None
    price: float = 0.0


def sealed_sale(
    params: AuctionParams, values: Mapping[str, float], bids: Mapping[str, float], rng: Random
) -> Sale:
    """The sale to the highest of sealed bids; among equal ones the winner is drawn.

    Example:
        >>> params = AuctionParams.model_validate({"seats": ["a", "b"], "pays": 2})
        >>> values = {"s1": 50.0, "s2": 30.0}
        >>> sale = sealed_sale(params, values, values, Random(1))
        >>> sale.winner, sale.price
        ('s1', 30.0)
    """
    good = {seat: bid for seat, bid in bids.items() if bid >= params.reserve}
    if not good:
        return Sale(values, bids)
    ranked = sorted(good.values(), reverse=True)
    winner = rng.choice([seat for seat, bid in good.items() if bid == ranked[0]])
    price = ranked[params.pays - 1] if params.pays <= len(ranked) else params.reserve
    return Sale(values, bids, winner, price)


def theory_revenue(params: AuctionParams, values: Sequence[float]) -> float | None:
    """Revenue in equilibrium for these values, of bidders that are neutral to risk.

    Values are uniform and independent. With n bidders who pay the k-th highest bid, all bid
    ``low + (n - 1) / (n - k + 1) (v - low)``; in the ascending form and for k = 2 that is the value
    itself, and a reserve r sells at ``max(r, second value)``. ``None`` for other k with a reserve
    above the least value, or with one bidder.

    Source: Vickrey (1961); Kagel and Levin (1993) for k above 2; Krishna (2010), 2 and 4.

    Example:
        >>> params = AuctionParams.model_validate({"seats": ["a"] * 4, "pays": 1})
        >>> theory_revenue(params, [80.0, 60.0, 40.0, 20.0])
        60.0
    """
    n, low = len(values), params.value_low
    ranked = sorted(values, reverse=True)
    if params.form == "ascending" or params.pays == 2:
        if ranked[0] < params.reserve:
            return 0.0
        return max(params.reserve, ranked[1] if n > 1 else 0.0)
    if n < 2 or params.reserve > low:
        return None
    slope = (n - 1) / (n - params.pays + 1)
    return low + slope * (ranked[params.pays - 1] - low)
