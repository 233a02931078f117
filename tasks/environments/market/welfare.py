"""Utility, welfare and the baselines of a market: pure formulas over a catalogue.

With I_c the items that customer c requests and r_i their reference prices, its utility is

    U_c = 2 · Σ_{i in I_c} r_i · 1[a paid proposal fits] − Σ_{paid} total price

where ``fit`` says what fits; so value counts once and every payment counts. Welfare is the sum over
customers. Source: Magentic Marketplace, ``run_analytics.py`` and ``baseline_utilities.py``
(microsoft/multi-agent-marketplace, MIT; arXiv 2510.25779).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.market import Catalogue, Customer
from tasks.environments.market.fit import Sellers, has_amenities


@dataclass(frozen=True, slots=True)
class Option:
    """What buying everything at one business would mean for a customer, at menu prices.

    Attributes:
        price_usd: What it costs.
        utility_usd: The customer's utility.
        fits: Whether the business has the required amenities as well.
    """

    price_usd: float
    utility_usd: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Baselines:
    """Welfare in USD if customers chose by simple rules among businesses with all their items.

    Attributes:
        optimal: Everyone takes the best.
        cheapest: Everyone takes the cheapest with all items, which may lack an amenity.
        cheapest_fitting: Everyone takes the cheapest that has the amenities as well.
        random: Expected value of taking any.
        random_fitting: Expected value of taking any that has the amenities as well.
        servable: Share of the customers for whom some business has all items and amenities.
    """

    optimal: float
    cheapest: float
    cheapest_fitting: float
    random: float
    random_fitting: float
    servable: float


def value_usd(customer: Customer) -> float:
    """What having its request met is worth to a customer: twice its reference prices."""
    return 2 * sum(customer.menu_features.values())


def utility_usd(customer: Customer, met: bool, payments_usd: Iterable[float]) -> float:
    """The utility of a customer.

    Args:
        customer: The customer.
        met: Whether a paid proposal fits.
        payments_usd: Total prices of all that it paid.

    Example:
        >>> taco = Customer(id="c", name="C", request="a taco", menu_features={"taco": 4.0},
        ...                 amenity_features=())
        >>> utility_usd(taco, True, [3.0])
        5.0
    """
    return (value_usd(customer) if met else 0.0) - sum(payments_usd)


def options(
    customer: Customer, catalogue: Catalogue, sellers: Sellers | None = None
) -> tuple[Option, ...]:
    """A customer's options: the businesses with every item that it requests.

    Args:
        customer: The customer.
        catalogue: The market.
        sellers: Its businesses by item, where that is known already.
    """
    found = []
    for at in (sellers or Sellers(catalogue.businesses)).of_all(customer.menu_features):
        business = catalogue.businesses[at]
        price = sum(business.menu_features[item] for item in customer.menu_features)
        met = has_amenities(business.amenity_features, customer.amenity_features)
        found.append(Option(price, utility_usd(customer, met, [price]), met))
    return tuple(found)


def baselines(catalogue: Catalogue) -> Baselines:
    """The baselines, computed exactly; customers without an option count 0."""
    sellers = Sellers(catalogue.businesses)
    each = [options(customer, catalogue, sellers) for customer in catalogue.customers]
    fitting = [tuple(one for one in choices if one.fits) for choices in each]
    return Baselines(
        optimal=sum(max((one.utility_usd for one in choices), default=0.0) for choices in each),
        cheapest=sum(_cheapest(choices) for choices in each),
        cheapest_fitting=sum(_cheapest(choices) for choices in fitting),
        random=sum(_mean(choices) for choices in each),
        random_fitting=sum(_mean(choices) for choices in fitting),
        servable=sum(bool(choices) for choices in fitting) / len(each),
    )


def _cheapest(choices: tuple[Option, ...]) -> float:
    if not choices:
        return 0.0
    return min(choices, key=lambda one: one.price_usd).utility_usd


def _mean(choices: tuple[Option, ...]) -> float:
    return sum(one.utility_usd for one in choices) / len(choices) if choices else 0.0
