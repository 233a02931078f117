"""What `agora run` takes on a study that is complete, where no Prefect server is configured.

    python bench/rerun.py [--runs 5]

Whole processes, run in turn with an empty Python process, whose time says how busy the machine is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.processes import spent

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run a study, run it again some times, print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--study", type=Path, default=ROOT / "studies" / "demo_discussion.yaml")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = {name: text for name, text in os.environ.items() if not name.startswith("PREFECT_")}
        environment = {
            **plain,
            "PREFECT_HOME": f"{folder}/prefect",
            "AGORA_WAREHOUSE": f"{folder}/agora.duckdb",
        }
        run = [str(Path(sys.executable).parent / "agora"), "run", str(options.study)]
        first = spent(run, environment)
        print(f"first run: {first.wall_s:.1f} s, {first.cpu_s:.1f} s of processor time")
        empty, again = [], []
        for _ in range(options.runs):
            empty.append(spent([sys.executable, "-c", "pass"], environment))
            again.append(spent(run, environment))
    wall = sorted(one.wall_s for one in again)
    print(
        f"again: {statistics.median(wall):.2f} s ({wall[0]:.2f} to {wall[-1]:.2f}), "
        f"{statistics.median(one.cpu_s for one in again):.2f} s of processor time, "
        f"peak {max(one.peak_mb for one in again):.0f} MB; "
        f"an empty process: {statistics.median(one.wall_s for one in empty):.3f} s"
    )


if __name__ == "__main__":
    main()
