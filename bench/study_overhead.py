"""CPU per model call of a whole discussion study, against bare litellm with the same messages.

    .venv/bin/python bench/study_overhead.py --server ../shared/bench/mock_llm.py

The study's cost is everything from opening the warehouse to the last commit: planning, rendering,
keys, journal, events, exposures, validation, Prefect's client; start-up and imports are left out of
both sides. Then the very messages that the study sent are sent again with bare
``litellm.acompletion``, as many in flight. Studies and bare rounds alternate in one process.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server
from bench.studies import run_here, write_study
from flows.settings import apply_defaults


def requests_of(warehouse: Path) -> list[list[dict[str, str]]]:
    """The messages of every call in a warehouse."""
    from warehouse.store import Warehouse

    with Warehouse.open(warehouse, read_only=True) as shelf:
        column = shelf.frame_sql("select messages from v_calls order by asked_at")["messages"]
    return [
        [{"role": m["role"], "content": m["text"]} for m in messages]
        for messages in column.to_list()
    ]


async def bare(api_base: str, requests: list[list[dict[str, str]]], in_flight: int) -> None:
    """The same requests through litellm alone."""
    from tasks.models.litellm_model import imported_litellm

    litellm = imported_litellm()
    line = iter(requests)

    async def worker() -> None:
        for messages in line:
            await litellm.acompletion(
                model="openai/mock",
                api_base=api_base,
                api_key="none",
                messages=messages,
                temperature=0.8,
                max_retries=0,
            )

    await asyncio.gather(*(worker() for _ in range(in_flight)))


def main() -> None:
    """Alternate studies and bare rounds; print CPU per call and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", type=Path, required=True, help="the model server's script")
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of measuring")
    parser.add_argument("--in-flight", type=int, default=64)
    options = parser.parse_args()
    apply_defaults()
    from flows.server import StartingServer

    prefect = StartingServer()
    prefect.ready()
    pairs = []
    with model_server(options.server) as api_base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warm = write_study(folder, api_base, replicates=2)
        run_here(warm, folder / "warm.duckdb")
        asyncio.run(bare(api_base, requests_of(folder / "warm.duckdb"), options.in_flight))
        study = write_study(
            folder,
            api_base,
            replicates=options.episodes,
            in_flight=options.in_flight,
            concurrency=options.in_flight,
        )
        for number in range(options.rounds):
            warehouse = folder / f"{number}.duckdb"
            began = time.process_time()
            report = run_here(study, warehouse)
            whole = (time.process_time() - began) / report.calls_asked * 1000
            requests = requests_of(warehouse)
            began = time.process_time()
            asyncio.run(bare(api_base, requests, options.in_flight))
            alone = (time.process_time() - began) / len(requests) * 1000
            pairs.append((whole, alone))
            print(f"study {whole:.2f} ms, bare {alone:.2f} ms a call, ratio {whole / alone:.2f}")
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"{report.calls_asked} calls a round; median ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
