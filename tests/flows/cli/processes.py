"""Processes of a command, told by a mark that they all have in their environment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

MARK = "AGORA_TEST_MARK"


def marked(mark: str) -> list[int]:
    """Numbers of the processes that were started with a mark in their environment."""
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not show the environment of processes in /proc")
    wanted, found = f"{MARK}={mark}".encode(), []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:  # it has ended, or is another user's
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


def processes_of(mark: str, module: str) -> list[int]:
    """Numbers of the marked processes that run a module."""
    wanted = module.encode()
    return [
        number
        for number in marked(mark)
        if wanted in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    ]


def left_after(mark: str, limit_s: float) -> list[int]:
    """Marked processes that are still there after so many seconds, or none as soon as all ended."""
    until = time.monotonic() + limit_s
    while found := marked(mark):
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return found
