"""The budget of a run: asking stops before a call that could pass it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from schemas.errors import AgoraError, Mistake
from tasks.models.prices import Prices
from tasks.models.replies import Outcome


class BudgetSpent(AgoraError):
    """The next call could pass the budget. What was asked so far stands.

    Args:
        spent_usd: Dollars spent in this run.
        spent_calls: Calls made in this run.
        budget_usd: Dollars allowed, if limited.
        budget_calls: Calls allowed, if limited.
    """

    def __init__(
        self,
        *,
        spent_usd: float,
        spent_calls: int,
        budget_usd: float | None,
        budget_calls: int | None,
    ) -> None:
        super().__init__(
            spent_usd=spent_usd,
            spent_calls=spent_calls,
            budget_usd=budget_usd,
            budget_calls=budget_calls,
        )

    def message(self) -> str:
        """What was spent, of what, and that whole units are kept."""
        details = self.details
        parts = []
        if details["budget_calls"] is not None:
            parts.append(f"{details['spent_calls']} of {details['budget_calls']} calls")
        if details["budget_usd"] is not None:
            parts.append(f"${details['spent_usd']:.4f} of ${details['budget_usd']:.4f}")
        return f"the next call could pass the budget of this run: spent {', '.join(parts)}"


@dataclass(slots=True)
class Reservation:
    """What a call in flight may cost at most."""

    usd: float
    open: bool = True


def unpriced(model: str, budget_usd: float) -> Mistake:
    """Says that a model without a price cannot be asked where dollars are limited."""
    return Mistake(
        what=f"dollars are limited but the price of {model} is not known",
        place="models",
        found=f"budget_usd: {budget_usd:g}",
        fix="declare usd_per_million_input_tokens and usd_per_million_output_tokens with it",
    )


class Budget:
    """Dollars and calls of one run: spent, and reserved for calls in flight.

    A call reserves the most that it may cost; when it is settled, its price takes the place of the
    reservation. A call that does not fit only because of reservations waits until they settle.

    Args:
        usd: Dollars that may be spent; nothing for no limit.
        calls: Calls that may be made; nothing for no limit.
    """

    def __init__(self, usd: float | None = None, calls: int | None = None) -> None:
        self.usd = usd
        self.calls = calls
        self.spent_usd = 0.0
        self.spent_calls = 0
        self._reserved_usd = 0.0
        self._settled: asyncio.Event | None = None

    async def reserve(self, most_usd: float, wait: bool = True) -> Reservation:
        """A place in the budget for one call.

        Args:
            most_usd: The most that the call may cost, 0 where dollars are not limited.
            wait: Whether to wait for calls in flight if it does not fit beside them.

        Raises:
            BudgetSpent: The call could pass the budget even if all others turn out free.
        """
        while True:
            if self.calls is not None and self.spent_calls + 1 > self.calls:
                raise self.spent()
            if self.usd is None or self.spent_usd + self._reserved_usd + most_usd <= self.usd:
                break
            if not wait or self._reserved_usd <= 0 or self.spent_usd + most_usd > self.usd:
                raise self.spent()
            if self._settled is None:
                self._settled = asyncio.Event()
            await self._settled.wait()
        self.spent_calls += 1
        self._reserved_usd += most_usd
        return Reservation(most_usd)

    def settle(self, reservation: Reservation, cost_usd: float | None) -> None:
        """Puts what a call cost in the place of what was reserved for it.

        A call without a known price keeps its reservation as its price if dollars are limited.
        """
        if not reservation.open:
            return
        reservation.open = False
        self._reserved_usd = max(0.0, self._reserved_usd - reservation.usd)
        self.spent_usd += reservation.usd if cost_usd is None else cost_usd
        if self._settled is not None:
            self._settled.set()
            self._settled = None

    def release(self, reservation: Reservation) -> None:
        """Takes back a reservation of a call that was not made to its end; its count stands."""
        self.settle(reservation, 0.0)

    def withdraw(self, reservation: Reservation) -> None:
        """Takes back a reservation of a call that was not made at all, its count included."""
        if reservation.open:
            self.spent_calls -= 1
            self.settle(reservation, 0.0)

    async def spent_on(self, most_usd: float, call: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What a call came to that was made within the budget.

        Args:
            most_usd: The most that it may cost.
            call: Makes it.

        Raises:
            BudgetSpent: The call could pass the budget.
        """
        reservation = await self.reserve(most_usd)
        try:
            outcome = await call()
        except BaseException:
            self.release(reservation)
            raise
        self.settle(reservation, outcome.cost_usd)
        return outcome

    def most_usd(
        self, model: str, prices: Prices, prompt_tokens: float, answer_tokens: int
    ) -> float:
        """The most that a call may cost; 0 where dollars are not limited.

        Raises:
            Mistake: Dollars are limited, and the price of the model is not known.
        """
        if self.usd is None:
            return 0.0
        cost = prices.cost_usd(int(prompt_tokens), answer_tokens)
        if cost is None:
            raise unpriced(model, self.usd)
        return cost

    def spent(self) -> BudgetSpent:
        """Says that the next call could pass it."""
        return BudgetSpent(
            spent_usd=self.spent_usd,
            spent_calls=self.spent_calls,
            budget_usd=self.usd,
            budget_calls=self.calls,
        )
