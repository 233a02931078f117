"""Asking OpenAI-compatible servers straight, over one pool of connections that are kept open."""

from __future__ import annotations

import functools
import os
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import certifi
import orjson
from multidict import CIMultiDict
from pydantic import BaseModel
from yarl import URL

from schemas.gateway import Message
from tasks.models.completions import Vectors, reply_of, vectors_of
from tasks.models.faults import failed_status
from tasks.models.openai_request import RequestTemplate
from tasks.models.replies import AttemptFailed, Reply
from tasks.models.response_format import response_format


class Connections:
    """The connections of one gateway, opened when the first request needs one."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def answer(
        self, url: URL, headers: CIMultiDict[str], content: bytes, proxy: str | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of the answer to a POST request.

        Raises:
            AttemptFailed: The connection could not be made, or was lost.
        """
        session = self._session or self._opened()
        try:
            async with session.post(url, data=content, headers=headers, proxy=proxy) as answer:
                return answer.status, answer.headers, await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise AttemptFailed(
                "connection", f"{_in_words(error)} (server {url.origin()})"
            ) from error

    async def close(self) -> None:
        """Closes them all."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        # Limits, time-outs and proxies are the gateway's; cookies would tie calls together.
        trusted = os.environ.get("SSL_CERT_FILE") or certifi.where()
        connector = aiohttp.TCPConnector(limit=0, ssl=_trusting(trusted))
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        )
        return self._session


@functools.cache
def _trusting(authorities: str) -> ssl.SSLContext:
    """What connections need to trust the authorities of a file, which takes long to read."""
    return ssl.create_default_context(cafile=authorities)


def _in_words(error: Exception) -> str:
    """What kept a connection from being made, or ended it."""
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno:
        return f"cannot connect: {os.strerror(error.os_error.errno)}"
    return str(error) or type(error).__name__


class OpenAIServer:
    """One model on an OpenAI-compatible server.

    Args:
        template: What its requests say besides what is asked.
        connections: The gateway's connections.
    """

    def __init__(self, template: RequestTemplate, connections: Connections) -> None:
        self.native = template.native
        self._template = template
        self._connections = connections
        self._headers = CIMultiDict(template.headers)
        self._completions = URL(f"{template.base}/chat/completions", encoded=True)
        self._embeddings = URL(f"{template.base}/embeddings", encoded=True)

    async def reply(
        self, messages: Sequence[Message], answer_type: type[BaseModel] | None
    ) -> Reply:
        """The model's answer to one attempt; see :class:`tasks.models.binding.Transport`."""
        form = None if answer_type is None else response_format(answer_type)
        return reply_of(
            await self._json(self._completions, self._template.completion(messages, form))
        )

    async def vectors(self, texts: Sequence[str]) -> tuple[Reply, list[Vectors]]:
        """Vectors of texts from one attempt; see :class:`tasks.models.binding.Transport`."""
        body = await self._json(self._embeddings, self._template.embeddings(texts))
        return vectors_of(body, len(texts))

    async def _json(self, url: URL, body: Mapping[str, Any]) -> Any:
        status, headers, content = await self._connections.answer(
            url, self._headers, orjson.dumps(body), self._template.proxy
        )
        try:
            found = orjson.loads(content)
        except orjson.JSONDecodeError:
            found = None
        if status >= 400:
            raise failed_status(status, headers, found or content.decode(errors="replace"))
        if found is None:
            problem = f"the provider's answer is not JSON: {content.decode(errors='replace')}"
            raise AttemptFailed("bad_body", problem, status_code=status)
        return found
