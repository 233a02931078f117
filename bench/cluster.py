"""A study of calls that take long, on one Dask worker and on two, as many units at once on each.

    python bench/cluster.py [--episodes 24] [--latency-ms 400] [--units 6]

Local clusters of worker processes, against the model server. Told are the seconds of the step that
plays the episodes, from its plan to its last commit, and those of the whole run. An episode takes
40 calls, one after another; let the number of episodes be a multiple of the units that all workers
work at once, else some of them have nothing to do at the end.
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
from bench.tables import different_tables
from flows.session import Silence, told_to
from flows.settings import apply_defaults


class Clock(Silence):
    """Keeps how long the step took that plays the episodes."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def step_begins(self, plan: object) -> None:
        """See :class:`flows.session.Listener`."""
        if plan.step.name == "episodes":
            self.seconds -= time.perf_counter()

    def step_ends(self, plan: object) -> None:
        """See :class:`flows.session.Listener`."""
        if plan.step.name == "episodes":
            self.seconds += time.perf_counter()


def main() -> None:
    """Run the study on clusters of one worker and of two, print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--episodes", type=int, default=24)
    parser.add_argument("--latency-ms", type=int, default=400)
    parser.add_argument("--units", type=int, default=6, help="units at once on each worker")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    options = parser.parse_args()
    apply_defaults()
    from flows.server import StartingServer

    StartingServer().ready()
    took = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with model_server(options.server, "--latency-ms", str(options.latency_ms)) as api_base:
            for workers in options.workers:
                study = write_study(
                    folder,
                    api_base,
                    replicates=options.episodes,
                    in_flight=1000,
                    concurrency=options.units,
                )
                text = study.read_text(encoding="utf-8")
                on_dask = f"run: {{runner: dask, workers: {workers}, "
                study.write_text(text.replace("run: {", on_dask), encoding="utf-8")
                clock, began = Clock(), time.perf_counter()
                with told_to(clock):
                    report = run_here(study, folder / f"{workers}.duckdb")
                assert report.complete
                took.append(clock.seconds)
                print(
                    f"{workers} workers: episodes {clock.seconds:.1f} s, whole run "
                    f"{time.perf_counter() - began:.1f} s, {report.calls_asked} calls",
                    flush=True,
                )
            print(f"requests: {server_stats(api_base)}")
        first, last = (folder / f"{n}.duckdb" for n in (options.workers[0], options.workers[-1]))
        print(f"tables that differ: {different_tables(first, last) or 'none'}")
    print(f"ratio {took[0] / took[-1]:.2f}")


if __name__ == "__main__":
    main()
