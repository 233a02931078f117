"""What the platform limits besides; nothing, unless a study says so."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Record
from schemas.market import Business, Customer


class Limits(Record):
    """Stock, capacity, budgets, a negotiation floor and the expiry of proposals."""

    stock: int | None = Field(
        None, ge=0, description="Pieces of each item that a business has; none: no end of them."
    )
    capacity: int | None = Field(
        None, ge=0, description="Orders that a business can take; none: any number."
    )
    budget: float | None = Field(
        None,
        ge=0,
        description="What a customer can spend in all, as a share of the reference prices of its "
        "request; none: any amount.",
    )
    floor: bool = Field(
        False,
        description="Whether no unit price may be below min_price_factor of the business times its "
        "menu price.",
    )
    expiry: float | None = Field(
        None,
        gt=0,
        description="Units of time after which a proposal that has arrived can no longer be paid; "
        "none: it never expires.",
    )

    def budget_usd(self, customer: Customer) -> float | None:
        """What a customer can spend in all."""
        if self.budget is None:
            return None
        return round(self.budget * sum(customer.menu_features.values()), 2)

    def lowest_usd(self, business: Business, item: str) -> float:
        """The lowest unit price of an item of the menu; 0 without a floor."""
        if not self.floor or business.min_price_factor is None:
            return 0.0
        return round(business.min_price_factor * business.menu_features[item], 2)
