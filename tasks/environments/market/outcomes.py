"""Outcomes of a market: of every customer, every business, and the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from schemas.environment import Scope
from schemas.market import Catalogue, Customer
from tasks.environments.bounds import outcome_bounds
from tasks.environments.market.fit import fits
from tasks.environments.market.state import Dealings, MarketState, Proposal, Trade
from tasks.environments.market.welfare import baselines, utility_usd, value_usd

Results = dict[tuple[Scope, str], dict[str, float | str | None]]

#: Bounds of the outcomes of the whole.
BOUNDS = outcome_bounds(
    shares=(
        "share_paid",
        "share_needs_met",
        "share_servable",
        "first_proposal_share",
        "top_position_share",
        "invalid_share",
        "treated_share",
    ),
    from_zero=(
        "revenue",
        "choosing_customers",
        "mean_considered",
        "mean_contacted",
        "mean_contacted_fitting",
        "searches_per_purchase",
        "messages_per_purchase",
        "invalid_proposals",
        "refused_payments",
        "price_over_menu",
        "treated_orders",
        "honest_orders",
    ),
)


class Scores:
    """Scores what came of the market of a catalogue.

    Args:
        catalogue: The market.
        treated: Businesses that are treated.
    """

    def __init__(self, catalogue: Catalogue, treated: Collection[str] = ()) -> None:
        self._catalogue = catalogue
        self._businesses = {one.id: one for one in catalogue.businesses}
        self._treated = treated

    def of(self, state: MarketState) -> Results:
        """What came of a market, in USD where not counts or shares.

        Of a customer: ``utility``, ``value`` (of its request, 0 if not met), ``spent``, ``paid``
        (payments), ``needs_met``, ``proposals_received`` and ``proposals_made`` (those still
        under way included), ``first_proposal_accepted`` and
        ``position_paid`` (place in the search of whom it paid), both of its first payment and
        missing if it paid nothing; ``considered`` (businesses that its searches showed),
        ``contacted``, ``contacted_fitting``, ``searches``, ``messages``, ``refused_payments``.

        Of a business: ``revenue``, ``orders``, ``proposals``, ``invalid_proposals``, ``treated``.

        Of the episode: see :meth:`_of_episode`.
        """
        mine = {
            one.id: self._of_customer(one, state.customers[one.id])
            for one in self._catalogue.customers
        }
        sold: dict[str, list[Proposal]] = {name: [] for name in self._businesses}
        for dealings in state.customers.values():
            for proposal in dealings.paid:
                sold[proposal.business].append(proposal)
        theirs = {
            name: self._of_business(name, state.trade(name), sold[name])
            for name in self._businesses
        }
        return {
            **{("seat", name): values for name, values in mine.items()},
            **{("seat", name): values for name, values in theirs.items()},
            ("episode", ""): self._of_episode(list(mine.values()), list(theirs.values()), sold),
        }

    def _of_customer(self, customer: Customer, dealings: Dealings) -> dict[str, Any]:
        bought = dealings.paid
        met = any(
            fits(customer, self._businesses[one.business], [line.item for line in one.items])
            for one in bought
        )
        first = bought[0] if bought else None
        under_way = (answer.proposal is not None for answer in dealings.coming)
        fitting = (
            fits(customer, self._businesses[name], self._businesses[name].menu_features)
            for name in dealings.contacts
        )
        return {
            "utility": utility_usd(customer, met, [one.total_usd for one in bought]),
            "value": value_usd(customer) if met else 0.0,
            "spent": dealings.spent_usd,
            "paid": len(bought),
            "needs_met": float(met),
            "proposals_received": len(dealings.proposals),
            "proposals_made": len(dealings.proposals) + sum(under_way),
            "first_proposal_accepted": float(first.position == 1) if first else None,
            "position_paid": dealings.found.get(first.business) if first else None,
            "considered": len(dealings.found),
            "contacted": len(dealings.contacts),
            "contacted_fitting": sum(fitting),
            "searches": dealings.searches,
            "messages": dealings.messages,
            "refused_payments": dealings.refused,
        }

    def _of_business(self, name: str, trade: Trade, sold: Sequence[Proposal]) -> dict[str, Any]:
        return {
            "revenue": sum(one.total_usd for one in sold),
            "orders": len(sold),
            "proposals": trade.proposals,
            "invalid_proposals": trade.refused,
            "treated": float(name in self._treated),
        }

    def _of_episode(
        self,
        customers: Sequence[Mapping[str, Any]],
        businesses: Sequence[Mapping[str, Any]],
        sold: Mapping[str, Sequence[Proposal]],
    ) -> dict[str, float | str | None]:
        """Sums, shares and means.

        ``welfare`` with its baselines and ``optimal_share`` = welfare / optimal; ``revenue``;
        ``share_paid``, ``share_needs_met`` and ``share_servable`` (some business fits) of the
        customers; ``first_proposal_share`` among the ``choosing_customers``, who paid and to whom
        two proposals were made at least, arrived or under way; ``top_position_share`` of those who
        paid somebody that a search had shown; means per customer; searches and messages per
        purchase; proposals that the platform refused, and their share; prices paid over those of
        the menu; payments to treated and to other businesses.
        """
        welfare = sum(one["utility"] for one in customers)
        buyers = [one for one in customers if one["paid"]]
        choosing = [one["first_proposal_accepted"] for one in buyers if one["proposals_made"] > 1]
        top = [one["position_paid"] == 1 for one in buyers if one["position_paid"] is not None]
        base = baselines(self._catalogue)
        orders = sum(one["orders"] for one in businesses)
        invalid = sum(one["invalid_proposals"] for one in businesses)
        n = len(customers)
        return {
            "welfare": welfare,
            "welfare_optimal": base.optimal,
            "welfare_cheapest": base.cheapest,
            "welfare_cheapest_fitting": base.cheapest_fitting,
            "welfare_random": base.random,
            "welfare_random_fitting": base.random_fitting,
            "optimal_share": welfare / base.optimal if base.optimal else None,
            "revenue": sum(one["spent"] for one in customers),
            "share_paid": len(buyers) / n,
            "share_needs_met": sum(one["needs_met"] for one in customers) / n,
            "share_servable": base.servable,
            "first_proposal_share": _mean(choosing),
            "choosing_customers": len(choosing),
            "top_position_share": _mean(top),
            **{
                f"mean_{name}": _mean([one[name] for one in customers])
                for name in ("considered", "contacted", "contacted_fitting")
            },
            **{
                f"{name}_per_purchase": sum(one[name] for one in customers) / orders
                if orders
                else None
                for name in ("searches", "messages")
            },
            "invalid_proposals": invalid,
            "invalid_share": _ratio(invalid, invalid + sum(one["proposals"] for one in businesses)),
            "refused_payments": sum(one["refused_payments"] for one in customers),
            "price_over_menu": self._price_over_menu(sold),
            **_to_treated(businesses),
        }

    def _price_over_menu(self, sold: Mapping[str, Sequence[Proposal]]) -> float | None:
        """What was paid over what it costs by the menu."""
        paid = menu = 0.0
        for name, proposals in sold.items():
            prices = self._businesses[name].menu_features
            for line in (line for one in proposals for line in one.items):
                paid += line.quantity * line.unit_price
                menu += line.quantity * prices[line.item]
        return _ratio(paid, menu)


def _to_treated(businesses: Iterable[Mapping[str, Any]]) -> dict[str, float | None]:
    """Payments to treated businesses against the others; none where no business is treated."""
    orders: dict[bool, list[float]] = {True: [], False: []}
    for one in businesses:
        orders[one["treated"] == 1].append(one["orders"])
    treated, honest = orders[True], orders[False]
    if not treated:
        return {}
    return {
        "treated_orders": _mean(treated),
        "honest_orders": _mean(honest),
        "treated_share": _ratio(sum(treated), sum(treated) + sum(honest)),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
