"""The state of a market: what every customer has received and done, and what mail is waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.environments.market.actions import OrderItem


@dataclass(frozen=True, slots=True)
class Proposal:
    """An order that a business proposed to a customer.

    Attributes:
        name: Its identifier, which a payment names.
        business: Who proposed it.
        customer: Whom it was proposed to.
        items: Its lines.
        total_usd: Its price.
        position: Its place among the proposals that the customer has received, from 1.
    """

    name: str
    business: str
    customer: str
    items: tuple[OrderItem, ...]
    total_usd: float
    position: int


@dataclass(frozen=True, slots=True)
class Dealings:
    """What a customer has received and done so far.

    Attributes:
        contacts: Businesses that it has written to.
        proposals: Proposals to it, in the order of arrival.
        paid: Those that it has paid, in the order of payment.
        ended: Whether it has left the market.
    """

    contacts: frozenset[str] = frozenset()
    proposals: tuple[Proposal, ...] = ()
    paid: tuple[Proposal, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class MarketState:
    """The state of a market.

    Attributes:
        round: The round, from 0.
        phase: Who acts now.
        customers: Dealings by customer, in the order of the catalogue.
        mail: Customers who wrote in this round by business, in the order of arrival.
    """

    round: int
    phase: Literal["customers", "businesses"]
    customers: Mapping[str, Dealings]
    mail: Mapping[str, tuple[str, ...]]
