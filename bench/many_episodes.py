"""A study of very many short episodes on simulated models, in this process.

    python bench/many_episodes.py [--episodes 100000]

Ultimatum games of one round. Told are the Prefect task runs of the whole study, the peak of this
process's resident memory, and how many episodes a second were committed in each tenth of them.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.studies import run_here
from flows.session import Silence, told_to
from flows.settings import apply_defaults

STUDY = """
name: many
models: {{agent: {{model: sim/agent}}}}
episode: {{environment: ultimatum, seats: [agent, agent], rounds: 1}}
conditions: {{small: {{pie: 10}}, large: {{pie: 100}}}}
replicates: {replicates}
metrics: [{{name: outcomes, names: [agreement, first_offer]}}]
contrasts: {{stake: {{of: outcomes, subject: agreement, between: [small, large]}}}}
"""
TENTHS = 10


class Tenths(Silence):
    """Keeps when each tenth of the episodes was committed."""

    def __init__(self, episodes: int) -> None:
        self._every = episodes / TENTHS
        self._done = 0
        self.at: list[tuple[int, float, float]] = []

    def step_begins(self, plan: object) -> None:
        """See :class:`flows.session.Listener`."""
        if not self.at:
            self.at.append((0, time.perf_counter(), time.process_time()))

    def units_end(self, step: str, done: int, failed: int, usable: float | None) -> None:
        """See :class:`flows.session.Listener`."""
        if step != "episodes":
            return
        self._done += done
        if self._done >= self._every * len(self.at):
            self.at.append((self._done, time.perf_counter(), time.process_time()))
            (before, from_s, from_cpu_s), (now, to_s, to_cpu_s) = self.at[-2:]
            rate = (now - before) / (to_s - from_s)
            cpu_ms = (to_cpu_s - from_cpu_s) / (now - before) * 1000
            print(
                f"{now:8,} episodes  {rate:6.0f} a second  {cpu_ms:5.2f} ms of processor time each"
                f"  peak {peak_mb():5.0f} MB",
                flush=True,
            )

    def ratio(self, clock: int) -> float:
        """Episodes a second in the last tenth over those in the first.

        Args:
            clock: 1 for seconds that passed, 2 for seconds of processor time.
        """
        rates = [(b[0] - a[0]) / (b[clock] - a[clock]) for a, b in pairwise(self.at)]
        return rates[-1] / rates[0]


def peak_mb() -> float:
    """The peak of this process's resident memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def task_runs() -> int:
    """Task runs that the server has on record."""
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        response = await client.request("POST", "/task_runs/count", json={})
        return int(response.json())


def main() -> None:
    """Run the study, print what it took."""
    import asyncio

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=100_000)
    options = parser.parse_args()
    apply_defaults()
    from flows.server import StartingServer

    server = StartingServer()
    server.ready()
    tenths = Tenths(options.episodes)
    with tempfile.TemporaryDirectory() as name:
        study = Path(name) / "many.yaml"
        study.write_text(STUDY.format(replicates=options.episodes // 2), encoding="utf-8")
        before = asyncio.run(task_runs())
        began = time.perf_counter()
        with told_to(tenths):
            report = run_here(study, Path(name) / "many.duckdb")
        print(f"all stages: {time.perf_counter() - began:.0f} s, complete: {report.complete}")
        time.sleep(5)  # the server writes task runs down a little later
        print(f"task runs: {asyncio.run(task_runs()) - before}")
    print(
        f"peak {peak_mb():.0f} MB; last tenth over first {tenths.ratio(1):.2f}, "
        f"by processor time {tenths.ratio(2):.2f}"
    )


if __name__ == "__main__":
    main()
