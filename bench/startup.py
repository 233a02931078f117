"""Prints the wall time of each light command, and its ratio to an empty Python process.

Run with ``python bench/startup.py [WAREHOUSE]``; without a warehouse an empty one is made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STUDY = str(ROOT / "studies" / "demo_discussion.yaml")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--help",),
    ("plan", STUDY),
    ("sql", "select count(*) as events from events"),
    ("studies",),
    ("show", STUDY),
    ("diff", STUDY, STUDY),
    ("schema",),
)
LIMIT_S = 1.0
REPEATS = 5


def seconds(*words: str, warehouse: Path) -> float:
    """The least wall time of some runs of a Python process."""
    environment = {**os.environ, "AGORA_WAREHOUSE": str(warehouse), "PYTHONPATH": str(ROOT)}
    # An installed package is compiled; a repetition is not to compile it again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], env=environment, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print a line per command."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "empty.duckdb"
        if len(sys.argv) == 1:
            sys.path.insert(0, str(ROOT))
            from warehouse.store import Warehouse

            Warehouse.open(warehouse).close()
        bare = seconds("-c", "pass", warehouse=warehouse)
        print(f"python -c pass        {bare:6.3f} s")
        for words in COMMANDS:
            taken = seconds("-m", "flows.cli.main", *words, warehouse=warehouse)
            excess = "" if taken <= LIMIT_S else f"  above {LIMIT_S} s"
            print(f"agora {words[0]:<15} {taken:6.3f} s  {taken / bare:5.1f} x{excess}")


if __name__ == "__main__":
    main()
