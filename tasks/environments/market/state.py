"""The state of a market: what everybody has received and done, and what is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.environment import Action
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
        position: Its place among the proposals that the customer has received, from 1; 0 while it
            is under way.
        expires: Time after which it can no longer be paid; ``None`` if it never expires.
    """

    name: str
    business: str
    customer: str
    items: tuple[OrderItem, ...]
    total_usd: float
    position: int = 0
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A customer's message that waits for its business to answer.

    Attributes:
        customer: Who wrote it.
        sent: When.
        arrives: Time at which the answer will reach the customer.
        place: Place of that answer among those that arrive at the same time.
        tries: Proposals made in answer to it that the platform has refused.
    """

    customer: str
    sent: float
    arrives: float
    place: int
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a business answered, on its way to a customer.

    Attributes:
        business: Who answered.
        text: Its words.
        proposal: The proposal that comes with them, if any.
        menu_prices: What its items cost by the menu, line by line.
        action: The action that it is.
        sent: When it was written.
        arrives: Time at which it reaches the customer.
        place: Its place among those that arrive at the same time.
    """

    business: str
    text: str
    proposal: Proposal | None
    menu_prices: tuple[float, ...]
    action: Action
    sent: float
    arrives: float
    place: int


@dataclass(frozen=True, slots=True)
class Dealings:
    """What a customer has received and done so far.

    Attributes:
        acts_at: Time of its next action at the earliest.
        listens: Whether it acts only when an answer arrives, as long as one is under way.
        found: Businesses that its searches showed: the best position of each, from 1.
        contacts: Businesses that it has written to.
        coming: Answers on their way to it.
        proposals: Proposals to it, in the order of arrival.
        paid: Those that it has paid, in the order of payment.
        searches: Searches that it made.
        messages: Messages that it wrote.
        refused: Payments of its that the platform refused.
        ended: Whether it has left the market.
    """

    acts_at: float = 0.0
    listens: bool = False
    found: Mapping[str, int] = field(default_factory=dict)
    contacts: frozenset[str] = frozenset()
    coming: tuple[Answer, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    paid: tuple[Proposal, ...] = ()
    searches: int = 0
    messages: int = 0
    refused: int = 0
    ended: bool = False

    @property
    def wakes_at(self) -> float:
        """Time of its next action."""
        if self.listens and self.coming:
            return max(self.acts_at, min(answer.arrives for answer in self.coming))
        return self.acts_at

    @property
    def spent_usd(self) -> float:
        """What it has paid in all."""
        return sum(one.total_usd for one in self.paid)


@dataclass(frozen=True, slots=True)
class Trade:
    """What a business has done so far.

    Attributes:
        proposals: Proposals that it made and the platform took.
        refused: Proposals of its that the platform refused.
        orders: Proposals of its that were paid.
        sold: Pieces sold by item.
    """

    proposals: int = 0
    refused: int = 0
    orders: int = 0
    sold: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarketState:
    """The state of a market.

    Attributes:
        time: The time that the market has reached.
        phase: Who acts now.
        customers: Dealings by customer, in the order of the catalogue.
        businesses: Trade by business, in the order of the catalogue; none where nothing happened.
        mail: Letters that wait by business, in the order in which they came.
        rewritten: Descriptions that businesses wrote anew.
    """

    time: float
    phase: Literal["opening", "customers", "businesses"]
    customers: Mapping[str, Dealings]
    businesses: Mapping[str, Trade] = field(default_factory=dict)
    mail: Mapping[str, tuple[Letter, ...]] = field(default_factory=dict)
    rewritten: Mapping[str, str] = field(default_factory=dict)

    def trade(self, business: str) -> Trade:
        """What a business has done so far."""
        return self.businesses.get(business, Trade())
