"""Asking many independent questions through a provider's batch interface.

Pending batches stand in the journal: a process that is started again waits for them instead of
asking anew. An item that a batch does not answer is left to be asked on its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from schemas.gateway import Message
from schemas.study.models import ModelSpec
from tasks.models.faults import failed_attempt, reply_of
from tasks.models.journal import Journal
from tasks.models.provider import Provider, imported_litellm
from tasks.models.record import record_of
from tasks.models.replies import Attempt, AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff

_PENDING = "batch:"
_LARGEST = 20_000
_ENDED_BADLY = frozenset({"failed", "expired", "cancelled", "cancelling"})
_PATIENCE_ATTEMPTS = 8
_JITTER = random.Random()

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a batch.

    Attributes:
        unit_key: Unit on whose behalf it is asked.
        call_key: Key of the call; names the item within the batch.
        messages: The prompt as it is sent.
        response_format: Shape to ask for natively, in the provider's form.
        extra: What to note with the answer.
    """

    unit_key: str
    call_key: str
    messages: tuple[Message, ...]
    response_format: dict[str, Any] | None
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that was submitted.

    Attributes:
        batch_id: Its name at the provider.
        submitted_at_s: When, in seconds since 1970.
        calls: Unit key and extra notes by call key.
    """

    batch_id: str
    submitted_at_s: float
    calls: dict[str, tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a batch gave for one item: an outcome, already kept, or the attempt that failed."""

    call_key: str
    outcome: Outcome | None
    failed: Attempt | None


class Batches:
    """Submits, waits for and fetches batches.

    Args:
        provider: Knows models and their parameters.
        journal: Keeps pending batches and answers.
        backoff: When a failed request for a batch is made again.
        scrubbed: Strikes keys from texts.
        poll_s: Seconds between looks at a pending batch.
    """

    def __init__(
        self,
        provider: Provider,
        journal: Journal,
        backoff: Backoff,
        scrubbed: Callable[[str], str],
        poll_s: float,
    ) -> None:
        self._provider = provider
        self._journal = journal
        self._backoff = backoff
        self._scrubbed = scrubbed
        self._poll_s = poll_s

    def pending(self) -> list[Pending]:
        """Batches of this and of earlier processes that were not fetched yet."""
        found = []
        for unit_key in self._journal.units():
            if unit_key.startswith(_PENDING):
                for record in self._journal.of(unit_key):
                    calls = {key: (unit, extra) for key, unit, extra in record["calls"]}
                    found.append(Pending(record["k"], record["at"], calls))
        return found

    async def submitted(self, spec: ModelSpec, items: Sequence[Item]) -> list[Pending]:
        """New batches with all the items, on record before this returns.

        Raises:
            AttemptFailed: The provider took no batch; nothing was submitted.
        """
        return [
            await self._submitted(spec, items[start : start + _LARGEST])
            for start in range(0, len(items), _LARGEST)
        ]

    async def fetched(
        self, spec: ModelSpec, batch: Pending, cost_usd: Callable[[Reply], float | None]
    ) -> list[Fetched]:
        """What a batch gave, waiting until it has ended; answers are kept in the journal."""
        try:
            ended = await self._ended(spec, batch.batch_id)
            lines = [line async for line in self._lines(spec, ended)]
        except AttemptFailed as error:
            log.warning("batch %s: %s; its items are asked one by one", batch.batch_id, error.kind)
            lines = []
        took_s = time.time() - batch.submitted_at_s
        results = []
        for line in lines:
            place = batch.calls.get(line.get("custom_id", ""))
            if place is not None:
                results.append(self._result(line, place, batch, took_s, cost_usd))
        done = {one.call_key for one in results}
        missing = Attempt("server_error", None, "the batch gave no answer to it", 0.0, took_s)
        results += [Fetched(key, None, missing) for key in batch.calls if key not in done]
        await asyncio.gather(
            *(
                self._journal.append(
                    batch.calls[one.call_key][0], one.call_key, record_of(one.outcome)
                )
                for one in results
                if one.outcome is not None
            )
        )
        self._journal.settled([_PENDING + batch.batch_id])
        return results

    async def _submitted(self, spec: ModelSpec, items: Sequence[Item]) -> Pending:
        litellm = imported_litellm()
        body, access = self._provider.batch_terms(spec)
        data = b"\n".join(_lines_of(body, items)) + b"\n"
        file = await self._patiently(
            lambda: litellm.acreate_file(file=("agora.jsonl", data), purpose="batch", **access)
        )
        made = await self._patiently(
            lambda: litellm.acreate_batch(
                completion_window="24h",
                endpoint="/v1/chat/completions",
                input_file_id=file.id,
                **access,
            )
        )
        at = time.time()
        calls = [(item.call_key, item.unit_key, item.extra) for item in items]
        await self._journal.append(_PENDING + made.id, made.id, {"at": at, "calls": calls})
        log.info("batch %s: %d questions submitted to %s", made.id, len(items), spec.model)
        return Pending(made.id, at, {key: (unit, extra) for key, unit, extra in calls})

    async def _ended(self, spec: ModelSpec, batch_id: str) -> Any:
        litellm = imported_litellm()
        access = self._provider.batch_terms(spec)[1]
        while True:
            batch = await self._patiently(
                lambda: litellm.aretrieve_batch(batch_id=batch_id, **access)
            )
            if batch.status == "completed" or batch.status in _ENDED_BADLY:
                return batch
            await asyncio.sleep(self._poll_s)

    async def _lines(self, spec: ModelSpec, batch: Any) -> Any:
        litellm = imported_litellm()
        access = self._provider.batch_terms(spec)[1]
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id:
                content = await self._patiently(
                    partial(litellm.afile_content, file_id=file_id, **access)
                )
                for line in content.content.splitlines():
                    if line.strip():
                        yield orjson.loads(line)

    def _result(
        self,
        line: dict[str, Any],
        place: tuple[str, dict[str, Any]],
        batch: Pending,
        took_s: float,
        cost_usd: Callable[[Reply], float | None],
    ) -> Fetched:
        key = line["custom_id"]
        response = line.get("response") or {}
        status = response.get("status_code")
        if line.get("error") or status != 200:
            text = str(line.get("error") or response.get("body") or "no answer")[:600]
            kind = {429: "rate_limit", 400: "bad_request"}.get(status or 500, "server_error")
            attempt = Attempt(kind, status, self._scrubbed(text), 0.0, took_s)
            return Fetched(key, None, attempt)
        try:
            reply = reply_of(imported_litellm().ModelResponse(**response["body"]))
        except (AttemptFailed, KeyError, TypeError, ValueError) as error:
            attempt = Attempt("bad_body", status, self._scrubbed(str(error)[:600]), 0.0, took_s)
            return Fetched(key, None, attempt)
        if reply.kind == "empty":
            return Fetched(key, None, Attempt("empty", 200, "the answer is empty", 0.0, took_s))
        reply = Reply(
            reply.text,
            reply.finish_reason,
            reply.model,
            reply.prompt_tokens,
            reply.completion_tokens,
            {**reply.raw, **place[1], "batch": batch.batch_id},
            reply.kind,
        )
        attempts = (Attempt(reply.kind, 200, None, 0.0, took_s),)
        return Fetched(key, Outcome(reply, attempts, cost_usd(reply), batch.submitted_at_s), None)

    async def _patiently(self, request: Callable[[], Awaitable[Any]]) -> Any:
        kinds: list[str] = []
        while True:
            try:
                return await request()
            except Exception as error:
                failure = failed_attempt(error)
                kinds.append(failure.kind)
                if failure.final or not self._backoff.again(kinds, _PATIENCE_ATTEMPTS):
                    raise failure from error
                await asyncio.sleep(self._backoff.wait_s(len(kinds), failure.told_s, _JITTER))


def _lines_of(body: dict[str, Any], items: Sequence[Item]) -> Iterator[bytes]:
    for item in items:
        shape = {"response_format": item.response_format} if item.response_format else {}
        messages = [{"role": one.role, "content": one.text} for one in item.messages]
        yield orjson.dumps(
            {
                "custom_id": item.call_key,
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": {**body, **shape, "messages": messages},
            }
        )
