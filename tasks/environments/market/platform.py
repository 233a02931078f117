"""What the platform refuses: proposals and payments that are not in order, each with its reason.

A refusal is an event; the business may try again, the customer acts again. A reason is a pair: a
word to count by, and a sentence that a model can act on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.market import Business
from tasks.environments.market.actions import BusinessAction, OrderItem
from tasks.environments.market.limits import Limits
from tasks.environments.market.state import Dealings, Proposal, Trade

#: Largest difference between a total and the sum of its items, in USD.
TOTAL_TOLERANCE_USD = 0.01

#: Proposals to one letter that the platform refuses before the business is asked no more.
MAX_TRIES = 3

Refusal = tuple[str, str]


def proposal_refusal(
    did: BusinessAction, business: Business, trade: Trade, limits: Limits
) -> Refusal | None:
    """Why the platform does not pass a proposal on; ``None`` if it does.

    Args:
        did: What the business answered, with items.
        business: The business.
        trade: What it has sold so far.
        limits: Limits of the market.
    """
    menu = business.menu_features
    for line in did.items:
        if line.item not in menu:
            return "unknown_item", f"{line.item!r} is not on your menu"
        lowest = limits.lowest_usd(business, line.item)
        if line.unit_price < lowest - TOTAL_TOLERANCE_USD / 2:
            return (
                "below_floor",
                f"{line.item} may not cost less than {lowest:.2f}, and you wrote "
                f"{line.unit_price:.2f}",
            )
    total = sum(line.quantity * line.unit_price for line in did.items)
    if did.total is None or abs(did.total - total) >= TOTAL_TOLERANCE_USD:
        return "wrong_total", f"the total is {did.total}, but the items add up to {total:.2f}"
    return _supply_refusal(_pieces(did.items), trade, limits, "you have")


def payment_refusal(
    proposal: Proposal | None,
    customer: str,
    dealings: Dealings,
    *,
    at: float,
    trade: Trade,
    limits: Limits,
    budget_usd: float | None,
    gate: int,
) -> Refusal | None:
    """Why the platform does not take a payment; ``None`` if it does.

    Args:
        proposal: The proposal that is to be paid; ``None`` if there is none of that name.
        customer: Who pays.
        dealings: What the customer has received and done.
        at: The time.
        trade: What the business has sold so far.
        limits: Limits of the market.
        budget_usd: What the customer can spend in all.
        gate: Proposals that it must have received.
    """
    if proposal is None:
        return "unknown_proposal", "there is no such proposal"
    why = _not_due(proposal, customer, dealings, at, gate)
    if why is not None:
        return why
    if budget_usd is not None:
        left = budget_usd - dealings.spent_usd
        if proposal.total_usd > left + TOTAL_TOLERANCE_USD / 2:
            return "over_budget", f"you have {left:.2f} left, and it costs {proposal.total_usd:.2f}"
    return _supply_refusal(_pieces(proposal.items), trade, limits, f"{proposal.business} has")


def _not_due(
    proposal: Proposal, customer: str, dealings: Dealings, at: float, gate: int
) -> Refusal | None:
    """Why a proposal is not this customer's to pay now; ``None`` if it is."""
    if proposal.customer != customer:
        return "not_addressed", f"proposal {proposal.name} was not made to you"
    if any(one.name == proposal.name for one in dealings.paid):
        return "paid_already", f"proposal {proposal.name} is paid already"
    if len(dealings.proposals) < gate:
        n = len(dealings.proposals)
        return "gate", f"you may pay once you have {gate} proposals; you have {n}"
    if proposal.expires is not None and at > proposal.expires:
        return "expired", f"proposal {proposal.name} expired at time {proposal.expires:g}"
    return None


def stock_left(business: Business, trade: Trade, limits: Limits) -> dict[str, int] | None:
    """Pieces left of each item; ``None`` where there is no end of them."""
    if limits.stock is None:
        return None
    return {item: limits.stock - trade.sold.get(item, 0) for item in business.menu_features}


def capacity_left(trade: Trade, limits: Limits) -> int | None:
    """Orders that a business can still take; ``None`` for any number."""
    return None if limits.capacity is None else limits.capacity - trade.orders


def _supply_refusal(
    pieces: Mapping[str, int], trade: Trade, limits: Limits, who: str
) -> Refusal | None:
    if limits.capacity is not None and trade.orders >= limits.capacity:
        return "at_capacity", f"{who} no capacity for another order"
    if limits.stock is not None:
        for item, wanted in pieces.items():
            left = limits.stock - trade.sold.get(item, 0)
            if wanted > left:
                return "out_of_stock", f"{who} {left} of {item} left, and {wanted} are wanted"
    return None


def _pieces(items: Iterable[OrderItem]) -> dict[str, int]:
    pieces: dict[str, int] = {}
    for line in items:
        pieces[line.item] = pieces.get(line.item, 0) + line.quantity
    return pieces


def sold(trade: Trade, proposal: Proposal) -> Trade:
    """What a business has sold, once a proposal is paid."""
    pieces = dict(trade.sold)
    for item, n in _pieces(proposal.items).items():
        pieces[item] = pieces.get(item, 0) + n
    return Trade(trade.proposals, trade.refused, trade.orders + 1, pieces)
