"""The one rule of what fits a customer, used by search, cards, scores and simulated customers.

Items fit if every requested one is among them; more may be. A business fits if it offers every
required amenity as well. Extra items, quantities and prices play no part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from schemas.market import Business, Customer


def covers(items: Collection[str], wanted: Iterable[str]) -> bool:
    """Whether every wanted item is among the items.

    Example:
        >>> covers(["bun", "pie"], ["bun"]), covers(["bun"], ["bun", "pie"])
        (True, False)
    """
    return all(item in items for item in wanted)


def has_amenities(offered: Mapping[str, bool], required: Iterable[str]) -> bool:
    """Whether every required amenity is offered; one that is not mentioned is not.

    Example:
        >>> has_amenities({"delivery": True}, ["delivery"]), has_amenities({}, ["delivery"])
        (True, False)
    """
    return all(offered.get(name, False) for name in required)


def fits(customer: Customer, business: Business, items: Collection[str]) -> bool:
    """Whether a proposal of these items by that business meets a customer's request.

    Args:
        customer: Who requests.
        business: Who offers.
        items: Names of the items offered; those that are not on the menu do not count.
    """
    offered = set(items) & set(business.menu_features)
    return covers(offered, customer.menu_features) and has_amenities(
        business.amenity_features, customer.amenity_features
    )


class Sellers:
    """Who sells what, looked up by item.

    Args:
        businesses: The businesses of a market.
    """

    def __init__(self, businesses: Iterable[Business]) -> None:
        self._businesses = tuple(businesses)
        self._by_item: dict[str, list[int]] = {}
        for place, business in enumerate(self._businesses):
            for item in business.menu_features:
                self._by_item.setdefault(item, []).append(place)

    def of_all(self, items: Iterable[str]) -> list[int]:
        """Places of the businesses whose menus cover these items, in order."""
        wanted = list(items)
        if not wanted:
            return list(range(len(self._businesses)))
        rarest = min((self._by_item.get(item, []) for item in wanted), key=len)
        return [at for at in rarest if covers(self._businesses[at].menu_features, wanted)]
