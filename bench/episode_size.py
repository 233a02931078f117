"""What a large episode takes: seconds and memory of one episode on simulated models.

    .venv/bin/python bench/episode_size.py --seats 1000 --rounds 10
    .venv/bin/python bench/episode_size.py --seats 1000 --rounds 10 --memory full

Plays a discussion in which all seats write at the same time and read each round as a whole, through
the real gateway, in a process of its own, and prints the time per question and the peak memory.
With ``--times N`` it plays N times the rounds as well and prints the ratio of the two times.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.environments.registry import environment_named
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.episodes.parts import EpisodeParts
from tasks.models.gateway import open_gateway

ROOT = Path(__file__).resolve().parents[1]


def large(n_seats: int, rounds: int, memory: Any) -> Episode:
    """An episode in which everybody writes in every round."""
    environment = environment_named("discussion")
    models = {"m": ModelSpec(model="sim/agent")}
    params = environment.params.model_validate(
        {"brief": "Plan a festival.", "rounds": rounds, "seats": ["m"] * n_seats}
        | {"barrier": "round"}
    )
    return Episode(
        key=digest("large", n_seats, rounds),
        environment=environment,
        params=params,
        seats=seats_of(environment, params, models, 1),
        models=models,
        seed=1,
        parts=EpisodeParts.model_validate({"memory": memory}),
    )


async def measured(episode: Episode, rounds: int) -> None:
    """Play it and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_gateway(Path(folder)) as gateway:
            began, cpu = time.perf_counter(), time.process_time()
            played = await play(episode, gateway)
            rows = {**played.rows, **gateway.rows(episode.key)}
            took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    asked, calls = len(rows["actions"]), len(rows["calls"])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(episode.seats):,} seats x {rounds} rounds: {asked:,} questions, {calls:,} calls, "
        f"{took_s:.1f} s, {cpu_s:.1f} s of processor, {cpu_s / asked * 1e3:.2f} ms a question, "
        f"peak {peak_mb:.0f} MB",
        flush=True,
    )


def main() -> None:
    """Run in a fresh process for each length, so that peaks are of one episode each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seats", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--memory", default="20", help="full, own, none, or the size of last")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        size = given.memory
        memory = {"kind": "last", "size": int(size)} if size.isdigit() else size
        episode = large(given.seats, given.rounds, memory)
        asyncio.run(measured(episode, given.rounds))
        return
    for times in dict.fromkeys((1, given.times)):
        command = [sys.executable, __file__, "--here", "--seats", str(given.seats)]
        command += ["--rounds", str(given.rounds * times), "--memory", given.memory]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


if __name__ == "__main__":
    main()
