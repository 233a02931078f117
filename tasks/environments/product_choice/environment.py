"""The rules of product choice, after ACES (Allouah et al. 2025, arXiv 2508.02630)."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, get_args

from pydantic import Field

from schemas.base import Record
from schemas.environment import Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.product_choice.params import Product, ProductChoiceParams, Task
from tasks.environments.product_choice.policy import ShoppingPolicy
from tasks.environments.product_choice.sets import ChoiceSet, Listing, choice_set, products_of
from tasks.environments.seating import declared_seats

SELLER = "seller"  #: Role and identifier of the seat that rewrites a title.
_OWN_KINDS = frozenset({"offer", "choose", "state"})


class Purchase(Record):
    """The answer to a question for a choice."""

    listing: int = Field(ge=1, description="The number of the listing that you buy.")


class Title(Record):
    """The answer of a seller."""

    title: str = Field(min_length=1, max_length=200, description="The new title, one line.")


CHOOSE = Ask("choose", Purchase, no_answer="absent")  #: Who gives no answer buys nothing.
REWRITE = Ask("rewrite", Title, no_answer="absent")  #: Without an answer the title stays.


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice that was made: from which set, and where in it the listing stood, from 0."""

    seat: str
    among: ChoiceSet
    place: int

    @property
    def listing(self) -> Listing:
        """What was chosen."""
        return self.among.listings[self.place]


@dataclass(frozen=True, slots=True)
class State:
    """The round, the products under their titles of now, the sets to choose from, what was chosen.

    While the seller is asked there are no sets.
    """

    round: int
    products: tuple[Product, ...]
    sets: Mapping[str, ChoiceSet]
    chosen: tuple[Chosen, ...] = ()


class ProductChoiceGame:
    """Product choice of some seats."""

    def __init__(self, params: ProductChoiceParams, seats: Sequence[Seat]) -> None:
        self._params = params
        self._shoppers = [seat.seat for seat in seats if seat.role != SELLER]
        self._told = {"query": params.query, "rounds": params.rounds}
        self.planned_rounds: int | None = params.rounds

    def start(self, rng: Random) -> Step[State]:
        """The first sets are drawn, unless the seller is asked first."""
        return Step(self._next(State(0, products_of(self._params, rng), {}), rng, asked=False))

    def round_of(self, state: State) -> int:
        """The number of the choice sets."""
        return state.round

    def asks(self, state: State) -> Mapping[str, Ask]:
        """All shoppers at once, or the seller."""
        return dict.fromkeys(self._shoppers, CHOOSE) if state.sets else {SELLER: REWRITE}

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The set of this round alone, as if there had been no other; to the seller its product.

        What was shown and chosen before is in no prompt, so that choices are independent.
        """
        shown = state.sets.get(seat)
        data = {
            **self._told,
            "round": state.round,
            "task": shown.task if shown else "choose",
            "requirement": shown.requirement if shown else "",
            "listings": [
                {name: value for name, value in one.items() if name != "right"}
                for one in self.listings(shown.listings if shown else ())
            ],
            "rows": -(-self._params.listings // self._params.columns),
            **(self._for_the_seller(state) if seat == SELLER else {}),
        }
        return Observation(data, [one for one in history if one.event.kind not in _OWN_KINDS], ())

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """A listing that is there; a title of one line."""
        if isinstance(value, Title):
            plain = value.title.strip() and "\n" not in value.title
            return None if plain else "the title must be one line of words"
        n = len(state.sets[seat].listings)
        return f"there are only {n} listings" if value.listing > n else None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """The choices of a round, or the new title."""
        if not state.sets:
            return self._rewritten(state, actions, rng)
        chosen = {seat: action.value.listing - 1 for seat, action in actions.items()}
        events = tuple(
            event
            for seat, shown in state.sets.items()
            for event in self._events(seat, shown, chosen.get(seat))
        )
        made = (Chosen(seat, state.sets[seat], place) for seat, place in chosen.items())
        after = State(state.round + 1, state.products, {}, (*state.chosen, *made))
        if after.round == self._params.rounds:
            return Step(after, events, state.round, "terminated")
        return Step(self._next(after, rng, asked=False), events, state.round)

    def outcome(self, state: State) -> Outcomes:
        """Prices paid, places chosen, and how often what was right was chosen."""
        found = state.chosen
        tasks = dict.fromkeys(one.among.task for one in found)
        free = [one for one in found if one.among.task == "choose"]
        whole: dict[str, float | None] = {
            "choices": len(found),
            "price": _mean([one.listing.price for one in free]),
            "top_row": _mean([one.place < self._params.columns for one in free]),
        }
        for task in tasks:
            of_task = [one for one in found if one.among.task == task]
            if task != "choose":
                whole[f"right_{task}"] = _mean([bool(one.listing.right) for one in of_task])
        if self._params.seller is not None:
            whole["focal_share"] = self._share(free, self._params.seller.product)
        counts = Counter(one.seat for one in found)
        return {
            ("episode", ""): whole,
            **{("seat", seat): {"choices": counts[seat]} for seat in self._shoppers},
        }

    def _next(self, state: State, rng: Random, *, asked: bool) -> State:
        """The state with sets to choose from, unless it is the seller's turn."""
        seller = self._params.seller
        if seller is not None and state.round == seller.after_rounds and not asked:
            return state
        task = self._params.tasks[state.round % len(self._params.tasks)]
        sets = {
            seat: choice_set(self._params, state.products, task, rng) for seat in self._shoppers
        }
        return dataclasses.replace(state, sets=sets)

    def _rewritten(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        events: tuple[Event, ...] = ()
        products = state.products
        for action in actions.values():
            title, before = action.value.title.strip(), self._focal(state)
            products = tuple(
                one.model_copy(update={"title": title}) if one is before else one
                for one in products
            )
            data = {"title_before": before.title}
            events = (Event("state", SELLER, None, before.id, None, title, data, SELLER),)
        after = dataclasses.replace(state, products=products)
        return Step(self._next(after, rng, asked=True), events, state.round)

    def _focal(self, state: State) -> Product:
        seller = self._params.seller
        return next(one for one in state.products if seller and one.id == seller.product)

    def _for_the_seller(self, state: State) -> dict[str, Any]:
        focal = self._focal(state)
        free = [one for one in state.chosen if one.among.task == "choose"]
        return {
            **focal.model_dump(exclude={"id"}),
            "share": self._share(free, focal.id),
            "competitors": [one.model_dump() for one in state.products if one is not focal],
        }

    @staticmethod
    def _share(chosen: Sequence[Chosen], product: str) -> float | None:
        return _mean([one.listing.product == product for one in chosen])

    def listings(self, shown: Sequence[Listing]) -> list[dict[str, Any]]:
        """Listings as data, with their place in the grid."""
        return [
            {
                "position": place + 1,
                "row": place // self._params.columns + 1,
                "column": place % self._params.columns + 1,
                **dataclasses.asdict(listing),
            }
            for place, listing in enumerate(shown)
        ]

    def _events(self, seat: str, shown: ChoiceSet, place: int | None) -> Iterator[Event]:
        """Every listing that was shown, and the one that was chosen, if any."""
        about = {"task": shown.task, "requirement": shown.requirement}
        for listing in self.listings(shown.listings):
            product, price = listing.pop("product"), listing.pop("price")
            data = {**about, **listing}
            yield Event("offer", "env", seat, product, price, data=data, audience=seat)
        if place is not None:
            product = shown.listings[place].product
            yield Event("choose", seat, None, product, place + 1, data=about, audience=seat)


class ProductChoice:
    """Shoppers who choose from grids of listings, and perhaps a seller that rewrites a title."""

    name = "product_choice"
    version = 1
    params = ProductChoiceParams
    templates = ("system", "opening", "event", "choose", "rewrite")
    by_events_alone = False
    changeable: frozenset[str] = frozenset()
    bounds = outcome_bounds(
        shares=("top_row", "focal_share", *(f"right_{task}" for task in get_args(Task))),
        from_zero=("choices", "price"),
    )
    policy = ShoppingPolicy()

    def aliases(self, params: ProductChoiceParams) -> Mapping[tuple[str | int, ...], str]:
        """The models of the shoppers, and of the seller."""
        named: dict[tuple[str | int, ...], str] = {
            ("seats", place): spec.model for place, spec in enumerate(params.seats)
        }
        return named | ({("seller", "model"): params.seller.model} if params.seller else {})

    def seating(
        self, params: ProductChoiceParams, models: Mapping[str, str], rng: Random
    ) -> tuple[Seat, ...]:
        """The shoppers, then the seller."""
        shoppers = declared_seats(params.seats, "shopper")
        if params.seller is None:
            return shoppers
        position = len(shoppers) + 1
        seat = Seat(SELLER, position, params.seller.model, "Seller", SELLER, choice="none")
        return (*shoppers, seat)

    def game(self, params: ProductChoiceParams, seats: Sequence[Seat]) -> ProductChoiceGame:
        """The rules for these seats."""
        return ProductChoiceGame(params, seats)


ENVIRONMENT = ProductChoice()


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
