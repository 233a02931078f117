"""What customers' and businesses' actions do to the state of a market.

Every function gives what changes and the events, and leaves the state that it is handed alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from schemas.environment import Action, Event, JsonValue
from tasks.environments.market.search import n_pages, ranked


def after_customers(
    state: JsonValue, actions: Mapping[str, Action], rng: random.Random
) -> tuple[JsonValue, list[Event]]:
    """The state after all customers have acted at once, and what happened.

    Args:
        state: The state that they acted in.
        actions: What they did, by seat.
        rng: Draws the order of arrival, where that is shuffled.
    """
    events: list[Event] = []
    active = list(state["active"])
    proposals = dict(state["proposals"])
    payments = dict(state["payments"])
    mail: dict[str, list[str]] = {}
    for customer, action in actions.items():
        value = action.value
        match value["action"]:
            case "search":
                events.extend(_searched(state, customer, value["query"], value["page"]))
            case "ask":
                for note in value["messages"]:
                    mail.setdefault(note["to"], []).append(customer)
                    events.append(_said(customer, note["to"], note["text"], "customers"))
            case "pay":
                paid = {**proposals[value["proposal"]], "paid": True}
                proposals[paid["id"]] = paid
                payments[customer] = [*payments.get(customer, ()), paid["id"]]
                events.extend(_paid(state, paid))
            case "wait":
                events.append(_quiet(customer, "wait"))
            case "end":
                active.remove(customer)
                events.append(Event("end", customer, phase="customers", visible_to=(customer,)))
    if state["setup"]["arrival"] == "shuffled":
        for inbox in mail.values():
            rng.shuffle(inbox)
    changed = {"active": active, "proposals": proposals, "payments": payments, "mail": mail}
    return {**state, **changed}, events


def after_businesses(
    state: JsonValue, actions: Mapping[str, Action], rng: random.Random
) -> tuple[JsonValue, list[Event]]:
    """The state after all businesses with mail have answered at once, and what happened.

    Answers reach each customer in the order of seats or in one that is drawn; a proposal's place
    among all that the customer has received is its position.
    """
    arriving: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for business, action in actions.items():
        for reply in action.value["replies"]:
            arriving.setdefault(reply["to"], []).append((business, reply))
    events: list[Event] = []
    proposals = dict(state["proposals"])
    received = dict(state["received"])
    for customer in state["active"]:
        inbox = arriving.get(customer, [])
        if state["setup"]["arrival"] == "shuffled":
            rng.shuffle(inbox)
        for business, reply in inbox:
            if not reply["items"]:
                events.append(_said(business, customer, reply["text"], "businesses"))
                continue
            received[customer] += 1
            name = f"{business}_{customer}_{_number(proposals, business, customer)}"
            proposals[name] = {
                "id": name,
                "business": business,
                "customer": customer,
                "items": [dict(line) for line in reply["items"]],
                "total": reply["total"],
                "position": received[customer],
                "round": state["round"],
                "paid": False,
            }
            events.append(_offered(proposals[name], reply["text"]))
    return {**state, "mail": {}, "proposals": proposals, "received": received}, events


def _number(proposals: Mapping[str, Any], business: str, customer: str) -> int:
    mine = [
        one
        for one in proposals.values()
        if one["business"] == business and one["customer"] == customer
    ]
    return 1 + len(mine)


def _quiet(seat: str, item: str) -> Event:
    return Event("ask", seat, item=item, phase="customers", visible_to=(seat,))


def _said(actor: str, target: str, text: str, phase: str) -> Event:
    return Event("say", actor, target=target, text=text, phase=phase, visible_to=(actor, target))


def _offered(proposal: Mapping[str, Any], text: str) -> Event:
    return Event(
        "offer",
        proposal["business"],
        target=proposal["customer"],
        item=proposal["id"],
        value=proposal["total"],
        text=text,
        data={"position": proposal["position"], "items": proposal["items"]},
        phase="businesses",
        visible_to=(proposal["business"], proposal["customer"]),
    )


def _paid(state: JsonValue, proposal: Mapping[str, Any]) -> list[Event]:
    customer, business, total = proposal["customer"], proposal["business"], proposal["total"]
    both = (customer, business)
    shared = {"transaction": f"payment of {proposal['id']}", "net": True}
    return [
        Event(
            "choose",
            customer,
            target=business,
            item=proposal["id"],
            value=total,
            data={
                "position": proposal["position"],
                "n_alternatives": state["received"][customer],
            },
            phase="customers",
            visible_to=both,
        ),
        *(
            Event(
                "transfer",
                actor,
                target=target,
                item=proposal["id"],
                value=value,
                data=shared,
                phase="customers",
                visible_to=both,
            )
            for actor, target, value in ((customer, business, -total), (business, customer, total))
        ),
    ]


def _searched(state: JsonValue, customer: str, query: str, page: int) -> list[Event]:
    setup = state["setup"]
    businesses = list(setup["businesses"].values())
    limit = setup["search_limit"]
    pages = n_pages(len(businesses), limit)
    first = (page - 1) * limit
    asked = {"page": page, "n_pages": pages}
    return [
        Event(
            "ask",
            customer,
            item="search",
            text=query,
            data=asked,
            phase="customers",
            visible_to=(customer,),
        ),
        *(
            Event(
                "state",
                "env",
                target=customer,
                item=businesses[index]["id"],
                value=score,
                text=businesses[index]["description"],
                data={
                    **asked,
                    "position": first + place,
                    "name": businesses[index]["name"],
                    "rating": businesses[index]["rating"],
                },
                phase="customers",
                visible_to=(customer,),
            )
            for place, (score, index) in enumerate(
                ranked(query, businesses)[first : first + limit], start=1
            )
        ),
    ]
