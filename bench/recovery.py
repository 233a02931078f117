"""What every metric and test finds in worlds whose truth is known: bias, coverage, rejection.

    python bench/recovery.py --seconds 400

Simulates what ``docs/recovery.jsonl`` does not hold yet, or holds of another version, and writes
that file and ``docs/recovery.md``. All of it takes about an hour of one core; it stops after so
many seconds and goes on from there the next time. ``--seconds 0`` writes the page alone.
"""

from __future__ import annotations

import argparse
import time
import warnings

from tasks.metrics.worlds.page import page
from tasks.metrics.worlds.record import PAGE, STUDIES, held, tasks, write


def simulate(only: list[str], studies: int, seconds: float) -> int:
    """Simulate what is missing or out of date; gives the number of worlds that are left."""
    began, left = time.monotonic(), 0
    for task in tasks(studies):
        lines = held().get(task.key, [{}])
        fresh = all(
            (line.get("version"), line.get("studies")) == (task.version, studies) for line in lines
        )
        if fresh or (only and task.name not in only):
            continue
        if time.monotonic() - began >= seconds:
            left += 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = task.lines()
        write(
            {**held(), task.key: [{"key": task.key, "version": task.version} | one for one in made]}
        )
        print(f"{time.monotonic() - began:6.0f} s  {' / '.join(task.key)}", flush=True)
    return left


def main() -> None:
    """Simulate what is missing, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="metrics and tests; none: all")
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seconds", type=float, default=3600.0)
    args = parser.parse_args()
    left = simulate(args.only, args.studies, args.seconds)
    PAGE.write_text(page(held()), encoding="utf-8")
    print(f"{left} worlds left" if left else "everything is on file")


if __name__ == "__main__":
    main()
