"""The businesses' side of a market: what they see, and what comes of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schemas.environment import Action, Event, Step
from schemas.market import Business
from tasks.environments.market import clock, events
from tasks.environments.market.actions import BusinessAction
from tasks.environments.market.arrival import ACTION
from tasks.environments.market.params import MarketParams
from tasks.environments.market.platform import (
    MAX_TRIES,
    capacity_left,
    proposal_refusal,
    stock_left,
)
from tasks.environments.market.state import Answer, Dealings, Letter, MarketState, Proposal, Trade


class Selling:
    """The businesses' side.

    Args:
        params: Parameters of the market.
        businesses: Businesses by identifier, with the descriptions that they start with.
    """

    def __init__(self, params: MarketParams, businesses: Mapping[str, Business]) -> None:
        self._params = params
        self._businesses = businesses

    def seen(self, state: MarketState, name: str, letter: Letter | None) -> dict[str, Any]:
        """What a business's prompts know besides its history.

        Args:
            state: The market.
            name: The business.
            letter: What it answers; ``None`` where it is asked for something else.
        """
        business, limits, trade = self._businesses[name], self._params.limits, state.trade(name)
        return {
            "description": state.rewritten.get(name, business.description),
            "rating": business.rating,
            "menu": business.menu_features,
            "amenities": business.amenity_features,
            "customer": letter.customer if letter else None,
            "tries": letter.tries if letter else 0,
            "lowest": {item: limits.lowest_usd(business, item) for item in business.menu_features}
            if limits.floor
            else None,
            "stock": stock_left(business, trade, limits),
            "capacity": capacity_left(trade, limits),
        }

    def step(self, state: MarketState, actions: Mapping[str, Action]) -> Step[MarketState]:
        """The market after each business with mail has answered one letter, or passed it over."""
        happened: list[Event] = []
        customers, trades = dict(state.customers), dict(state.businesses)
        mail = dict(state.mail)
        for name in state.mail:
            letter = clock.next_letter(state, name)
            if letter is None:
                continue
            waiting = [one for one in mail.pop(name) if one is not letter]
            action = actions.get(name)
            if action is not None:
                event, trade, again = self._done(
                    name, letter, action, state.trade(name), customers, state.time
                )
                happened.extend([event] if event else [])
                trades[name] = trade
                waiting = [again, *waiting] if again else waiting
            if waiting:
                mail[name] = tuple(waiting)
        after = replace(state, customers=customers, businesses=trades, mail=mail)
        return Step(after, tuple(happened))

    def _done(
        self,
        name: str,
        letter: Letter,
        action: Action,
        trade: Trade,
        customers: dict[str, Dealings],
        now: float,
    ) -> tuple[Event | None, Trade, Letter | None]:
        """What comes of an answer to a letter: it is put on its way, or the platform refuses it.

        Returns:
            The refusal, what the business has done so far, and the letter if it is to be answered
            again.
        """
        did: BusinessAction = action.value
        customer, business = letter.customer, self._businesses[name]
        # A letter that had to wait for an earlier answer is answered later than it was sent.
        sent = max(letter.sent, now)
        arrives = max(letter.arrives, sent + ACTION)
        proposal = None
        if did.items:
            why = proposal_refusal(did, business, trade, self._params.limits)
            if why is not None:
                tries = letter.tries + 1
                again = replace(letter, tries=tries) if tries < MAX_TRIES else None
                refused = events.proposal_refused(name, customer, did, why, sent)
                return refused, replace(trade, refused=trade.refused + 1), again
            earlier = customers[customer].proposals
            number = 1 + sum(one.business == name for one in earlier)
            proposal = Proposal(
                f"{name}_{customer}_{number}", name, customer, did.items, did.total or 0.0
            )
            trade = replace(trade, proposals=trade.proposals + 1)
        elif not did.text.strip():
            return None, trade, None
        prices = tuple(business.menu_features[line.item] for line in did.items)
        answer = Answer(name, did.text, proposal, prices, action, sent, arrives, letter.place)
        dealings = customers[customer]
        customers[customer] = replace(dealings, coming=(*dealings.coming, answer))
        return None, trade, None
