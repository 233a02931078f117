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
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from schemas.gateway import Message
from tasks.models.binding import BoundModel
from tasks.models.completions import reply_of
from tasks.models.faults import failed_attempt, failed_status
from tasks.models.journal import Journal
from tasks.models.litellm_model import imported_litellm
from tasks.models.record import record_of
from tasks.models.replies import Attempt, AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff

_PENDING = "batch:"
#: The most that providers take in one batch, requests and bytes.
REQUESTS_PER_BATCH = 50_000
BYTES_PER_BATCH = 190_000_000
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
        journal: Keeps pending batches and answers.
        backoff: When a failed request for a batch is made again.
        scrubbed: Strikes keys from texts.
        poll_s: Seconds between looks at a pending batch.
    """

    def __init__(
        self,
        journal: Journal,
        backoff: Backoff,
        scrubbed: Callable[[str], str],
        poll_s: float,
    ) -> None:
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

    async def submitted(self, model: BoundModel, items: Sequence[Item]) -> list[Pending]:
        """New batches with all the items, on record before this returns.

        Raises:
            AttemptFailed: The provider took no batch; nothing was submitted.
        """
        body, access = _terms(model)
        return [
            await self._submitted(access, part, b"".join(lines))
            for part, lines in _parts(items, [_line(body, item) for item in items])
        ]

    async def fetched(
        self, model: BoundModel, batch: Pending, cost_usd: Callable[[Reply], float | None]
    ) -> list[Fetched]:
        """What a batch gave, waiting until it has ended; answers are kept in the journal."""
        try:
            access = _terms(model)[1]
            ended = await self._ended(access, batch.batch_id)
            lines = [line async for line in self._lines(access, ended)]
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
        self._journal.forget([_PENDING + batch.batch_id])
        return results

    async def _submitted(
        self, access: dict[str, Any], items: Sequence[Item], data: bytes
    ) -> Pending:
        litellm = imported_litellm()
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
        log.info("batch %s: %d questions submitted", made.id, len(items))
        return Pending(made.id, at, {key: (unit, extra) for key, unit, extra in calls})

    async def _ended(self, access: dict[str, Any], batch_id: str) -> Any:
        litellm = imported_litellm()
        while True:
            batch = await self._patiently(
                lambda: litellm.aretrieve_batch(batch_id=batch_id, **access)
            )
            if batch.status == "completed" or batch.status in _ENDED_BADLY:
                return batch
            await asyncio.sleep(self._poll_s)

    async def _lines(self, access: dict[str, Any], batch: Any) -> Any:
        litellm = imported_litellm()
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
            failed = failed_status(status or 500, {}, line.get("error") or response.get("body"))
            attempt = Attempt(failed.kind, status, self._scrubbed(str(failed)), 0.0, took_s)
            return Fetched(key, None, attempt)
        try:
            reply = reply_of(response.get("body"))
        except AttemptFailed as failed:
            attempt = Attempt(failed.kind, status, self._scrubbed(str(failed)), 0.0, took_s)
            return Fetched(key, None, attempt)
        if reply.kind == "empty":
            return Fetched(key, None, Attempt("empty", 200, "the answer is empty", 0.0, took_s))
        reply = replace(reply, raw={**reply.raw, **place[1], "batch": batch.batch_id})
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


def _terms(model: BoundModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """What every request of a batch says besides messages, and how the provider is reached."""
    if model.batch_transport is None:
        raise ValueError(f"{model.spec.model} is not asked in batches")
    return model.batch_transport.batch_terms()


def _parts(
    items: Sequence[Item], lines: Sequence[bytes]
) -> Iterator[tuple[Sequence[Item], Sequence[bytes]]]:
    """Items and their lines, cut into batches that a provider takes."""
    start, size = 0, 0
    for place, line in enumerate(lines):
        full = place - start == REQUESTS_PER_BATCH or size + len(line) > BYTES_PER_BATCH
        if full and place > start:
            yield items[start:place], lines[start:place]
            start, size = place, 0
        size += len(line)
    yield items[start:], lines[start:]


def _line(body: dict[str, Any], item: Item) -> bytes:
    """A question as a line of a batch."""
    shape = {"response_format": item.response_format} if item.response_format else {}
    messages = [{"role": one.role, "content": one.text} for one in item.messages]
    return orjson.dumps(
        {
            "custom_id": item.call_key,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {**body, **shape, "messages": messages},
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
