"""Seconds that keys of events cost: a PRIMARY KEY against one SQL check per commit.

Run: ``python bench/keys_without_indexes.py [--events 2000000]``.

Both tables get the same rows in the same batches of 20,000. One has PRIMARY KEY (episode_key, seq);
for the other the rows of a batch that are in the table already are selected before the insert.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schemas.keys import digest
from schemas.tables import TABLES
from warehouse.projections.ddl import create_table

BATCH, EVENTS = 20_000, 200
CHECK = """
    SELECT count(*) FROM batch AS new WHERE EXISTS (FROM events AS held
    WHERE held.episode_key IS NOT DISTINCT FROM new.episode_key
    AND held.seq IS NOT DISTINCT FROM new.seq)
"""


def batch(first: int) -> pl.DataFrame:
    """Events of new episodes."""
    keys = [digest("episode", (first + i) // EVENTS) for i in range(BATCH)]
    return pl.DataFrame(
        {"episode_key": keys, "unit_key": keys, "seq": [i % EVENTS for i in range(BATCH)]}
    ).with_columns(
        pl.lit(0).alias("round"),
        pl.lit(0).alias("turn"),
        pl.lit("say").alias("kind"),
        pl.lit("s1").alias("actor"),
        pl.lit("a message of some length, as they are").alias("text"),
        pl.lit("").alias("phase"),
        pl.lit("{}").alias("data"),
        pl.lit(True).alias("valid"),
        pl.lit(1).alias("attempts"),
        pl.lit(False).alias("fallback"),
    )


def seconds(path: Path, n_events: int, *, index: bool) -> tuple[float, float, float]:
    """Seconds of all batches and of the last one; size of the file in MB."""
    connection = duckdb.connect(str(path), config={"memory_limit": "512MB", "threads": 2})
    statement = create_table(TABLES["events"])
    if index:
        statement = statement.replace("\n);", ",\n    PRIMARY KEY (episode_key, seq)\n);")
    connection.execute(statement)
    total = last = 0.0
    for first in range(0, n_events, BATCH):
        connection.register("batch", batch(first))
        started = time.perf_counter()
        if not index and connection.execute(CHECK).fetchone() != (0,):
            raise SystemExit("keys are not unique")
        connection.execute("INSERT INTO events BY NAME SELECT * FROM batch")
        last = time.perf_counter() - started
        total += last
    connection.close()
    return total, last, path.stat().st_size / 1e6


def main() -> None:
    """Prints both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    n_events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        indexed = seconds(Path(folder) / "indexed.duckdb", n_events, index=True)
        checked = seconds(Path(folder) / "checked.duckdb", n_events, index=False)
    print(f"{n_events} events in batches of {BATCH}")
    for name, (total, last, size) in (("PRIMARY KEY", indexed), ("SQL check", checked)):
        print(f"{name:<12} {total:6.2f} s in all, {last:.3f} s the last batch, {size:6.1f} MB")
    print(
        f"ratio        {indexed[0] / checked[0]:.1f} in time, {indexed[2] / checked[2]:.1f} in size"
    )


if __name__ == "__main__":
    main()
