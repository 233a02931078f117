"""The market's own clock: who acts next, and what has reached them by then.

Everything an agent does takes one unit of time at least. So all that is due within a unit of the
earliest is independent of each other: it is asked at once, whatever the order of its times, and the
log is in order of time all the same.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.environment import Event
from tasks.environments.market import events
from tasks.environments.market.arrival import ACTION
from tasks.environments.market.state import Dealings, Letter, MarketState


def due(state: MarketState) -> list[str]:
    """Customers that act now: those whose time comes before another could change what they see."""
    return [
        name
        for name, one in state.customers.items()
        if not one.ended and one.wakes_at < state.time + ACTION
    ]


def next_time(state: MarketState) -> float | None:
    """Time of the next action of a customer; ``None`` if all have left."""
    return min((one.wakes_at for one in state.customers.values() if not one.ended), default=None)


def next_letter(state: MarketState, business: str) -> Letter | None:
    """The letter that a business answers now, if any.

    A letter of a customer to whom an earlier answer is still under way waits until that has
    arrived; so a conversation is read in the same order by both.
    """
    for letter in state.mail.get(business, ()):
        coming = state.customers[letter.customer].coming
        if all(answer.business != business for answer in coming):
            return letter
    return None


def delivered(
    state: MarketState, time: float, expiry: float | None
) -> tuple[MarketState, tuple[Event, ...]]:
    """The market at a later time, with the answers that have reached those who act then.

    Args:
        state: The market.
        time: The time of the next action.
        expiry: Units of time after which a proposal that has arrived expires, if any.
    """
    now = replace(state, time=time, phase="customers")
    customers = dict(state.customers)
    arrived: list[tuple[float, Event]] = []
    for name in due(now):
        customers[name], mine = _received(name, customers[name], expiry)
        arrived.extend(mine)
    arrived.sort(key=lambda one: one[0])
    return replace(now, customers=customers), tuple(event for _, event in arrived)


def _received(
    customer: str, dealings: Dealings, expiry: float | None
) -> tuple[Dealings, list[tuple[float, Event]]]:
    """A customer's dealings once it has what arrives before it acts, and the arrivals."""
    until = dealings.wakes_at
    here = sorted(
        (one for one in dealings.coming if one.arrives <= until),
        key=lambda one: (one.arrives, one.place),
    )
    proposals, happened = list(dealings.proposals), []
    for answer in here:
        proposal = answer.proposal
        if proposal is not None:
            expires = None if expiry is None else answer.arrives + expiry
            proposal = replace(proposal, position=1 + len(proposals), expires=expires)
            proposals.append(proposal)
        happened.append((answer.arrives, events.arrived(customer, answer, proposal)))
    coming = tuple(one for one in dealings.coming if one.arrives > until)
    after = replace(
        dealings, acts_at=until, listens=False, coming=coming, proposals=tuple(proposals)
    )
    return after, happened
