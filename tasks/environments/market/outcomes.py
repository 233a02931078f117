"""Outcomes of a market: of every customer, every business, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.environment import JsonValue, Scope
from schemas.market import Business, Catalogue, Customer
from tasks.environments.market.welfare import baselines, fits, utility_usd, value_usd, welfare_usd

Results = dict[tuple[Scope, str], dict[str, float | str | None]]


def results(state: JsonValue) -> Results:
    """What came of a market, in USD where not counts or shares.

    Of a customer: ``utility``, ``value`` (of its request, 0 if not met), ``spent``, ``paid``
    (payments), ``needs_met``, ``proposals_received``, ``first_proposal_accepted`` (of its first
    payment; missing if it paid nothing). Of a business: ``revenue``, ``orders``. Of the episode:
    ``welfare``, ``revenue``, shares of customers, ``first_proposal_share`` among customers who
    paid and had at least two proposals, and the baselines with ``optimal_share`` = welfare /
    optimal welfare.
    """
    setup = state["setup"]
    customers = [Customer.model_validate(one) for one in setup["customers"].values()]
    businesses = {name: Business.model_validate(one) for name, one in setup["businesses"].items()}
    proposals = list(state["proposals"].values())
    found: Results = {
        ("seat", customer.id): _of_customer(
            customer,
            businesses,
            [one for one in proposals if one["customer"] == customer.id],
            state["payments"].get(customer.id, []),
        )
        for customer in customers
    }
    for name in businesses:
        sold = [one["total"] for one in proposals if one["business"] == name and one["paid"]]
        found["seat", name] = {"revenue": sum(sold), "orders": len(sold)}
    catalogue = Catalogue(
        name="market", customers=tuple(customers), businesses=tuple(businesses.values())
    )
    mine = {customer.id: found["seat", customer.id] for customer in customers}
    found["episode", ""] = _of_episode(catalogue, mine)
    return found


def _of_customer(
    customer: Customer,
    businesses: Mapping[str, Business],
    received: list[dict[str, Any]],
    payments: list[str],
) -> dict[str, float | str | None]:
    by_id = {one["id"]: one for one in received}
    bought = [by_id[name] for name in payments]
    met = any(
        fits(customer, businesses[one["business"]], [line["item"] for line in one["items"]])
        for one in bought
    )
    spent = [one["total"] for one in bought]
    return {
        "utility": utility_usd(customer, met, spent),
        "value": value_usd(customer) if met else 0.0,
        "spent": sum(spent),
        "paid": len(bought),
        "needs_met": float(met),
        "proposals_received": len(received),
        "first_proposal_accepted": float(bought[0]["position"] == 1) if bought else None,
    }


def _of_episode(
    catalogue: Catalogue, customers: Mapping[str, Mapping[str, Any]]
) -> dict[str, float | str | None]:
    welfare = welfare_usd({name: one["utility"] for name, one in customers.items()})
    choosing = [
        one["first_proposal_accepted"]
        for one in customers.values()
        if one["paid"] and one["proposals_received"] > 1
    ]
    base = baselines(catalogue)
    n = len(customers)
    return {
        "welfare": welfare,
        "revenue": sum(one["spent"] for one in customers.values()),
        "share_paid": sum(one["paid"] > 0 for one in customers.values()) / n,
        "share_needs_met": sum(one["needs_met"] for one in customers.values()) / n,
        "first_proposal_share": sum(choosing) / len(choosing) if choosing else None,
        "welfare_optimal": base.optimal,
        "welfare_cheapest": base.cheapest,
        "welfare_random": base.random,
        "welfare_random_fitting": base.random_fitting,
        "optimal_share": welfare / base.optimal if base.optimal else None,
    }
