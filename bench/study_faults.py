"""A study of 1,000 episodes on a server that fails, against the same study on one that does not.

    .venv/bin/python bench/study_faults.py [--episodes 1000]

First with faults of transport, after which every table but ``calls`` and ``attempts`` must be the
same. Then with answers out of shape and empty ones added, in a study with a judge: every unit must
be whole or explicitly failed, and every re-ask on record.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server, server_stats
from bench.studies import run_here, write_study
from bench.tables import counted, different_tables
from flows.settings import apply_defaults
from warehouse.address import free_port

TRANSPORT = "429:0.2,500:0.1,503:0.05,cut:0.03,garbage:0.03,hang:0.002"
SHAPE = f"{TRANSPORT},badjson:0.05,empty:0.02"

ATTEMPTS = "select kind, count(*) from attempts group by kind order by 2 desc"
CALLS = """
select purpose, count(*), count(reask_of), count(*) filter (status = 'failed') from calls
group by purpose order by purpose
"""
UNITS = "select step, status, count(*) from units group by all order by all"
ORPHANS = """
select count(*) from calls where reask_of is not null
  and reask_of not in (select call_key from calls)
"""
CODES = "select count(*), count(value) from codes"


def run_on(
    server: str, port: int, faults: str, folder: Path, episodes: int, *, judged: bool
) -> Path:
    """The warehouse of a study on a server with faults, or without any."""
    name = "faulty" if faults else "faultless"
    warehouse = folder / f"{name}-{judged}.duckdb"
    options = ("--fail", faults) if faults else ()
    with model_server(server, *options, port=port) as api_base:
        study = write_study(
            folder,
            api_base,
            replicates=episodes,
            seats=3,
            rounds=2,
            timeout_s=5,
            judged=judged,
        )
        began = time.perf_counter()
        run_here(study, warehouse)
        print(f"{name}: {time.perf_counter() - began:.0f} s, server: {server_stats(api_base)}")
    return warehouse


def main() -> None:
    """Run both parts and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--episodes", type=int, default=1000)
    options = parser.parse_args()
    apply_defaults()
    from flows.server import StartingServer

    StartingServer().ready()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        pair = [
            run_on(options.server, port, faults, folder, options.episodes, judged=False)
            for faults in ("", TRANSPORT)
        ]
        print(f"tables that differ, calls and attempts apart: {different_tables(*pair) or 'none'}")
        print(f"attempts: {counted(pair[1], ATTEMPTS)}")
        shaped = run_on(options.server, port, SHAPE, folder, options.episodes, judged=True)
        for title, sql in (
            ("units (step, status, n)", UNITS),
            ("calls (purpose, n, re-asks, failed)", CALLS),
            ("attempts (kind, n)", ATTEMPTS),
            ("judgements (all, usable)", CODES),
            ("re-asks whose call is not on record", ORPHANS),
        ):
            print(f"{title}: {counted(shaped, sql)}")


if __name__ == "__main__":
    main()
