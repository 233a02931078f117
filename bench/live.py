"""Studies that run at once on one warehouse while a reader queries it; the owner may be killed.

    .venv/bin/python bench/live.py [--studies 4] [--seconds 120] [--kill]

Every study is an ``agora run`` in a process of its own, of another length than the others, so that
owners change. The reader asks every 100 ms through :func:`warehouse.query.query`, a new connection
each time, from the beginning on. With ``--kill``, the owner is killed once all studies have
committed something, and its run is started again. No process may see an error, and every unit must
be committed once.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server
from schemas.errors import Mistake
from warehouse.address import Address
from warehouse.query import query

ROOT = Path(__file__).resolve().parents[1]
EVERY_S = 0.1
#: What studies may take to start on a busy machine.
START_S = 120.0
#: Calls that a study has in flight, and turns of an episode, one after another.
IN_FLIGHT, TURNS = 8, 8
QUESTIONS = (
    "SELECT status, count(*) FROM units GROUP BY ALL",
    "SELECT kind, count(*) FROM events GROUP BY ALL",
    "SELECT study, count(*) FROM v_episodes GROUP BY ALL",
)
STUDY = """
name: study-{number}
models:
  agent: {{model: openai/mock, api_base: "{url}", api_key_env: A_KEY}}
episode:
  environment: discussion
  brief: "Plan festival number {number} for 5,000 people."
  rounds: 4
  seats: [agent, agent]
replicates: {replicates}
run: {{concurrency: 8}}
"""


@dataclass
class Seen:
    """What a reader saw.

    Attributes:
        latencies_s: Of every answer.
        errors: What was told instead of one.
    """

    latencies_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def p95_s(self) -> float:
        """The 95th percentile of the latencies."""
        return statistics.quantiles(self.latencies_s, n=20)[-1]


def write_studies(folder: Path, url: str, replicates: list[int]) -> list[Path]:
    """Studies that differ in their brief."""
    paths = []
    for number, count in enumerate(replicates, start=1):
        paths.append(folder / f"study-{number}.yaml")
        paths[-1].write_text(STUDY.format(number=number, url=url, replicates=count))
    return paths


def started(study: Path, warehouse: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own; what it prints is beside its study."""
    with study.with_suffix(".txt").open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.cli.main", "--warehouse", warehouse, "run", study],
            cwd=study.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "A_KEY": "none"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def read(warehouse: Path, runs: list[subprocess.Popen[bytes]], most_s: float) -> Seen:
    """What a reader sees that asks every 100 ms while runs go on, but no longer than so."""
    seen = Seen()
    until = time.monotonic() + most_s
    while time.monotonic() < until and any(run.poll() is None for run in runs):
        began = time.monotonic()
        try:
            query(warehouse, QUESTIONS[len(seen.latencies_s) % len(QUESTIONS)])
        except Mistake as mistake:
            seen.errors.append(str(mistake))
        seen.latencies_s.append(time.monotonic() - began)
        time.sleep(max(0.0, began + EVERY_S - time.monotonic()))
    return seen


def owner_killed(warehouse: Path, runs: list[subprocess.Popen[bytes]], within_s: float) -> int:
    """Which run was killed: the one that owned the warehouse when all had committed something."""
    until = time.monotonic() + within_s
    asked = "SELECT count(DISTINCT study) FROM v_units WHERE status = 'done'"
    while time.monotonic() < until:
        address = Address.of(warehouse)
        if address is not None and query(warehouse, asked).rows == [(len(runs),)]:
            for number, run in enumerate(runs):
                if run.pid == address.pid:
                    os.kill(run.pid, signal.SIGKILL)
                    run.wait()
                    return number
        time.sleep(0.05)
    raise TimeoutError(f"no owner of {warehouse} could be killed in the middle of all runs")


def wait_for_warehouse(warehouse: Path, within_s: float = START_S) -> None:
    """Waits until somebody serves a warehouse.

    Raises:
        TimeoutError: Nobody does.
    """
    until = time.monotonic() + within_s
    while Address.of(warehouse) is None:
        if time.monotonic() > until:
            raise TimeoutError(f"nobody serves {warehouse}")
        time.sleep(0.05)


def main() -> None:
    """Runs the measurement and prints it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--server", default="")
    options = parser.parse_args()
    from flows.server import StartingServer

    with (
        tempfile.TemporaryDirectory() as name,
        model_server(options.server, "--latency-ms", str(1000 * options.latency)) as url,
    ):
        folder = Path(name)
        os.environ["PREFECT_HOME"] = str(folder / "prefect")
        prefect = StartingServer()  # one for all, as on a machine that runs many studies
        prefect.ready()
        warehouse = folder / "agora.duckdb"
        whole = round(options.seconds * IN_FLIGHT / (TURNS * options.latency))
        counts = [whole * (n + 1) // options.studies for n in range(options.studies)]
        studies = write_studies(folder, url, counts)
        runs = [started(study, warehouse) for study in studies]
        wait_for_warehouse(warehouse)
        most_s = options.seconds + (START_S if options.kill else 0.0)
        with ThreadPoolExecutor(1) as readers:
            reading = readers.submit(read, warehouse, runs, most_s)
            if options.kill:
                killed = owner_killed(warehouse, runs, START_S + options.seconds)
                print(f"killed the owner, study-{killed + 1}, and started its run again")
                runs[killed] = started(studies[killed], warehouse)
            seen = reading.result()
        load = os.getloadavg()[0]
        statuses = [run.wait() for run in runs]
        median = statistics.median(seen.latencies_s)
        print(
            f"{len(seen.latencies_s)} answers; median {median:.3f} s, 95th percentile "
            f"{seen.p95_s:.3f} s, longest {max(seen.latencies_s):.3f} s; load {load:.1f}"
        )
        print(f"errors seen by the reader: {seen.errors[:3] or 'none'}; runs ended with {statuses}")
        for study, status in zip(studies, statuses, strict=True):
            if status:
                print(study.with_suffix(".txt").read_text()[-2000:])
        print("committed:", query(warehouse, QUESTIONS[2]).rows)
        prefect.close()


if __name__ == "__main__":
    main()
