"""The events of a market.

``data.at`` is the time on the market's clock. What a business answers is an event when it reaches
the customer, and until then nobody's. What the market itself tells a seat says in ``data.what``
what it is: a ``result`` of a search, ``nothing`` found, or a ``refusal``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from schemas.environment import Event, audience_name
from schemas.market import Customer
from tasks.environments.market.actions import BusinessAction
from tasks.environments.market.cards import Card
from tasks.environments.market.search.query import Hit, Query
from tasks.environments.market.state import Answer, Proposal

OPENING = "opening"
CUSTOMERS = "customers"
BUSINESSES = "businesses"


def searched(query: Query, page: int, n_pages: int, at: float) -> Event:
    """A customer searched."""
    stated = query.filters.model_dump(mode="json", exclude_defaults=True)
    filters = {"filters": stated} if stated else {}
    return Event(
        "ask",
        query.customer.id,
        item="search",
        text=query.text,
        data={
            "page": page,
            "n_pages": n_pages,
            "at": at,
            **filters,
        },
        audience=query.customer.id,
        phase=CUSTOMERS,
    )


def shown(
    customer: Customer, hits: Sequence[tuple[int, Hit]], page: int, n_pages: int, card: Card
) -> Iterator[Event]:
    """The results on a page, each with its position; or that there are none."""
    place = {"page": page, "n_pages": n_pages}
    if not hits:
        data = {"what": "nothing", **place}
        yield _told(customer.id, f"No business on page {page} of {n_pages}.", data)
    for position, (score, business) in hits:
        yield Event(
            "state",
            "env",
            target=customer.id,
            item=business.id,
            value=score,
            text=card.text(customer, business),
            data={
                "what": "result",
                **place,
                "position": position,
                "name": business.name,
                "rating": business.rating,
                **card.data(customer, business),
            },
            audience=customer.id,
            phase=CUSTOMERS,
        )


def asked(customer: str, business: str, text: str, at: float) -> Event:
    """A customer wrote to a business."""
    return Event(
        "say",
        customer,
        target=business,
        text=text,
        data={"at": at},
        audience=audience_name(customer, business),
        phase=CUSTOMERS,
    )


def arrived(customer: str, answer: Answer, proposal: Proposal | None) -> Event:
    """An answer reached a customer; with a proposal, the place of that among all it received.

    Each line of a proposal has its price on the menu, which no prompt shows.
    """
    data: dict[str, Any] = {"at": answer.arrives, "sent_at": answer.sent}
    if proposal is not None:
        data |= {
            "position": proposal.position,
            "items": [line.model_dump(mode="json") for line in proposal.items],
            "menu_prices": answer.menu_prices,
            "expires": proposal.expires,
        }
    return Event(
        "offer" if proposal else "say",
        answer.business,
        target=customer,
        item=proposal.name if proposal else None,
        value=proposal.total_usd if proposal else None,
        text=answer.text,
        data=data,
        audience=audience_name(customer, answer.business),
        phase=BUSINESSES,
        action=answer.action,
    )


def proposal_refused(
    business: str, customer: str, did: BusinessAction, why: tuple[str, str], at: float
) -> Event:
    """The platform refused a proposal; only the business hears of it."""
    data = {
        "what": "refusal",
        "reason": why[0],
        "customer": customer,
        "items": [line.model_dump(mode="json") for line in did.items],
        "total": did.total,
        "at": at,
    }
    return Event(
        "state",
        "env",
        target=business,
        item="proposal",
        text=why[1],
        data=data,
        audience=business,
        phase=BUSINESSES,
    )


def payment_refused(customer: str, proposal: str, why: tuple[str, str], at: float) -> Event:
    """The platform refused a payment."""
    data = {"what": "refusal", "reason": why[0], "proposal": proposal, "at": at}
    return _told(customer, why[1], data, item="payment")


def paid(proposal: Proposal, n_alternatives: int, at: float) -> Iterator[Event]:
    """A customer chose a proposal among those that it had received, and money changed hands.

    A payment is two transfers that share ``data.transaction`` and net to zero; ``data.items`` names
    what was bought.
    """
    customer, business, total_usd = proposal.customer, proposal.business, proposal.total_usd
    audience = audience_name(customer, business)
    yield Event(
        "choose",
        customer,
        target=business,
        item=proposal.name,
        value=total_usd,
        data={"position": proposal.position, "n_alternatives": n_alternatives, "at": at},
        audience=audience,
        phase=CUSTOMERS,
    )
    shared = {
        "transaction": f"payment of {proposal.name}",
        "net": True,
        "items": [line.item for line in proposal.items],
    }
    sides = ((customer, business, -total_usd), (business, customer, total_usd))
    for actor, target, value in sides:
        yield Event(
            "transfer",
            actor,
            target=target,
            item=proposal.name,
            value=value,
            data=shared,
            audience=audience,
            phase=CUSTOMERS,
        )


def waited(customer: str, at: float) -> Event:
    """A customer did nothing."""
    return Event("ask", customer, item="wait", data={"at": at}, audience=customer, phase=CUSTOMERS)


def left(customer: str, at: float) -> Event:
    """A customer left the market."""
    return Event("end", customer, data={"at": at}, audience=customer, phase=CUSTOMERS)


def rewrote(business: str, text: str) -> Event:
    """A business wrote its description anew."""
    return Event(
        "choose", business, item="description", text=text, audience=business, phase=OPENING
    )


def closed() -> Event:
    """The market closed, with customers in it."""
    return Event("end", "env", item="closed")


def _told(customer: str, text: str, data: dict[str, Any], item: str | None = None) -> Event:
    return Event(
        "state",
        "env",
        target=customer,
        item=item,
        text=text,
        data=data,
        audience=customer,
        phase=CUSTOMERS,
    )
