"""Peak memory of ``agora run`` on studies of more and more short calls.

    .venv/bin/python bench/study_memory.py [--calls 2000 20000]

Discussions of 8 seats and 10 rounds, 80 calls each, with short answers; each study runs in a
process of its own. Memory must not grow with the number of calls done.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server
from bench.studies import write_study

SEATS, ROUNDS = 8, 10


def peak_mb(command: list[str]) -> float:
    """Peak resident memory of a command, in a process of its own.

    Raises:
        SystemExit: The command failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the run ended with status {os.waitstatus_to_exitcode(status)}")
    return used.ru_maxrss / 1024


def main() -> None:
    """Run the studies, print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--calls", type=int, nargs="+", default=[2000, 20_000])
    options = parser.parse_args()
    agora = str(Path(sys.executable).parent / "agora")
    with tempfile.TemporaryDirectory() as name:
        for calls in options.calls:
            with model_server(options.server, "--words", "5") as api_base:
                study = write_study(
                    Path(name),
                    api_base,
                    replicates=max(1, calls // (SEATS * ROUNDS)),
                    seats=SEATS,
                    rounds=ROUNDS,
                )
                warehouse = str(Path(name) / f"{calls}.duckdb")
                began = time.perf_counter()
                peak = peak_mb([agora, "--warehouse", warehouse, "run", str(study)])
            took_s = time.perf_counter() - began
            print(f"{calls} calls: peak memory {peak:.0f} MB, {took_s:.0f} s", flush=True)


if __name__ == "__main__":
    main()
