"""Memory of the gateway over many short calls, and bytes of its journal per call.

.venv/bin/python bench/gateway_memory.py --calls 100000
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server
from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway

PER_UNIT = 20


def resident_mb() -> float:
    """Memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def measured(api_base: str, calls: int) -> None:
    """Asks, takes the rows of every unit as it ends, and prints memory along the way."""
    spec = ModelSpec(model="openai/mock", api_base=api_base, max_in_flight=100)
    folder = Path(tempfile.mkdtemp(prefix="agora-bench-")) / "journal"
    taken = 0
    began = time.perf_counter()
    async with open_gateway(folder) as gateway:

        async def unit(number: int) -> None:
            nonlocal taken
            key = digest("unit", number)
            for ordinal in range(PER_UNIT):
                prompt = (Message("user", f"{number}, {ordinal}: yes or no?"),)
                await gateway.ask(Question(spec, prompt, key, ordinal, "agent", "s1"))
            taken += len(gateway.rows(key)["calls"])
            gateway.forget([key])
            if taken % max(calls // 10, PER_UNIT) == 0:
                size = sum(path.stat().st_size for path in folder.iterdir())
                print(
                    f"{taken} calls, {time.perf_counter() - began:.0f} s: "
                    f"{resident_mb():.0f} MB resident, journal {size / 2**20:.1f} MB",
                    flush=True,
                )

        waiting = iter(range(calls // PER_UNIT))

        async def worker() -> None:
            for number in waiting:
                await unit(number)

        await asyncio.gather(*(worker() for _ in range(100)))
    print(f"journal left after everything was committed: {folder.exists()}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{taken} calls: peak memory {peak:.0f} MB")


async def main() -> None:
    """Parses the options, starts the server and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="")
    parser.add_argument("--calls", type=int, default=100_000)
    args = parser.parse_args()
    with model_server(args.server, "--words", "5") as api_base:
        await measured(api_base, args.calls)


if __name__ == "__main__":
    asyncio.run(main())
