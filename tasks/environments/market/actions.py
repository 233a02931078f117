"""What customers and businesses can do, and what is illegal about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from schemas.base import Record
from schemas.environment import JsonValue
from schemas.errors import nearest
from tasks.environments.market.search import n_pages

#: Largest difference between a total and the sum of its items, in USD.
TOTAL_TOLERANCE_USD = 0.01


class Note(Record):
    """A message to one business."""

    to: str = Field(description="Identifier of the business.")
    text: str = Field(description="What to say.")


class CustomerAction(Record):
    """What a customer does in a round."""

    action: Literal["search", "ask", "pay", "wait", "end"] = Field(
        description="search for businesses; ask (write to) businesses; pay a proposal; wait for "
        "answers; end, when there is nothing left to do."
    )
    query: str = Field("", description="For search: what to look for.")
    page: int = Field(1, ge=1, description="For search: page of the results.")
    messages: tuple[Note, ...] = Field((), description="For ask: a message for each business.")
    proposal: str = Field("", description="For pay: identifier of the proposal.")


class OrderItem(Record):
    """A line of a proposal."""

    item: str = Field(description="Name of the item, as it stands on the menu.")
    quantity: int = Field(1, ge=1, description="How many.")
    unit_price: float = Field(ge=0, description="Price of one in USD.")


class Response(Record):
    """An answer to one customer: words, or an order proposal with words."""

    to: str = Field(description="Identifier of the customer.")
    text: str = Field("", description="What to say.")
    items: tuple[OrderItem, ...] = Field((), description="Items of a proposal; none for words.")
    total: float | None = Field(None, ge=0, description="Total price of the proposal in USD.")


class BusinessAction(Record):
    """What a business answers in a round."""

    replies: tuple[Response, ...] = Field(description="At most one answer for each customer.")


def customer_problem(state: JsonValue, customer: str, action: Mapping[str, Any]) -> str | None:
    """What is illegal about a customer's action, in words that it can act on; or nothing."""
    match action["action"]:
        case "search":
            return _search_problem(state, action)
        case "ask":
            return _ask_problem(state, action["messages"])
        case "pay":
            return _pay_problem(state, customer, action["proposal"])
        case _:
            return None


def _search_problem(state: JsonValue, action: Mapping[str, Any]) -> str | None:
    setup = state["setup"]
    pages = n_pages(len(setup["businesses"]), setup["search_limit"])
    if not action["query"].strip():
        return "a search needs a query"
    return f"there are only {pages} pages of results" if action["page"] > pages else None


def _ask_problem(state: JsonValue, messages: Iterable[Mapping[str, Any]]) -> str | None:
    known = state["setup"]["businesses"]
    recipients = [message["to"] for message in messages]
    if not recipients:
        return "ask needs at least one message"
    for message in messages:
        if message["to"] not in known:
            return _unknown("business", message["to"], known)
        if not message["text"].strip():
            return f"the message to {message['to']} is empty"
    return _twice(recipients)


def _pay_problem(state: JsonValue, customer: str, name: str) -> str | None:
    proposals = state["proposals"]
    mine = [key for key, one in proposals.items() if one["customer"] == customer]
    if name not in mine:
        return _unknown("proposal to you", name, mine)
    return f"proposal {name} is paid already" if proposals[name]["paid"] else None


def business_problem(state: JsonValue, business: str, action: Mapping[str, Any]) -> str | None:
    """What is illegal about a business's answers, in words that it can act on; or nothing."""
    inbox = state["mail"].get(business, ())
    menu = state["setup"]["businesses"][business]["menu_features"]
    for reply in action["replies"]:
        if reply["to"] not in inbox:
            return _unknown("customer who wrote to you in this round", reply["to"], inbox)
        problem = _proposal_problem(reply, menu)
        if problem:
            return f"answer to {reply['to']}: {problem}"
    return _twice([reply["to"] for reply in action["replies"]])


def _proposal_problem(reply: Mapping[str, Any], menu: Mapping[str, float]) -> str | None:
    if not reply["items"]:
        if reply["total"] is not None:
            return "a proposal needs items"
        return None if reply["text"].strip() else "it says nothing"
    for line in reply["items"]:
        if line["item"] not in menu:
            return _unknown("item on your menu", line["item"], menu)
    total = sum(line["quantity"] * line["unit_price"] for line in reply["items"])
    if reply["total"] is None or abs(reply["total"] - total) >= TOTAL_TOLERANCE_USD:
        return f"total is {reply['total']}, but the items add up to {total:.2f}"
    return None


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    close = nearest(name, known)
    return f"no {what}: {name!r}" + (f"; did you mean {close!r}?" if close else "")


def _twice(names: list[str]) -> str | None:
    twice = next((name for name in names if names.count(name) > 1), None)
    return f"{twice} is addressed twice; one message each" if twice else None
