"""Asking ahead: answers are fetched in batches into the journal, where questions find them.

A batch takes whatever is asked until nothing more is asked for a moment or the provider's limit is
reached, however many units are worked at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from schemas.gateway import Message, Question
from tasks.models.batch import REQUESTS_PER_BATCH, Batches, Fetched, Item, Pending
from tasks.models.binding import BoundModel, BoundModels
from tasks.models.budget import Budget, BudgetSpent, Reservation
from tasks.models.keys import question_key, schema_digest
from tasks.models.prices import Prices
from tasks.models.record import asked_of
from tasks.models.replies import Attempt, AttemptFailed, Reply
from tasks.models.response_format import response_format
from tasks.models.structured import instructed
from tasks.models.usage import Usage

#: Fewer questions than this are asked one by one.
FEWEST = 10

T = TypeVar("T")

log = logging.getLogger(__name__)


class Prefetch:
    """Asks questions in batches before they are asked one by one.

    Args:
        batches: Submits and fetches.
        models: Bound models.
        budget: The budget of the run.
        usage: Counts of the run.
        quiet_s: How long nothing more is asked before a batch is closed.
        known: Whether a question's call needs no asking.
        most_usd: The most that a prompt to a model may cost.
    """

    def __init__(
        self,
        batches: Batches,
        models: BoundModels,
        budget: Budget,
        usage: Usage,
        quiet_s: float,
        *,
        known: Callable[[Question, str], bool],
        most_usd: Callable[[BoundModel, Sequence[Message], Prices], float],
        run_id: str | None = None,
    ) -> None:
        self._run_id = run_id
        self._batches = batches
        self._models = models
        self._budget = budget
        self._usage = usage
        self._quiet_s = quiet_s
        self._known = known
        self._most_usd = most_usd
        self._fetches: dict[str, asyncio.Future[list[Fetched]]] = {}
        self._waiting: list[Question] = []
        self._gathering: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._asked: set[str] = set()
        self._failed: dict[str, Attempt] = {}

    async def close(self) -> None:
        """Stops waiting for batches; the journal keeps those that are pending for the next run."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _started(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that ends with the gateway, whoever stops waiting for it before."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def asked(self, call_key: str) -> bool:
        """Whether a batch of this run asked a call; true once."""
        if call_key not in self._asked:
            return False
        self._asked.discard(call_key)
        return True

    def failed(self, call_key: str) -> tuple[Attempt, ...]:
        """The attempt at a call that a batch made in vain, if it did; told once."""
        attempt = self._failed.pop(call_key, None)
        return () if attempt is None else (attempt,)

    async def gathered(self, question: Question) -> None:
        """Waits for questions that are asked at about the same time, and asks them in one batch.

        Few questions are not worth a batch and are left to be asked one by one.
        """
        if self._key_to_ask(question) is None:
            return
        self._waiting.append(question)
        if self._gathering is None:
            self._gathering = self._started(self._gather())
        await asyncio.shield(self._gathering)

    async def _gather(self) -> None:
        seen = 0
        while seen < len(self._waiting) < REQUESTS_PER_BATCH:
            seen = len(self._waiting)
            await asyncio.sleep(self._quiet_s)
        questions, self._waiting, self._gathering = self._waiting, [], None
        if len(questions) >= FEWEST:
            await self.ask(questions)

    async def ask(self, questions: Sequence[Question]) -> None:
        """Asks what can be asked in batches; what was answered is in the journal afterwards."""
        groups: dict[str, tuple[BoundModel, dict[str, Item]]] = {}
        for question in questions:
            key = self._key_to_ask(question)
            if key is not None:
                model = self._models.of(question.model)
                group = groups.setdefault(model.key, (model, {}))
                group[1][key] = _item(question, key, model, self._run_id)
        await asyncio.gather(*(self._ask(model, items) for model, items in groups.values()))

    def _key_to_ask(self, question: Question) -> str | None:
        """The key of a question's call; ``None`` if it is held or no batch can ask it."""
        model = self._models.of(question.model)
        if model.batch_transport is None:
            return None
        key = question_key(question, model.key)
        return None if self._known(question, key) else key

    async def _ask(self, model: BoundModel, wanted: dict[str, Item]) -> None:
        price = model.batch_prices
        waiting = [one for one in self._batches.pending() if wanted.keys() & one.calls.keys()]
        taken = {key for one in waiting for key in one.calls}
        fresh = {key: item for key, item in wanted.items() if key not in taken}
        reserved = await self._reserved(model, fresh, price)
        try:
            if reserved:
                items = [fresh[key] for key in reserved]
                waiting += await self._batches.submitted(model, items)
            for one in waiting:
                await self._fetch(model, one, price, reserved)
        except AttemptFailed as error:
            log.warning("%s takes no batch (%s): asking one by one", model.spec.model, error.kind)
        finally:
            for reservation in reserved.values():
                self._budget.withdraw(reservation)

    async def _reserved(
        self, model: BoundModel, items: dict[str, Item], price: Prices
    ) -> dict[str, Reservation]:
        reserved: dict[str, Reservation] = {}
        for key, item in items.items():
            most = self._most_usd(model, item.messages, price)
            try:
                reserved[key] = await self._budget.reserve(most, wait=False)
            except BudgetSpent:
                log.info("the budget allows %d of %d questions", len(reserved), len(items))
                break
        return reserved

    async def _fetch(
        self, model: BoundModel, batch: Pending, price: Prices, reserved: dict[str, Reservation]
    ) -> None:
        """Fetches a batch; whoever wants the same batch meanwhile waits for the same fetch."""
        running = self._fetches.get(batch.note)
        if running is not None:
            await asyncio.shield(running)
            return

        def cost_usd(reply: Reply) -> float | None:
            return price.cost_usd(reply.prompt_tokens, reply.completion_tokens)

        task = self._started(self._batches.fetched(model, batch, cost_usd))
        self._fetches[batch.note] = task
        try:
            fetched = await task
        finally:
            del self._fetches[batch.note]
        for one in fetched:
            if one.outcome is None:
                if one.failed is not None:
                    self._failed[one.call_key] = one.failed
                continue
            self._asked.add(one.call_key)
            self._usage.asked(one.outcome)
            if one.call_key in reserved:
                self._budget.settle(reserved[one.call_key], one.outcome.cost_usd)


def _item(question: Question, key: str, model: BoundModel, run_id: str | None) -> Item:
    answer_type, messages = question.answer, question.messages
    asked = asked_of(question, model.params, schema_digest(answer_type), None, run_id)
    if answer_type is None:
        return Item(question.unit_key, key, messages, None, {}, asked)
    if model.takes_schema:
        return Item(question.unit_key, key, messages, response_format(answer_type), {}, asked)
    sent = instructed(messages, answer_type)
    return Item(question.unit_key, key, sent, None, {"instructed": True}, asked)
