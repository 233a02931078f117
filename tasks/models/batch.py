"""Asking many independent questions through a provider's batch interface.

Pending batches stand in the journal: a process that is started again waits for them instead of
asking anew. An item that a batch does not answer is left to be asked on its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import orjson

from schemas.gateway import Message
from schemas.keys import digest
from tasks.models.batch_server import BatchServer
from tasks.models.binding import BoundModel
from tasks.models.completions import reply_of
from tasks.models.faults import failed_status
from tasks.models.journal import Journal
from tasks.models.record import record_of
from tasks.models.replies import Attempt, AttemptFailed, Outcome, Reply
from tasks.models.retry import Backoff

_PENDING = "batch:"
#: The most that providers take in one batch, requests and bytes.
REQUESTS_PER_BATCH = 50_000
BYTES_PER_BATCH = 190_000_000
_PATIENCE_ATTEMPTS = 8
#: A provider may have taken what it answered in these ways to.
_MAYBE_TAKEN = frozenset({"connection", "timeout", "server_error", "bad_body"})
_JITTER = random.Random()

T = TypeVar("T")

#: Where an item belongs: its unit, what to note with its answer, and what the call is for.
Place = tuple[str, dict[str, Any], dict[str, Any]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a batch.

    Attributes:
        unit_key: Unit on whose behalf it is asked.
        call_key: Key of the call; names the item within the batch.
        messages: The prompt as it is sent.
        response_format: Type to ask for natively, in the provider's form.
        extra: What to note with the answer.
        asked: What the call is for, as its record in the journal says.
    """

    unit_key: str
    call_key: str
    messages: tuple[Message, ...]
    response_format: dict[str, Any] | None
    extra: dict[str, Any]
    asked: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that was submitted.

    Attributes:
        note: What the provider keeps with it, so that it is known again; its name in the journal.
        batch_id: Its name at the provider; ``None`` where the answer to its submission was lost.
        submitted_at_s: When, in seconds since 1970.
        calls: Unit key, extra notes and what it is for, by call key.
    """

    note: str
    batch_id: str | None
    submitted_at_s: float
    calls: dict[str, Place]


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
        poll_s: Seconds between looks at a pending batch.
    """

    def __init__(
        self,
        journal: Journal,
        backoff: Backoff,
        poll_s: float,
    ) -> None:
        self._journal = journal
        self._backoff = backoff
        self._poll_s = poll_s

    def pending(self) -> list[Pending]:
        """Batches of this and of earlier processes that were not fetched yet."""
        found = []
        for unit_key in self._journal.units():
            if unit_key.startswith(_PENDING):
                for record in self._journal.of(unit_key):
                    calls: dict[str, Place] = {
                        key: (unit, extra, next(iter(asked), {}))
                        for key, unit, extra, *asked in record["calls"]
                    }
                    # Where it does not say, the batch is known by its name at the provider.
                    batch_id = record.get("batch", record["k"])
                    found.append(Pending(record["k"], batch_id or None, record["at"], calls))
        return found

    async def submitted(self, model: BoundModel, items: Sequence[Item]) -> list[Pending]:
        """New batches with all the items, on record before the provider may know of them.

        Raises:
            AttemptFailed: The provider took no batch; nothing was submitted.
        """
        server = _server(model)
        return [
            await self._submitted(server, part, lines)
            for part, lines in _parts(items, [_line(server.body, item) for item in items])
        ]

    async def fetched(
        self, model: BoundModel, batch: Pending, cost_usd: Callable[[Reply], float | None]
    ) -> list[Fetched]:
        """What a batch gave, waiting until it has ended; answers are kept in the journal."""
        lines: list[Any] = []
        try:
            server = _server(model)
            batch_id = batch.batch_id or await self._found(server, batch)
            if batch_id is not None:
                for file in await self._files(server, batch_id):
                    lines += await self._patiently(partial(server.lines, file))
        except AttemptFailed as error:
            log.warning("batch %s: %s; its items are asked one by one", batch.batch_id, error.kind)
        took_s = time.time() - batch.submitted_at_s
        results = []
        for line in lines:
            place = batch.calls.get(line["custom_id"])
            if place is not None:
                results.append(self._result(line, place, batch, took_s, cost_usd))
        done = {one.call_key for one in results}
        missing = Attempt("server_error", None, "the batch gave no answer to it", 0.0, took_s)
        results += [Fetched(key, None, missing) for key in batch.calls if key not in done]
        await asyncio.gather(
            *(
                self._keep(one.call_key, one.outcome, batch)
                for one in results
                if one.outcome is not None
            )
        )
        self._journal.forget([_PENDING + batch.note])
        return results

    async def _keep(self, call_key: str, outcome: Outcome, batch: Pending) -> None:
        unit_key, _, asked = batch.calls[call_key]
        record = record_of(outcome) | ({"q": asked} if asked else {})
        await self._journal.append(unit_key, call_key, record)

    async def _submitted(
        self, server: BatchServer, items: Sequence[Item], lines: Sequence[bytes]
    ) -> Pending:
        file = await self._patiently(partial(server.uploaded, lines))
        at = time.time()
        note = digest("batch", at, [item.call_key for item in items])
        calls: dict[str, Place] = {
            item.call_key: (item.unit_key, item.extra, item.asked) for item in items
        }
        record = {"at": at, "calls": [(key, *place) for key, place in calls.items()]}
        await self._journal.append(_PENDING + note, note, {**record, "batch": ""})
        batch = Pending(note, None, at, calls)

        async def submission() -> str:
            try:
                return await server.submitted(file, note)
            except AttemptFailed as error:
                taken = None
                if error.kind in _MAYBE_TAKEN:
                    with contextlib.suppress(AttemptFailed):  # a provider without a list of batches
                        taken = await server.found(note, at)
                if taken is None:
                    raise
                return taken

        try:
            batch_id = await self._patiently(submission)
        except AttemptFailed:
            self._journal.forget([_PENDING + note])
            raise
        await self._journal.append(_PENDING + note, note, {**record, "batch": batch_id})
        log.info("batch %s: %d questions submitted", batch_id, len(items))
        return replace(batch, batch_id=batch_id)

    async def _found(self, server: BatchServer, batch: Pending) -> str | None:
        """The name of a batch whose submission was cut short, if the provider took it."""
        try:
            found = await self._patiently(partial(server.found, batch.note, batch.submitted_at_s))
        except AttemptFailed as error:
            log.warning(
                "a batch of %d questions was being submitted when the process ended, and the "
                "provider does not say whether it took it (%s): they are asked again, and may be "
                "paid for twice",
                len(batch.calls),
                error.kind,
            )
            return None
        if found is None:
            log.info("a batch of %d questions never reached the provider", len(batch.calls))
        return found

    async def _files(self, server: BatchServer, batch_id: str) -> tuple[str, ...]:
        """The files that a batch gave, once it has ended."""
        while True:
            state = await self._patiently(partial(server.state, batch_id))
            if state.ended:
                return state.files
            await asyncio.sleep(self._poll_s)

    def _result(
        self,
        line: dict[str, Any],
        place: Place,
        batch: Pending,
        took_s: float,
        cost_usd: Callable[[Reply], float | None],
    ) -> Fetched:
        key = line["custom_id"]
        response = line.get("response")
        response = response if isinstance(response, Mapping) else {}
        status = response.get("status_code")
        status = status if isinstance(status, int) else None
        try:
            if line.get("error") or status != 200:
                said = line.get("error") or response.get("body")
                raise failed_status(status or 500, {}, said)
            reply = reply_of(response.get("body"))
        except AttemptFailed as failed:
            attempt = Attempt(failed.kind, status, str(failed), 0.0, took_s)
            return Fetched(key, None, attempt)
        if reply.kind == "empty":
            return Fetched(key, None, Attempt("empty", 200, "the answer is empty", 0.0, took_s))
        reply = replace(reply, raw={**reply.raw, **place[1], "batch": batch.batch_id})
        attempts = (Attempt(reply.kind, 200, None, 0.0, took_s),)
        return Fetched(key, Outcome(reply, attempts, cost_usd(reply), batch.submitted_at_s), None)

    async def _patiently(self, request: Callable[[], Awaitable[T]]) -> T:
        kinds: list[str] = []
        while True:
            try:
                return await request()
            except AttemptFailed as failure:
                kinds.append(failure.kind)
                if not self._backoff.again(kinds, _PATIENCE_ATTEMPTS):
                    raise
                await asyncio.sleep(self._backoff.wait_s(len(kinds), failure.told_s, _JITTER))


def _server(model: BoundModel) -> BatchServer:
    if model.batch_transport is None:
        raise ValueError(f"{model.spec.model} is not asked in batches")
    return model.batch_transport


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
