"""What a call costs through the gateway and through litellm: CPU, throughput, memory.

    .venv/bin/python bench/gateway_overhead.py --server ../shared/bench/mock_llm.py

Starts the model server on loopback, asks it the same prompts with bare ``litellm.acompletion`` and
through the gateway in alternating rounds within one process, and prints ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server
from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import ModelGateway, open_gateway
from tasks.models.litellm_model import imported_litellm

HISTORY = 12


def prompt(number: int) -> tuple[Message, ...]:
    """A prompt of a discussion: a brief, some history, a request."""
    said = (
        Message("user", f"Agent {place}: I would compare the options, point {place} of {number}.")
        for place in range(HISTORY)
    )
    return (
        Message("system", "You take part in a discussion. " * 20),
        *said,
        Message("user", "It is your turn."),
    )


async def at_once(asks: list[Callable[[], Awaitable[Any]]], in_flight: int) -> tuple[float, float]:
    """Wall and CPU seconds of making all calls with so many in flight."""
    line = iter(asks)

    async def worker() -> None:
        for ask in line:
            await ask()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return time.perf_counter() - wall, time.process_time() - cpu


def bare_asks(api_base: str, numbers: range) -> list[Callable[[], Awaitable[Any]]]:
    """Calls of litellm as anybody would make them."""
    litellm = imported_litellm()

    def ask(number: int) -> Callable[[], Awaitable[Any]]:
        messages = [{"role": m.role, "content": m.text} for m in prompt(number)]
        return lambda: litellm.acompletion(
            model="openai/mock",
            api_base=api_base,
            api_key="none",
            messages=messages,
            temperature=0.8,
            max_retries=0,
        )

    return [ask(number) for number in numbers]


def socket_asks(api_base: str, numbers: range) -> list[Callable[[], Awaitable[Any]]]:
    """The same requests over plain sockets that are kept open: as much as the server gives."""
    address = urlsplit(api_base)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def ask(number: int) -> Callable[[], Awaitable[Any]]:
        messages = [{"role": m.role, "content": m.text} for m in prompt(number)]
        body = orjson.dumps({"model": "mock", "messages": messages, "temperature": 0.8})
        head = (
            f"POST {address.path}/chat/completions HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n"
        )

        async def one() -> None:
            connection = idle.pop() if idle else None
            reader, writer = connection or await asyncio.open_connection(
                address.hostname, address.port
            )
            writer.write(head.encode() + body)
            answered = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(answered.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            idle.append((reader, writer))

        return one

    return [ask(number) for number in numbers]


def gateway_asks(
    gateway: ModelGateway, spec: ModelSpec, numbers: range, tag: str
) -> list[Callable[[], Awaitable[Any]]]:
    """The same calls through the gateway, twenty to a unit, rows taken as units end."""
    done: dict[str, int] = {}

    def ask(number: int) -> Callable[[], Awaitable[Any]]:
        unit = digest(tag, number // 20)

        async def one() -> None:
            await gateway.ask(Question(spec, prompt(number), unit, number % 20, "agent", "s1"))
            done[unit] = done.get(unit, 0) + 1
            if done[unit] == 20:
                del done[unit]
                gateway.rows(unit)

        return one

    return [ask(number) for number in numbers]


async def measured(args: argparse.Namespace, api_base: str) -> None:
    """Runs the rounds and prints what was found."""
    spec = ModelSpec(
        model="openai/mock", api_base=api_base, temperature=0.8, max_in_flight=args.in_flight
    )
    folder = Path(tempfile.mkdtemp(prefix="agora-bench-"))
    ratios, throughputs, bare_ms, gateway_ms, ceilings, rates = [], [], [], [], [], []
    async with open_gateway(folder / "bench.journal") as gateway:
        await at_once(bare_asks(api_base, range(args.in_flight)), args.in_flight)
        await at_once(gateway_asks(gateway, spec, range(args.in_flight), "warm"), args.in_flight)
        numbers = range(args.calls)
        for turn in range(args.rounds):
            wall_b, cpu_b = await at_once(bare_asks(api_base, numbers), args.in_flight)
            wall_g, cpu_g = await at_once(
                gateway_asks(gateway, spec, numbers, f"{turn}"), args.in_flight
            )
            bare_ms.append(cpu_b / args.calls * 1e3)
            gateway_ms.append(cpu_g / args.calls * 1e3)
            ratios.append(cpu_g / cpu_b)
            throughputs.append(wall_b / wall_g)
            wall_s, _ = await at_once(socket_asks(api_base, numbers), args.in_flight)
            ceilings.append(args.calls / wall_s)
            rates.append(args.calls / wall_g)
        print(f"in flight {args.in_flight}, {args.rounds} rounds of {args.calls} calls each way")
        print(
            f"CPU per call: bare litellm {statistics.median(bare_ms):.2f} ms, "
            f"gateway {statistics.median(gateway_ms):.2f} ms"
        )
        print(
            f"CPU ratio: median {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )
        print(
            f"throughput ratio: median {statistics.median(throughputs):.2f} "
            f"({min(throughputs):.2f} to {max(throughputs):.2f})"
        )
        print(
            f"calls per second: gateway {statistics.median(rates):.0f}, "
            f"plain sockets (the server's ceiling) {statistics.median(ceilings):.0f}"
        )
        asked = gateway.usage.calls_asked
        for turn in range(args.rounds):
            asks = gateway_asks(gateway, spec, numbers, f"{turn}")
            _, cpu = await at_once(asks, 1)
            print(f"call found in the journal: {cpu / args.calls * 1e3:.4f} ms of CPU")
        assert gateway.usage.calls_asked == asked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory: {peak:.0f} MB")


async def main() -> None:
    """Parses the options, starts the server and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default=os.environ.get("AGORA_MODEL_SERVER", ""))
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--in-flight", type=int, default=200)
    parser.add_argument("--latency-ms", type=float, default=20)
    args = parser.parse_args()
    with model_server(args.server, "--latency-ms", str(args.latency_ms)) as api_base:
        await measured(args, api_base)


if __name__ == "__main__":
    asyncio.run(main())
