"""A study killed at moments of every kind, against the same study run through.

    .venv/bin/python bench/study_kills.py [--kills 20] [--seed 0]

A kill comes while the run starts, as soon as it writes to its warehouse, at any moment after it
began to work, or it hits the run's Prefect server instead. In the end the tables must be the same,
those that say when something was done apart; the model server must have seen no more requests twice
than were in flight at the kills; and no process may be left ten seconds after a kill.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server, server_stats
from bench.studies import CODING, write_study
from bench.tables import different_tables
from warehouse.address import free_port

IN_FLIGHT = 16
#: What makes the study one of all stages.
PERSONAS = """\
  judge: {model: sim/judge}
  writer: {model: sim/writer}
population: {size: 200, targets: {job: {nurse: 0.5, cook: 0.5}}, prose: writer}
episode:"""
MARK = "BENCH_MARK"
#: What is killed and when; the first three kill the run.
MOMENTS = ("starting", "committing", "working", "server")
LIMIT_S = 10.0
#: The line that a run prints at the end of a step.
_STEP = re.compile(r"^  (\w+) +\d+ of \d+", re.MULTILINE)
#: A run that starts is killed within so many seconds.
STARTING_S = 4.0


class Run:
    """``agora run`` in a process of its own, whose children are told by a mark."""

    def __init__(self, folder: Path, study: Path, warehouse: Path) -> None:
        self.warehouse = warehouse
        self._mark = uuid.uuid4().hex
        self._output = (folder / "output.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "flows.cli.main", "--warehouse", warehouse, "run", study],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
                "PREFECT_HOME": str(folder / "prefect"),
                MARK: self._mark,
            },
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def left(self) -> dict[int, str]:
        """Command lines of the processes that are there, by their number."""
        wanted, found = f"{MARK}={self._mark}".encode(), {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it has ended, or is another user's
                continue
        return found

    def wait(self, moment: str, delay_s: float) -> bool:
        """Wait for a moment; whether it came before the run ended."""
        if moment != "starting":
            while "version" not in self.said():
                if self.process.poll() is not None:
                    return False
                time.sleep(0.02)
        if moment == "committing":
            log = self.warehouse.with_name(self.warehouse.name + ".wal")
            size, until = _size(log), time.monotonic() + delay_s
            while time.monotonic() < until or _size(log) <= size:
                if self.process.poll() is not None:
                    return False
                if time.monotonic() < until:
                    size = _size(log)
                time.sleep(0.001)
            return True
        time.sleep(delay_s)
        return self.process.poll() is None

    def kill(self, moment: str) -> bool:
        """Kill the run or its server; whether there was something to kill."""
        victim = self.process.pid
        if moment == "server":
            servers = [pid for pid, words in self.left().items() if "server_process" in words]
            if not servers:
                return False
            victim = servers[0]
        os.kill(victim, signal.SIGKILL)
        return True

    def at(self) -> str:
        """Where it is, as far as it says: what it has ended last."""
        said = self.said()
        if "version" not in said:
            return "starting"
        ended = _STEP.findall(said)
        return f"after {ended[-1]}" if ended else "in the first step"

    def said(self) -> str:
        """What it printed so far."""
        self._output.seek(0)
        return self._output.read()

    def lingering_s(self) -> float:
        """Seconds until all its processes are gone.

        Raises:
            SystemExit: One is there after the limit.
        """
        began = time.monotonic()
        while found := self.left():
            if time.monotonic() - began > LIMIT_S:
                raise SystemExit(f"left after {LIMIT_S:.0f} s: {found}")
            time.sleep(0.05)
        return time.monotonic() - began


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def run_through(folder: Path, study: Path, warehouse: Path) -> float:
    """Seconds that a run takes that nobody ends.

    Raises:
        SystemExit: It did not complete.
    """
    began, run = time.perf_counter(), Run(folder, study, warehouse)
    if run.process.wait(900) != 0:
        raise SystemExit(run.said())
    return time.perf_counter() - began


def killed(
    folder: Path, study: Path, warehouse: Path, *, kills: int, within_s: float, rng: random.Random
) -> tuple[Counter[str], Counter[str], float]:
    """Kills that struck by their kind and by place, and the longest time that a process lived on.

    Args:
        folder: Where it runs.
        study: The study.
        warehouse: Its warehouse.
        kills: Runs that are to be killed, one after the other.
        within_s: Seconds after which a working run is killed, at most.
        rng: Where delays come from.

    Raises:
        SystemExit: A process was left, or a run ended in a traceback.
    """
    struck: Counter[str] = Counter()
    places: Counter[str] = Counter()
    slowest_s = 0.0
    for number in range(kills):
        moment = MOMENTS[number % len(MOMENTS)]
        run = Run(folder, study, warehouse)
        delay_s = rng.uniform(0, STARTING_S if moment == "starting" else within_s)
        if run.wait(moment, delay_s) and run.kill(moment):
            struck[moment] += 1
            places[run.at()] += 1
        run.process.wait(300)
        if "Traceback" in run.said():
            raise SystemExit(run.said())
        slowest_s = max(slowest_s, run.lingering_s())
    return struck, places, slowest_s


def main() -> None:
    """Kill, run on, compare; print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        through, interrupted = folder / "through.duckdb", folder / "killed.duckdb"
        with model_server(options.server, "--latency-ms", "30", port=port) as api_base:
            study = write_study(
                folder,
                api_base,
                replicates=options.episodes,
                seats=3,
                rounds=3,
                in_flight=IN_FLIGHT,
                concurrency=IN_FLIGHT,
            )
            text = study.read_text().replace("episode:", PERSONAS, 1)
            study.write_text(f"{text}{CODING.format()}metrics: [participation]\n")
            whole_s = run_through(folder, study, through)
            asked = server_stats(api_base)["requests"]
            print(f"run through: {whole_s:.0f} s, {asked} requests", flush=True)
        with model_server(options.server, "--latency-ms", "30", port=port) as api_base:
            struck, places, slowest_s = killed(
                folder,
                study,
                interrupted,
                kills=options.kills,
                within_s=whole_s / options.kills,
                rng=random.Random(options.seed),
            )
            run_through(folder, study, interrupted)
            stats = server_stats(api_base)
        print(f"killed {struck.total()} times of {options.kills}: {dict(struck)}")
        print(f"where: {dict(places)}")
        extra = stats["requests"] - asked
        print(f"additional requests: {extra}, at most {struck.total() * IN_FLIGHT} allowed")
        print(
            f"the last process was gone {slowest_s:.1f} s after the run, at most {LIMIT_S} allowed"
        )
        print(f"tables that differ: {different_tables(through, interrupted) or 'none'}")


if __name__ == "__main__":
    main()
