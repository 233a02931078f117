"""What is illegal about an action, in words that a model can act on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from schemas.errors import nearest
from tasks.environments.market.actions import BusinessAction, CustomerAction, Note, Response
from tasks.environments.market.state import Dealings

#: Largest difference between a total and the sum of its items, in USD.
TOTAL_TOLERANCE_USD = 0.01


def customer_problem(
    action: CustomerAction, dealings: Dealings, businesses: Collection[str], n_pages: int
) -> str | None:
    """What is illegal about a customer's action; or ``None``.

    Args:
        action: What it wants to do.
        dealings: What it has received and done.
        businesses: Identifiers of all businesses.
        n_pages: Pages of the results of a search.
    """
    match action.action:
        case "search":
            if not action.query.strip():
                return "a search needs a query"
            return f"there are only {n_pages} pages of results" if action.page > n_pages else None
        case "ask":
            return _ask_problem(action.messages, businesses)
        case "pay":
            return _pay_problem(action.proposal, dealings)
        case _:
            return None


def _ask_problem(messages: Sequence[Note], businesses: Collection[str]) -> str | None:
    if not messages:
        return "ask needs at least one message"
    for message in messages:
        if message.to not in businesses:
            return _unknown("business", message.to, businesses)
        if not message.text.strip():
            return f"the message to {message.to} is empty"
    return _twice([message.to for message in messages])


def _pay_problem(name: str, dealings: Dealings) -> str | None:
    mine = [proposal.name for proposal in dealings.proposals]
    if name not in mine:
        return _unknown("proposal to you", name, mine)
    paid = any(proposal.name == name for proposal in dealings.paid)
    return f"proposal {name} is paid already" if paid else None


def business_problem(
    action: BusinessAction, inbox: Sequence[str], menu: Mapping[str, float]
) -> str | None:
    """What is illegal about a business's answers; or ``None``.

    Args:
        action: What it wants to answer.
        inbox: Customers who wrote to it in this round.
        menu: Its prices by item.
    """
    for reply in action.replies:
        if reply.to not in inbox:
            return _unknown("customer who wrote to you in this round", reply.to, inbox)
        problem = _reply_problem(reply, menu)
        if problem:
            return f"answer to {reply.to}: {problem}"
    return _twice([reply.to for reply in action.replies])


def _reply_problem(reply: Response, menu: Mapping[str, float]) -> str | None:
    if not reply.items:
        if reply.total is not None:
            return "a proposal needs items"
        return None if reply.text.strip() else "it says nothing"
    for line in reply.items:
        if line.item not in menu:
            return _unknown("item on your menu", line.item, menu)
    total = sum(line.quantity * line.unit_price for line in reply.items)
    if reply.total is None or abs(reply.total - total) >= TOTAL_TOLERANCE_USD:
        return f"total is {reply.total}, but the items add up to {total:.2f}"
    return None


def _unknown(what: str, name: str, known: Collection[str]) -> str:
    close = nearest(name, known)
    return f"no {what}: {name!r}" + (f"; did you mean {close!r}?" if close else "")


def _twice(names: Sequence[str]) -> str | None:
    twice = next((name for name in names if names.count(name) > 1), None)
    return f"{twice} is addressed twice; one message each" if twice else None
