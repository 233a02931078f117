"""Wall time of `agora run` on a complete study, against a bare Prefect flow with one empty task.

    python bench/rerun.py [--runs 5]

Both are whole processes with Prefect's temporary server, run in turn; the figure is the ratio of
the medians, with every pair's ratio beside it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from flows.settings import DEFAULTS

ROOT = Path(__file__).resolve().parents[1]
BARE = """
from prefect import flow, task

@task
def nothing():
    pass

@flow
def bare():
    nothing()

bare()
"""


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=600)
    return time.perf_counter() - began


def main() -> None:
    """Run both in turn and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--study", type=Path, default=ROOT / "studies" / "demo_discussion.yaml")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            **DEFAULTS,
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_HOME": f"{folder}/prefect",
            "AGORA_WAREHOUSE": f"{folder}/agora.duckdb",
        }
        bare = [sys.executable, "-c", BARE]
        run = [str(Path(sys.executable).parent / "agora"), "run", str(options.study)]
        print(f"first run of the study: {seconds(run, environment):.1f} s")
        seconds(bare, environment)
        pairs = [
            (seconds(run, environment), seconds(bare, environment)) for _ in range(options.runs)
        ]
    ratios = sorted(a / b for a, b in pairs)
    medians = [statistics.median(side) for side in zip(*pairs, strict=True)]
    print(f"rerun {medians[0]:.2f} s, bare flow {medians[1]:.2f} s, {options.runs} pairs")
    print(
        f"ratio of medians {medians[0] / medians[1]:.2f}, pairs {ratios[0]:.2f} to {ratios[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
