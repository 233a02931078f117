"""Bytes that calls, parts, exposures and journal of long discussions take, against the transcript.

    .venv/bin/python bench/storage.py [--episodes 12]

Discussions of 160 messages with full history. The tables are copied into a file of their own, whose
size after a checkpoint is counted; the journal is counted at its largest, before it is settled.
The limit is 4 times the bytes of the transcripts plus 1 kB a call.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import duckdb

from bench.server import model_server
from bench.studies import run_here, write_study
from flows.settings import apply_defaults

TABLES = ("calls", "prompt_messages", "exposures")
MESSAGES = 160


class Largest:
    """The largest size that a folder's files had together, looked at ten times a second."""

    def __init__(self, folder: Path) -> None:
        self.size_bytes = 0
        self._folder = folder
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Largest:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            try:
                size = sum(path.stat().st_size for path in self._folder.glob("*"))
            except FileNotFoundError:
                continue
            self.size_bytes = max(self.size_bytes, size)


def table_bytes(warehouse: Path, table: str) -> int:
    """Size of a file that holds one table of a warehouse and nothing else."""
    copy = warehouse.with_suffix(f".{table}")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{warehouse}' AS held (READ_ONLY)")
        connection.execute(f"ATTACH '{copy}' AS alone (BLOCK_SIZE 16384)")
        connection.execute(f"CREATE TABLE alone.{table} AS FROM held.{table}")
        connection.execute("CHECKPOINT alone")
    return copy.stat().st_size


def main() -> None:
    """Run the discussions, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--episodes", type=int, default=12)
    options = parser.parse_args()
    apply_defaults()
    from flows.server import StartingServer
    from tasks.models.journal import journal_dir

    StartingServer().ready()
    with model_server(options.server) as api_base, tempfile.TemporaryDirectory() as name:
        warehouse = Path(name) / "agora.duckdb"
        study = write_study(
            Path(name), api_base, replicates=options.episodes, seats=8, rounds=MESSAGES // 8
        )
        with Largest(journal_dir(warehouse)) as journal:
            report = run_here(study, warehouse)
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            said = connection.execute(
                "select sum(strlen(text)) from events where kind = 'say'"
            ).fetchone()
        assert said is not None
        sizes = {table: table_bytes(warehouse, table) for table in TABLES}
    sizes["journal"] = journal.size_bytes
    calls, taken = report.calls_asked, sum(sizes.values())
    limit = 4 * said[0] + 1000 * calls
    for title, size in sizes.items():
        print(f"{title:<10} {size / calls:8.0f} bytes a call")
    print(f"transcript {said[0] / calls:8.0f} bytes a call, {calls} calls")
    print(f"together   {taken / calls:8.0f} bytes a call, {taken / limit:.2f} of the limit")


if __name__ == "__main__":
    main()
