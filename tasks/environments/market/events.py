"""The events of a market."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.environment import Event, audience_name
from tasks.environments.market.state import Proposal

CUSTOMERS = "customers"
BUSINESSES = "businesses"


def asked(customer: str, business: str, text: str) -> Event:
    """A customer wrote to a business."""
    return Event(
        "say",
        customer,
        target=business,
        text=text,
        audience=audience_name(customer, business),
        phase=CUSTOMERS,
    )


def answered(business: str, customer: str, text: str) -> Event:
    """A business answered a customer with words."""
    return Event(
        "say",
        business,
        target=customer,
        text=text,
        audience=audience_name(customer, business),
        phase=BUSINESSES,
    )


def offered(proposal: Proposal, text: str) -> Event:
    """A business answered a customer with a proposal."""
    return Event(
        "offer",
        proposal.business,
        target=proposal.customer,
        item=proposal.name,
        value=proposal.total_usd,
        text=text,
        data={
            "position": proposal.position,
            "items": [line.model_dump(mode="json") for line in proposal.items],
        },
        audience=audience_name(proposal.customer, proposal.business),
        phase=BUSINESSES,
    )


def paid(proposal: Proposal, n_alternatives: int) -> Iterator[Event]:
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
        data={"position": proposal.position, "n_alternatives": n_alternatives},
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


def waited(customer: str) -> Event:
    """A customer let a round pass."""
    return Event("ask", customer, item="wait", audience=customer, phase=CUSTOMERS)


def left(customer: str) -> Event:
    """A customer left the market."""
    return Event("end", customer, audience=customer, phase=CUSTOMERS)


def closed() -> Event:
    """The market closed, with customers in it."""
    return Event("end", "env", item="closed")
