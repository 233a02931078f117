"""Utility, welfare and the baselines of a market: pure formulas over a catalogue.

With I_c the items that customer c requests, r_i their reference prices and A_c its required
amenities, a purchase fits if it holds every item of I_c, all on the menu of a business that offers
all of A_c. The customer's utility is

    U_c = 2 · Σ_{i in I_c} r_i · 1[a paid proposal fits] − Σ_{paid} total price

so value counts once and every payment counts. Welfare is the sum over customers. Source: Magentic
Marketplace, ``run_analytics.py`` and ``baseline_utilities.py`` (microsoft/multi-agent-marketplace,
MIT; arXiv 2510.25779), with the containment rule for items throughout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from schemas.market import Business, Catalogue, Customer


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
        cheapest: Everyone takes the cheapest, which may lack an amenity.
        random: Expected value of taking any.
        random_fitting: Expected value of taking any that has the amenities as well.
    """

    optimal: float
    cheapest: float
    random: float
    random_fitting: float


def value_usd(customer: Customer) -> float:
    """What having its request met is worth to a customer: twice its reference prices."""
    return 2 * sum(customer.menu_features.values())


def has_amenities(customer: Customer, business: Business) -> bool:
    """Whether a business offers every amenity that a customer requires."""
    return all(business.amenity_features.get(name, False) for name in customer.amenity_features)


def fits(customer: Customer, business: Business, items: Collection[str]) -> bool:
    """Whether a proposal of these items by that business meets a customer's request.

    Args:
        customer: Who requests.
        business: Who offers.
        items: Names of the items offered; those that are not on the menu do not count.
    """
    offered = set(items) & set(business.menu_features)
    return set(customer.menu_features) <= offered and has_amenities(customer, business)


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


def options(customer: Customer, catalogue: Catalogue) -> tuple[Option, ...]:
    """A customer's options: the businesses with every item that it requests."""
    wanted = customer.menu_features
    found = []
    for business in catalogue.businesses:
        menu = business.menu_features
        if all(item in menu for item in wanted):
            price = sum(menu[item] for item in wanted)
            met = has_amenities(customer, business)
            found.append(Option(price, utility_usd(customer, met, [price]), met))
    return tuple(found)


def baselines(catalogue: Catalogue) -> Baselines:
    """The four baselines, computed exactly; customers without an option count 0."""
    each = [options(customer, catalogue) for customer in catalogue.customers]
    fitting = [tuple(one for one in choices if one.fits) for choices in each]
    return Baselines(
        optimal=sum(max((one.utility_usd for one in choices), default=0.0) for choices in each),
        cheapest=sum(_cheapest(choices) for choices in each),
        random=sum(_mean(choices) for choices in each),
        random_fitting=sum(_mean(choices) for choices in fitting),
    )


def welfare_usd(utilities_usd: Mapping[str, float]) -> float:
    """The sum of the customers' utilities."""
    return sum(utilities_usd.values())


def _cheapest(choices: tuple[Option, ...]) -> float:
    if not choices:
        return 0.0
    return min(choices, key=lambda one: one.price_usd).utility_usd


def _mean(choices: tuple[Option, ...]) -> float:
    return sum(one.utility_usd for one in choices) / len(choices) if choices else 0.0
