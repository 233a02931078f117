"""Memory of `agora run`: its peak on a few calls, and how it grows with the calls of a long study.

    python bench/study_memory.py [--calls 2000] [--curve 100000] [--served]

Discussions of 8 seats and 10 rounds, 80 calls each, with short answers. The first study is run by
`agora run` against a server on loopback; the figure is that process's peak. The long one is run on
simulated models, which takes a minute or two, or with ``--served`` against the server as well; its
memory is told as its calls are committed. It must not grow with the number of calls done.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.processes import spent
from bench.server import model_server
from bench.studies import run_here, write_study
from flows.session import Silence, told_to
from flows.settings import apply_defaults

SEATS, ROUNDS = 8, 10
POINTS = 20


class Curve(Silence):
    """Prints resident memory as calls are committed, now and then."""

    def __init__(self, calls: int) -> None:
        self._every = calls / POINTS
        self._calls = 0
        self._began_s = time.perf_counter()

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """See :class:`flows.session.Listener`."""
        before, self._calls = self._calls, self._calls + done * SEATS * ROUNDS
        if self._calls // self._every > before // self._every:
            took_s = time.perf_counter() - self._began_s
            print(f"{self._calls:8,} calls  {resident():s}  {took_s:5.0f} s", flush=True)


def resident() -> str:
    """Resident memory of this process, now and at its peak."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    now_mb = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{now_mb:4.0f} MB, peak {peak_mb:4.0f} MB"


def study_of(calls: int, folder: Path, api_base: str) -> Path:
    """The file of a study that makes so many calls, about."""
    replicates = max(1, calls // (SEATS * ROUNDS))
    return write_study(folder, api_base, replicates=replicates, seats=SEATS, rounds=ROUNDS)


def print_curve(calls: int, folder: Path, api_base: str) -> None:
    """Run a study in this process, with its memory told as it goes."""
    apply_defaults()
    from flows.server import StartingServer

    StartingServer().ready()
    with told_to(Curve(calls)):
        run_here(study_of(calls, folder, api_base), folder / "curve.duckdb")
    print(f"{calls:8,} calls, all stages  {resident()}", flush=True)


def main() -> None:
    """Run the studies, print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--calls", type=int, nargs="*", default=[2000])
    parser.add_argument("--curve", type=int, default=100_000, help="calls of the long study")
    parser.add_argument("--served", action="store_true", help="ask the server for the long one too")
    options = parser.parse_args()
    agora = str(Path(sys.executable).parent / "agora")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with model_server(options.server, "--words", "5") as api_base:
            for calls in options.calls:
                study = study_of(calls, folder, api_base)
                warehouse = str(folder / f"{calls}.duckdb")
                peak = spent([agora, "--warehouse", warehouse, "run", str(study)]).peak_mb
                print(f"{calls:8,} calls  agora run at its peak {peak:.0f} MB", flush=True)
            if options.curve and options.served:
                print_curve(options.curve, folder, api_base)
        if options.curve and not options.served:
            print_curve(options.curve, folder, "")


if __name__ == "__main__":
    main()
