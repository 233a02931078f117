"""A model server whose every answer a test decides, on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.litellm_model import imported_litellm
from tasks.models.retry import Backoff


@dataclass
class Said:
    """What the server sends back."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: bool = False


@dataclass
class Request:
    """What the server received."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def completion(content: str | None = "Hello.", finish: str = "stop", **message: Any) -> Said:
    """A chat completion."""
    return Said(
        body={
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "served-model",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content, **message},
                    "finish_reason": finish,
                }
            ],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }
    )


def refusal(status: int, message: str = "no", **headers: str) -> Said:
    """An error of a provider."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, {"error": {"message": message, "type": "error"}}, named)


class ModelServer:
    """Answers each request with what ``answer(request, number)`` says; numbers count from 1."""

    def __init__(self) -> None:
        self.answer: Callable[[Request, int], Said] = lambda request, number: completion()
        self.requests: list[Request] = []
        self.connections = 0
        self.in_flight = 0
        self.peak = 0
        self.port = 0

    @property
    def api_base(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                fields = [line.split(":", 1) for line in head[1:] if line]
                headers = {name.lower(): value.strip() for name, value in fields}
                raw = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Request(method, path, headers, raw)
                self.requests.append(request)
                self.in_flight += 1
                self.peak = max(self.peak, self.in_flight)
                try:
                    said = self.answer(request, len(self.requests))
                    if said.delay_s:
                        await asyncio.sleep(said.delay_s)
                finally:
                    self.in_flight -= 1
                self.send(writer, said)
                await writer.drain()
                if said.cut:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @staticmethod
    def send(writer: asyncio.StreamWriter, said: Said) -> None:
        data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
        headers = {"content-type": "application/json", "content-length": str(len(data))}
        if said.cut:
            headers["content-length"] = str(len(data) + 500)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers | said.headers).items())
        writer.write(f"HTTP/1.1 {said.status} X\r\n{lines}\r\n".encode() + data)


@pytest.fixture(scope="session", autouse=True)
def _imported() -> None:
    """Imports litellm before any test looks at a clock."""
    imported_litellm()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    served = ModelServer()
    listener = await asyncio.start_server(served.serve, "127.0.0.1", 0, backlog=1024)
    served.port = listener.sockets[0].getsockname()[1]
    yield served
    listener.close()


@pytest.fixture
def said() -> Any:
    """Makers of answers: ``said.completion(...)``, ``said.refusal(...)``, ``said.Said(...)``."""

    class Makers:
        pass

    makers = Makers()
    makers.completion, makers.refusal, makers.Said = completion, refusal, Said  # type: ignore[attr-defined]
    return makers


@pytest.fixture
def quick() -> Backoff:
    """Back-off short enough for tests."""
    return Backoff(first_s=0.01, longest_s=0.05)


@pytest.fixture
def spec(server: ModelServer) -> Callable[..., ModelSpec]:
    """Makes a model that the server answers for."""

    def make(**fields: Any) -> ModelSpec:
        given = {"model": "openai/served", "api_base": server.api_base, "attempt_timeout_s": 600.0}
        return ModelSpec.model_validate(given | fields)

    return make


@pytest.fixture
def ask() -> Callable[..., Question]:
    """Makes a question."""

    def make(model: ModelSpec, text: str = "Hi?", **fields: Any) -> Question:
        given = {"unit_key": digest("unit", 1), "ordinal": 0, "purpose": "agent", "subject": "s1"}
        return Question(model=model, messages=(Message("user", text),), **(given | fields))

    return make


@pytest.fixture
def model_server(shared: Path) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """Base URL and counts of the model server of the measurements, in a process of its own."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    script = shared / "bench" / "mock_llm.py"
    command = [sys.executable, str(script), "--port", str(port), "--latency-ms", "10"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()

        def stats() -> dict[str, Any]:
            address = f"http://127.0.0.1:{port}/stats"
            with urllib.request.urlopen(address, timeout=600) as answer:
                return dict(json.load(answer))

        yield f"http://127.0.0.1:{port}/v1", stats
        process.terminate()
