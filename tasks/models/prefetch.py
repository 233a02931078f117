"""Asking ahead: answers are fetched in batches into the journal, where questions find them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from schemas.gateway import Message, Question
from schemas.study.models import ModelSpec
from tasks.models.batch import Batches, Fetched, Item, Pending
from tasks.models.budget import Budget, BudgetSpent, Reservation
from tasks.models.keys import Identities, call_key, shape_digest
from tasks.models.prices import Prices, prices
from tasks.models.prompt_messages import message_digests
from tasks.models.provider import Provider
from tasks.models.replies import Attempt, AttemptFailed, Reply
from tasks.models.structured import instructed
from tasks.models.usage import Usage

#: Fewer questions than this are asked one by one.
FEWEST = 10

_QUIET_S = 0.3

log = logging.getLogger(__name__)


class Prefetch:
    """Asks questions in batches before they are asked one by one.

    Args:
        batches: Submits and fetches.
        provider: Knows models and their parameters.
        identities: Digests of models.
        budget: The budget of the run.
        tally: Counts of the run.
        known: Whether a question's call needs no asking.
        most_usd: The most that a prompt to a model may cost.
    """

    def __init__(
        self,
        batches: Batches,
        provider: Provider,
        identities: Identities,
        budget: Budget,
        tally: Usage,
        *,
        known: Callable[[Question, str], bool],
        most_usd: Callable[[ModelSpec, Sequence[Message], Prices], float],
    ) -> None:
        self._batches = batches
        self._provider = provider
        self._identities = identities
        self._budget = budget
        self._tally = tally
        self._known = known
        self._most_usd = most_usd
        self._fetches: dict[str, asyncio.Future[list[Fetched]]] = {}
        self._waiting: list[Question] = []
        self._gathering: asyncio.Future[None] | None = None
        self._asked: set[str] = set()
        self._failed: dict[str, Attempt] = {}

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
        self._waiting.append(question)
        if self._gathering is None:
            self._gathering = asyncio.ensure_future(self._gather())
        await asyncio.shield(self._gathering)

    async def _gather(self) -> None:
        seen = 0
        while seen < len(self._waiting):
            seen = len(self._waiting)
            await asyncio.sleep(_QUIET_S)
        questions, self._waiting, self._gathering = self._waiting, [], None
        if len(questions) >= FEWEST:
            await self.ask(questions)

    async def ask(self, questions: Sequence[Question]) -> None:
        """Asks what can be asked in batches; what was answered is in the journal afterwards."""
        groups: dict[str, tuple[ModelSpec, dict[str, Item]]] = {}
        for question in questions:
            spec = question.model
            if not self._provider.batchable(spec):
                continue
            identity = self._identities.of(spec)
            key = call_key(
                identity.key,
                message_digests(question.messages),
                shape_digest(question.answer),
                question.unit_key,
                ordinal=question.ordinal,
            )
            if not self._known(question, key):
                group = groups.setdefault(identity.key, (identity.spec, {}))
                group[1][key] = self._item(question, key)
        await asyncio.gather(*(self._ask(spec, items) for spec, items in groups.values()))

    def _item(self, question: Question, key: str) -> Item:
        shape, messages = question.answer, question.messages
        if shape is None:
            return Item(question.unit_key, key, messages, None, {})
        if self._provider.native(question.model):
            return Item(question.unit_key, key, messages, self._provider.form(shape), {})
        sent = instructed(messages, shape)
        return Item(question.unit_key, key, sent, None, {"instructed": True})

    async def _ask(self, spec: ModelSpec, wanted: dict[str, Item]) -> None:
        price = prices(spec, self._provider.listed(spec), batch=True)
        waiting = [one for one in self._batches.pending() if wanted.keys() & one.calls.keys()]
        taken = {key for one in waiting for key in one.calls}
        fresh = {key: item for key, item in wanted.items() if key not in taken}
        reserved = await self._reserved(spec, fresh, price)
        try:
            if reserved:
                items = [fresh[key] for key in reserved]
                waiting += await self._batches.submitted(spec, items)
            for one in waiting:
                await self._fetch(spec, one, price, reserved)
        except AttemptFailed as error:
            log.warning("%s takes no batch (%s): asking one by one", spec.model, error.kind)
        finally:
            for reservation in reserved.values():
                self._budget.withdraw(reservation)

    async def _reserved(
        self, spec: ModelSpec, items: dict[str, Item], price: Prices
    ) -> dict[str, Reservation]:
        reserved: dict[str, Reservation] = {}
        for key, item in items.items():
            most = self._most_usd(spec, item.messages, price)
            try:
                reserved[key] = await self._budget.reserve(most, wait=False)
            except BudgetSpent:
                log.info("the budget allows %d of %d questions", len(reserved), len(items))
                break
        return reserved

    async def _fetch(
        self, spec: ModelSpec, batch: Pending, price: Prices, reserved: dict[str, Reservation]
    ) -> None:
        """Fetches a batch; whoever wants the same batch meanwhile waits for the same fetch."""
        running = self._fetches.get(batch.batch_id)
        if running is not None:
            await asyncio.shield(running)
            return

        def cost_usd(reply: Reply) -> float | None:
            return price.cost_usd(reply.prompt_tokens, reply.completion_tokens)

        task = asyncio.ensure_future(self._batches.fetched(spec, batch, cost_usd))
        self._fetches[batch.batch_id] = task
        try:
            fetched = await task
        finally:
            del self._fetches[batch.batch_id]
        for one in fetched:
            if one.outcome is None:
                if one.failed is not None:
                    self._failed[one.call_key] = one.failed
                continue
            self._asked.add(one.call_key)
            self._tally.asked(one.outcome)
            if one.call_key in reserved:
                self._budget.settle(reserved[one.call_key], one.outcome.cost_usd)
