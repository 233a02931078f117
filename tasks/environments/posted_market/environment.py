"""The rules of a market of posted prices over many rounds, with ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from schemas.base import Record
from schemas.environment import (
    Action,
    Ask,
    Event,
    Logged,
    Observation,
    Outcomes,
    Step,
    audience_name,
)
from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.posted_market.params import PostedMarketParams
from tasks.environments.posted_market.policy import TraderPolicy
from tasks.environments.posted_market.trading import BEST, Posted, Round, outcomes_of, reputations
from tasks.environments.seating import SeatedEnvironment


class Post(Record):
    """The answer of a seller."""

    price: float = Field(ge=0, le=1e9, description="Your price, in USD.")
    quality: float = Field(
        ge=0, le=1, description="The quality that you deliver, from 0 (worthless) to 1 (perfect)."
    )


class Rating(Record):
    """The answer of who has bought."""

    rating: int = Field(ge=1, le=BEST, description="From 1 (very bad) to 5 (very good).")


POST = Ask("post", Post, no_answer="absent")  #: Who posts nothing sells nothing in this round.
RATE = Ask("rate", Rating, no_answer="absent")  #: Without an answer there is no rating.
NOBODY_BOUGHT_FROM = "none"


@dataclass(frozen=True, slots=True)
class State:
    """The round, how far it is, and the rounds before it."""

    now: Round = field(default_factory=Round)
    phase: Literal["post", "buy", "rate"] = "post"
    past: tuple[Round, ...] = ()


class PostedMarketGame:
    """A market of some sellers and buyers."""

    def __init__(self, params: PostedMarketParams, seats: Sequence[Seat]) -> None:
        names = tuple(seat.seat for seat in sorted(seats, key=lambda one: one.position))
        self._params = params
        self._sellers, self._buyers = names[: params.sellers], names[params.sellers :]
        self._told = params.model_dump(mode="json", exclude={"seats", "sellers"})
        self.planned_rounds: int | None = params.rounds

    def start(self, rng: Random) -> Step[State]:
        """Nothing is on offer."""
        return Step(State())

    def round_of(self, state: State) -> int:
        """The round."""
        return len(state.past)

    def asks(self, state: State) -> Mapping[str, Ask]:
        """All sellers, then all buyers, then those who have bought."""
        match state.phase:
            case "post":
                return dict.fromkeys(self._sellers, POST)
            case "buy":
                return dict.fromkeys(self._buyers, _buy_ask(tuple(state.now.posts)))
            case "rate":
                return dict.fromkeys(state.now.bought, RATE)

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The offers with what is shown of the sellers; the own reputation; what was delivered."""
        now, known = state.now, reputations(state.past, self._params.reputation)
        bought = now.bought.get(seat)
        offers = {
            seller: {
                "price": post.price,
                "ratings": known[seller].n if seller in known else 0,
                "rating": known[seller].mean if seller in known else None,
            }
            for seller, post in now.posts.items()
        }
        own = known.get(seat)
        data = {
            **self._told,
            "round": len(state.past),
            "sells": seat in self._sellers,
            "n_sellers": len(self._sellers),
            "n_buyers": len(self._buyers),
            "offers": offers,
            "own": {"ratings": own.n, "rating": own.mean} if own else None,
            "bought": bought,
            "got": now.posts[bought].quality if bought else None,
            "paid": now.posts[bought].price if bought else None,
        }
        return Observation(data, history)

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """The forms have all there is to check."""
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """Offers are posted, purchases are made, or ratings are given."""
        given = {seat: action.value for seat, action in actions.items()}
        now, number = state.now, len(state.past)
        match state.phase:
            case "post":
                posts = {seat: Posted(one.price, one.quality) for seat, one in given.items()}
                now = replace(now, posts=posts)
                events = [
                    Event("offer", seat, None, "price", one.price) for seat, one in posts.items()
                ]
                events += [
                    Event("choose", seat, None, "quality", one.quality, audience=seat)
                    for seat, one in posts.items()
                ]
                over = not posts
                after = replace(state, now=now, phase="buy")
            case "buy":
                chosen = {seat: one.seller for seat, one in given.items()}
                bought = {
                    seat: seller for seat, seller in chosen.items() if seller != NOBODY_BOUGHT_FROM
                }
                now = replace(now, bought=bought)
                events = [
                    Event("choose", seat, None, "nothing", audience=seat)
                    for seat in chosen
                    if seat not in bought
                ]
                for buyer, seller in bought.items():
                    events += _sale(number, buyer, seller, now.posts[seller])
                over = not bought
                after = replace(state, now=now, phase="rate")
            case "rate":
                now = replace(now, ratings={seat: one.rating for seat, one in given.items()})
                events = [
                    Event("choose", seat, now.bought[seat], "rating", n, audience=seat)
                    for seat, n in now.ratings.items()
                ]
                over, after = True, replace(state, now=now)
        if not over:
            pairs = {audience_name(*pair): pair for pair in after.now.bought.items()}
            return Step(after, tuple(events), number, audiences=pairs)
        past = (*state.past, now)
        status: Any = "terminated" if len(past) == self.planned_rounds else "running"
        return Step(State(past=past), tuple(events), number, status)

    def outcome(self, state: State) -> Outcomes:
        """Welfare, prices, qualities and trust; see :func:`outcomes_of`."""
        return outcomes_of(self._params, state.past, self._sellers, self._buyers)


def _sale(number: int, buyer: str, seller: str, post: Posted) -> list[Event]:
    """The choice, the payment, and what the buyer alone learns."""
    both = audience_name(buyer, seller)
    net = {"transaction": f"round {number} {buyer}", "net": True}
    got = {"seller": seller}
    return [
        Event("choose", buyer, seller, "buy", post.price, audience=both),
        Event("transfer", buyer, seller, "payment", -post.price, data=net, audience=both),
        Event("transfer", seller, buyer, "payment", post.price, data=net, audience=both),
        Event("state", "env", buyer, "delivered", post.quality, data=got, audience=buyer),
    ]


@lru_cache(maxsize=1024)
def _buy_ask(sellers: tuple[str, ...]) -> Ask:
    """A question for a seller; who gives no answer buys nothing."""
    option: Any = Literal[(*sellers, NOBODY_BOUGHT_FROM)]
    words = "Identifier of the seller that you buy from, or none."
    form: type[BaseModel] = create_model(
        "Purchase", __base__=Record, seller=(option, Field(description=words))
    )
    return Ask("buy", form, no_answer="absent")


class PostedMarket(SeatedEnvironment):
    """Posted prices, unseen quality and ratings."""

    name = "posted_market"
    version = 1
    params = PostedMarketParams
    templates = ("system", "opening", "event", "post", "buy", "rate")
    bounds = outcome_bounds(
        shares=("trust", "late_trust", "quality", "late_quality", "best_seller_share"),
        from_zero=("price",),
        others={"rating": (1.0, 5.0), "rating_error": (-4.0, 4.0)},
    )
    policy = TraderPolicy()

    def game(self, params: PostedMarketParams, seats: Sequence[Seat]) -> PostedMarketGame:
        """The rules for these seats."""
        return PostedMarketGame(params, seats)


ENVIRONMENT = PostedMarket()
