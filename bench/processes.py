"""What a command takes, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from typing import NamedTuple


class Spent(NamedTuple):
    """What a process took: seconds on the clock and of the processors, peak of resident memory."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def spent(command: list[str], environment: Mapping[str, str] | None = None) -> Spent:
    """What a command takes, with the processes that it waits for; the peak is the largest one's.

    Raises:
        SystemExit: The command failed.
    """
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with status {os.waitstatus_to_exitcode(status)}")
    wall_s = time.perf_counter() - began
    return Spent(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
