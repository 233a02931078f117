"""A study killed twenty times at random moments, against the same study run through.

    .venv/bin/python bench/study_kills.py [--kills 20]

The tables must be the same in the end, those that say when something was done apart; and the server
must have seen no more requests twice than were in flight at the kills.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.server import model_server, server_stats
from bench.studies import write_study
from bench.tables import different_tables
from flows.settings import DEFAULTS
from warehouse.address import free_port

IN_FLIGHT = 16


@contextmanager
def prefect_server(folder: Path) -> Iterator[dict[str, str]]:
    """An environment with a Prefect server that outlives the killed processes."""
    port = free_port()
    environment = {
        **os.environ,
        **DEFAULTS,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/api")
            yield {**environment, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}
        finally:
            process.terminate()


def _wait_until_healthy(url: str, limit_s: float = 120) -> None:
    import urllib.error
    import urllib.request

    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise SystemExit("Prefect's server did not start")


def main() -> None:
    """Kill, run on, compare; print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="", help="the model server's script")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name, prefect_server(Path(name)) as environment:
        folder, port = Path(name), free_port()
        environment["BENCH_KEY"] = "none"
        through, killed = folder / "through.duckdb", folder / "killed.duckdb"
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
            command = [str(Path(sys.executable).parent / "agora"), "--warehouse"]
            began = time.perf_counter()
            subprocess.run(
                [*command, str(through), "run", str(study)],
                env=environment,
                check=True,
                capture_output=True,
                timeout=900,
            )
            whole_s = time.perf_counter() - began
            asked = server_stats(api_base)["requests"]
            print(f"run through: {whole_s:.0f} s, {asked} requests")
        with model_server(options.server, "--latency-ms", "30", port=port) as api_base:
            n_killed = 0
            for _ in range(options.kills):
                process = subprocess.Popen(
                    [*command, str(killed), "run", str(study)],
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                try:
                    process.wait(timeout=rng.uniform(2, max(6.0, whole_s / 3)))
                except subprocess.TimeoutExpired:
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait()
                    n_killed += 1
            subprocess.run(
                [*command, str(killed), "run", str(study)],
                env=environment,
                check=True,
                capture_output=True,
                timeout=900,
            )
            stats = server_stats(api_base)
        print(f"killed {n_killed} times of {options.kills}, {stats['requests']} requests")
        extra = stats["requests"] - asked
        print(f"additional requests: {extra}, at most {n_killed * IN_FLIGHT} allowed")
        differing = different_tables(through, killed)
        print(f"tables that differ: {differing or 'none'}")


if __name__ == "__main__":
    main()
