"""What is malformed about an action, in words that a model can act on; it is asked again.

Proposals and payments that are well formed are for the platform to refuse (``platform``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from schemas.errors import nearest
from tasks.environments.market.actions import BusinessAction, CustomerAction, Note

#: Longest description that a business may write, in characters.
MAX_DESCRIPTION = 2000


def customer_problem(
    action: CustomerAction, businesses: Collection[str], *, needs_query: bool
) -> str | None:
    """What is malformed about a customer's action; or ``None``.

    Args:
        action: What it wants to do.
        businesses: Identifiers of all businesses.
        needs_query: Whether a search goes by its words.
    """
    match action.action:
        case "search":
            missing = needs_query and not action.query.strip()
            return "a search needs a query" if missing else None
        case "ask":
            return _ask_problem(action.messages, businesses)
        case "pay":
            return None if action.proposal.strip() else "pay needs the identifier of a proposal"
        case _:
            return None


def _ask_problem(messages: Sequence[Note], businesses: Collection[str]) -> str | None:
    if not messages:
        return "ask needs at least one message"
    names = [message.to for message in messages]
    for message in messages:
        if message.to not in businesses:
            close = nearest(message.to, businesses)
            unknown = f"there is no business {message.to!r}"
            return f"{unknown}; did you mean {close!r}?" if close else unknown
        if not message.text.strip():
            return f"the message to {message.to} is empty"
        if names.count(message.to) > 1:
            return f"{message.to} is addressed twice; one message each"
    return None


def business_problem(action: BusinessAction) -> str | None:
    """What is malformed about a business's answer; or ``None``."""
    if action.items:
        return "a proposal needs a total" if action.total is None else None
    return None if action.total is None else "a proposal needs items"


def description_problem(text: str) -> str | None:
    """What is malformed about a description; or ``None``."""
    if not text:
        return "the description is empty"
    if len(text) > MAX_DESCRIPTION:
        return f"the description has {len(text)} characters; {MAX_DESCRIPTION} at most"
    return None
