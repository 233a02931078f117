"""Seconds and memory that 200,000 events take to be validated and written in whole units.

Run: ``python bench/write_events.py [--episodes 1000] [--events 200] [--batch 100]``.

An episode is a unit: its row, six seats, its events (mappings, as the engine gives them). Time
counts from before the first import of the warehouse to the file's end, generation of rows apart.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schemas.keys import digest, generator
from schemas.unit import Result, Unit

WORDS = [
    "we",
    "could",
    "move",
    "the",
    "order",
    "queue",
    "to",
    "the",
    "second",
    "page",
    "and",
    "ask",
    "drivers",
    "what",
    "they",
    "need",
]


def result(number: int, n_events: int) -> Result:
    """An episode of a discussion."""
    key = digest("bench", number)
    random = generator("bench", number)
    seats = [f"s{i + 1}" for i in range(6)]
    owner = {"episode_key": key, "unit_key": key}
    episode = {
        **owner,
        "source": "run",
        "environment": "discussion",
        "label": f"bench {number}",
        "brief": "Design a delivery application.",
        "params": {"rounds": n_events // 6},
        "seed": number,
        "status": "complete",
        "end_reason": "rounds",
        "planned_rounds": n_events // 6,
        "completed_rounds": n_events // 6,
    }
    rows: dict[str, Any] = {
        "episodes": [episode],
        "seats": [
            {
                **owner,
                "seat": seat,
                "position": i + 1,
                "role": "participant",
                "name": f"Agent {i + 1}",
                "model": "alias",
                "model_id": "sim/talkative",
            }
            for i, seat in enumerate(seats)
        ],
        "events": [
            {
                **owner,
                "seq": seq,
                "round": seq // 6,
                "turn": seq,
                "kind": "say",
                "actor": seats[seq % 6],
                "text": " ".join(random.choices(WORDS, k=30)),
                "data": {"words": 30},
                "valid": True,
                "attempts": 1,
                "fallback": False,
            }
            for seq in range(n_events)
        ],
    }
    return Result(Unit("episodes", "play", key, None), rows)


def main() -> None:
    """Prints the figures; exit status 1 where nothing like all rows arrived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--batch", type=int, default=100, help="episodes per commit")
    arguments = parser.parse_args()
    spent_s = 0.0
    cpu_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        from warehouse.store import Warehouse

        path = Path(folder) / "bench.duckdb"
        warehouse = Warehouse.open(path)
        spent_s += time.perf_counter() - started
        for first in range(0, arguments.episodes, arguments.batch):
            numbers = range(first, min(first + arguments.batch, arguments.episodes))
            results = [result(number, arguments.events) for number in numbers]
            started, started_cpu = time.perf_counter(), time.process_time()
            report = warehouse.commit(results, run_id="bench", code_version="bench")
            spent_s += time.perf_counter() - started
            cpu_s += time.process_time() - started_cpu
            if report.failed:
                raise SystemExit(f"units failed: {report.failed}")
        started = time.perf_counter()
        written = warehouse.frame_sql("SELECT count(*) AS n FROM events")["n"].item()
        warehouse.close()
        spent_s += time.perf_counter() - started
        size_mb = path.stat().st_size / 1e6
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"events {written}, units {arguments.episodes}, units per commit {arguments.batch}")
    print(f"seconds {spent_s:.1f} (imports included), of CPU {cpu_s:.1f}")
    print(f"events per second {written / spent_s:.0f}")
    print(f"peak RSS {peak_mb:.0f} MB, file {size_mb:.1f} MB")
    if written != arguments.episodes * arguments.events:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
