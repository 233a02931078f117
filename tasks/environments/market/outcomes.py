"""Outcomes of a market: of every customer, every business, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.environment import Scope
from schemas.market import Catalogue, Customer
from tasks.environments.market.state import Dealings, MarketState
from tasks.environments.market.welfare import baselines, fits, utility_usd, value_usd, welfare_usd

Results = dict[tuple[Scope, str], dict[str, float | str | None]]


class Scores:
    """Scores what came of the market of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._businesses = {one.id: one for one in catalogue.businesses}

    def of(self, state: MarketState) -> Results:
        """What came of a market, in USD where not counts or shares.

        Of a customer: ``utility``, ``value`` (of its request, 0 if not met), ``spent``, ``paid``
        (payments), ``needs_met``, ``proposals_received``, ``first_proposal_accepted`` (of its
        first payment; missing if it paid nothing). Of a business: ``revenue``, ``orders``. Of the
        episode: ``welfare``, ``revenue``, shares of customers, ``first_proposal_share`` among
        customers who paid and had at least two proposals, and the baselines with
        ``optimal_share`` = welfare / optimal welfare.
        """
        mine = {
            one.id: self._of_customer(one, state.customers[one.id])
            for one in self._catalogue.customers
        }
        sold: dict[str, list[float]] = {name: [] for name in self._businesses}
        for dealings in state.customers.values():
            for proposal in dealings.paid:
                sold[proposal.business].append(proposal.total_usd)
        return {
            **{("seat", name): values for name, values in mine.items()},
            **{
                ("seat", name): {"revenue": sum(totals), "orders": len(totals)}
                for name, totals in sold.items()
            },
            ("episode", ""): self._of_episode(mine),
        }

    def _of_customer(self, customer: Customer, dealings: Dealings) -> dict[str, float | str | None]:
        bought = dealings.paid
        met = any(
            fits(customer, self._businesses[one.business], [line.item for line in one.items])
            for one in bought
        )
        spent = [one.total_usd for one in bought]
        return {
            "utility": utility_usd(customer, met, spent),
            "value": value_usd(customer) if met else 0.0,
            "spent": sum(spent),
            "paid": len(bought),
            "needs_met": float(met),
            "proposals_received": len(dealings.proposals),
            "first_proposal_accepted": float(bought[0].position == 1) if bought else None,
        }

    def _of_episode(
        self, customers: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, float | str | None]:
        welfare = welfare_usd({name: one["utility"] for name, one in customers.items()})
        choosing = [
            one["first_proposal_accepted"]
            for one in customers.values()
            if one["paid"] and one["proposals_received"] > 1
        ]
        base = baselines(self._catalogue)
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
