"""A provider's batch interface, as litellm speaks to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson

from tasks.models.faults import failed_attempt
from tasks.models.litellm_model import imported_litellm
from tasks.models.secrets import Keyring

T = TypeVar("T")

#: Name of the field of a batch's metadata that holds our note.
_NOTE = "agora"
_PAGE = 100
_CLOCKS_DIFFER_S = 86_400
_ENDED_BADLY = frozenset({"failed", "expired", "cancelled", "cancelling"})


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is.

    Attributes:
        ended: Whether nothing more comes.
        files: Files with what it gave.
    """

    ended: bool
    files: tuple[str, ...]


class BatchServer:
    """The batches of one model's provider. What it sends comes without keys.

    Args:
        body: What every request of a batch says besides messages.
        access: How the provider is reached; holds the key.
        keyring: Strikes keys.

    Every method raises :class:`AttemptFailed` where one attempt gave nothing.
    """

    def __init__(self, body: dict[str, Any], access: dict[str, Any], keyring: Keyring) -> None:
        self.body = body
        self._access = access
        self._keyring = keyring

    async def uploaded(self, lines: Sequence[bytes]) -> str:
        """The name of a new file with the lines of a batch."""

        async def named() -> str:
            file = ("agora.jsonl", b"".join(lines))
            made = await imported_litellm().acreate_file(file=file, purpose="batch", **self._access)
            return str(made.id)

        return await self._given(named)

    async def submitted(self, file: str, note: str) -> str:
        """The name of a new batch over an uploaded file; the provider keeps the note with it."""

        async def named() -> str:
            made = await imported_litellm().acreate_batch(
                completion_window="24h",
                endpoint="/v1/chat/completions",
                input_file_id=file,
                metadata={_NOTE: note},
                **self._access,
            )
            return str(made.id)

        return await self._given(named)

    async def found(self, note: str, since_s: float) -> str | None:
        """The name of the batch with a note; ``None`` if the provider has none.

        Args:
            note: What was given to it.
            since_s: When it was submitted at the earliest, in seconds since 1970.
        """

        async def named() -> str | None:
            after = None
            while True:
                page = await imported_litellm().alist_batches(
                    limit=_PAGE, **({"after": after} if after else {}), **self._access
                )
                for batch in page.data:
                    if (batch.metadata or {}).get(_NOTE) == note:
                        return str(batch.id)
                    if batch.created_at and batch.created_at < since_s - _CLOCKS_DIFFER_S:
                        return None
                if not page.has_more or not page.data:
                    return None
                after = page.data[-1].id

        return await self._given(named)

    async def state(self, batch_id: str) -> BatchState:
        """How far a batch is."""

        async def found() -> BatchState:
            batch = await imported_litellm().aretrieve_batch(batch_id=batch_id, **self._access)
            ended = batch.status == "completed" or batch.status in _ENDED_BADLY
            files = (batch.output_file_id, batch.error_file_id)
            return BatchState(ended, tuple(str(file) for file in files if file))

        return await self._given(found)

    async def lines(self, file: str) -> list[dict[str, Any]]:
        """The lines of a file that tell of an item, as JSON data."""

        async def read() -> list[dict[str, Any]]:
            content = await imported_litellm().afile_content(file_id=file, **self._access)
            return [line for line in map(_item, content.content.split(b"\n")) if line is not None]

        return await self._given(read)

    async def _given(self, request: Callable[[], Awaitable[T]]) -> T:
        async def attempt() -> T:
            try:
                return await request()
            except Exception as error:
                raise failed_attempt(error) from error

        return await self._keyring.without_keys(attempt())


def _item(line: bytes) -> dict[str, Any] | None:
    """A line as data; ``None`` for one that is damaged, whose item counts as not answered."""
    try:
        item = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return item if isinstance(item, dict) and isinstance(item.get("custom_id"), str) else None
