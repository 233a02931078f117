"""What customers and businesses can do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Record
from tasks.environments.market.search.query import Filters


class Note(Record):
    """A message to one business."""

    to: str = Field(description="Identifier of the business.")
    text: str = Field(description="What to say.")


class CustomerAction(Record):
    """What a customer does."""

    action: Literal["search", "ask", "pay", "wait", "end"] = Field(
        description="search for businesses; ask (write to) businesses; pay a proposal; wait for "
        "answers; end, when there is nothing left to do."
    )
    query: str = Field("", description="For search: what to look for.")
    page: int = Field(1, ge=1, description="For search: page of the results.")
    messages: tuple[Note, ...] = Field((), description="For ask: a message for each business.")
    proposal: str = Field("", description="For pay: identifier of the proposal.")


class FilteringAction(CustomerAction):
    """What a customer does where a search takes filters."""

    filters: Filters = Field(Filters(), description="For search: what a business must have.")


class OrderItem(Record):
    """A line of a proposal."""

    item: str = Field(description="Name of the item, as it stands on the menu.")
    quantity: int = Field(1, ge=1, le=1000, description="How many.")
    unit_price: float = Field(ge=0, description="Price of one in USD.")


class BusinessAction(Record):
    """An answer to a customer: words, or an order proposal with words; empty for no answer."""

    text: str = Field("", description="What to say.")
    items: tuple[OrderItem, ...] = Field((), description="Items of a proposal; none for words.")
    total: float | None = Field(None, ge=0, description="Total price of the proposal in USD.")
