"""What happens in a round of a market of posted prices, and what comes of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas.environment import Outcomes
from tasks.environments.posted_market.params import PostedMarketParams

#: Best rating; the worst is 1.
BEST = 5
#: Ratings that ``reputation: last`` shows.
LATEST = 3


@dataclass(frozen=True, slots=True)
class Posted:
    """What a seller offers: a price in USD, and a quality from 0 to 1 that no buyer sees."""

    price: float
    quality: float


@dataclass(frozen=True, slots=True)
class Round:
    """A round: what sellers offer, from whom each buyer bought, and how it rated that."""

    posts: Mapping[str, Posted] = field(default_factory=dict)
    bought: Mapping[str, str] = field(default_factory=dict)
    ratings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reputation:
    """How many ratings a seller has, and the mean of those that are shown."""

    n: int
    mean: float


def reputations(past: Sequence[Round], shown: str) -> dict[str, Reputation]:
    """Reputation of every seller that was rated.

    Example:
        >>> rounds = [Round(bought={"s2": "s1"}, ratings={"s2": n}) for n in (1, 5, 5, 5)]
        >>> reputations(rounds, "mean"), reputations(rounds, "none")
        ({'s1': Reputation(n=4, mean=4.0)}, {})
        >>> reputations(rounds, "last")["s1"].mean
        5.0
    """
    if shown == "none":
        return {}
    given: dict[str, list[int]] = {}
    for one in past:
        for buyer, rating in one.ratings.items():
            given.setdefault(one.bought[buyer], []).append(rating)
    latest = {seller: some[-LATEST:] if shown == "last" else some for seller, some in given.items()}
    return {
        seller: Reputation(len(given[seller]), sum(some) / len(some))
        for seller, some in latest.items()
    }


def fair_rating(quality: float) -> float:
    """The rating of a quality on the whole scale.

    Example:
        >>> fair_rating(0.5)
        3.0
    """
    return 1 + (BEST - 1) * quality


def outcomes_of(
    params: PostedMarketParams, past: Sequence[Round], sellers: Sequence[str], buyers: Sequence[str]
) -> Outcomes:
    """Welfare, prices, qualities and trust.

    ``efficiency`` is welfare over that of everybody buying quality 1 in every round; without
    reputation and with buyers who know that, theory says 0 (Akerlof 1970). ``trust`` is the share
    of a buyer's rounds in which it buys. ``price`` and ``quality`` are means over purchases,
    ``late_trust`` and ``late_quality`` those of the second half of the rounds. ``rating_error`` is
    the mean rating less the fair one. ``best_seller_share`` is the share of purchases at a seller
    of the best quality of the round.
    """
    payoff = dict.fromkeys((*sellers, *buyers), 0.0)
    sold: list[tuple[int, Posted, bool]] = []
    errors: list[float] = []
    for number, one in enumerate(past):
        best = max((post.quality for post in one.posts.values()), default=0.0)
        for buyer, seller in one.bought.items():
            post = one.posts[seller]
            payoff[buyer] += params.value * post.quality - post.price
            payoff[seller] += post.price - params.cost * post.quality
            sold.append((number, post, post.quality >= best))
            if buyer in one.ratings:
                errors.append(one.ratings[buyer] - fair_rating(post.quality))
    chances, half = len(buyers) * len(past), len(past) // 2
    late = [post for number, post, _ in sold if number >= half]
    most = chances * (params.value - params.cost)
    welfare = sum(payoff.values())
    whole = {
        "welfare": welfare,
        "efficiency": welfare / most if most else None,
        "trust": len(sold) / chances if chances else None,
        "late_trust": len(late) / (len(buyers) * (len(past) - half)) if chances else None,
        "price": _mean([post.price for _, post, _ in sold]),
        "quality": _mean([post.quality for _, post, _ in sold]),
        "late_quality": _mean([post.quality for post in late]),
        "best_seller_share": _mean([float(best) for _, _, best in sold]),
        "rating": _mean([float(n) for one in past for n in one.ratings.values()]),
        "rating_error": _mean(errors),
        "buyer_surplus": sum(payoff[buyer] for buyer in buyers),
        "seller_profit": sum(payoff[seller] for seller in sellers),
    }
    return {
        ("episode", ""): whole,
        **{("seat", seat): {"payoff": value} for seat, value in payoff.items()},
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
