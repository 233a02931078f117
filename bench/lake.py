"""What a lake costs beside a file: the demonstration study on both, and the lake compacted.

Run from the root of the repository, with Agora's extra ``test`` installed, which brings PostgreSQL:
``python bench/lake.py``
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.postgres import serving_postgres
from warehouse.lake import LakeStorage
from warehouse.lake_upkeep import compact
from warehouse.storage import storage_of

STUDY = "studies/demo_discussion.yaml"
QUERY = (
    "SELECT condition, count(*) FROM v_episodes JOIN v_messages USING (episode_key) GROUP BY ALL"
)


def taken(*arguments: object) -> str:
    """How long a command of Agora takes, and the CPU that it and what it starts use."""
    began, used_s = time.perf_counter(), cpu_s()
    command = [sys.executable, "-m", "agora_lab", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    return f"{time.perf_counter() - began:.1f} s (CPU {cpu_s() - used_s:.1f} s)"


def cpu_s() -> float:
    """CPU of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a row per kind, and what compacting does."""
    with serving_postgres() as postgres, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        lake = postgres.lake(folder)
        for kind, warehouse in (("file", folder / "agora.duckdb"), ("lake", lake)):
            print(
                kind,
                taken("run", STUDY, "--warehouse", warehouse),
                taken("run", STUDY, "--warehouse", warehouse),
                taken("sql", QUERY, "--warehouse", warehouse),
                sep="; ",
                flush=True,
            )
        size = (folder / "agora.duckdb").stat().st_size
        files = [file.stat().st_size for file in folder.rglob("*.parquet")]
        print(f"file {size:,} bytes; lake {len(files)} files, {sum(files):,} bytes", end=" ")
        print(f"and {postgres.run(postgres.name_of(lake), DATABASE_BYTES).strip()} of PostgreSQL")
        storage = storage_of(lake)
        assert isinstance(storage, LakeStorage)
        began = time.perf_counter()
        done = compact(storage, kept_s=0)
        print(f"compacting: {time.perf_counter() - began:.1f} s: {done.in_words}")


DATABASE_BYTES = "SELECT pg_size_pretty(pg_database_size(current_database()))"

if __name__ == "__main__":
    main()
