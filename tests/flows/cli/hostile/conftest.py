"""What a hostile or careless user hands to a command, and what must come of it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import typer.main

from flows.cli.main import app

from ...conftest import Agora

#: A message for people is no longer than this, whatever was wrong.
MOST_CHARACTERS = 12_000

#: Gives the message with which a command refused what it was given.
Refused = Callable[..., str]


def held(folder: Path) -> dict[str, str]:
    """Every file below a folder with a digest of its content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        plain = stat.S_ISREG(path.lstat().st_mode) and os.access(path, os.R_OK)
        small = plain and path.stat().st_size < 2**24
        found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if small else ""
    return found


def printable(text: str) -> bool:
    """Whether a terminal obeys nothing in a text."""
    return all(one.isprintable() or one == "\n" for one in text)


@pytest.fixture(scope="session")
def command_line() -> Callable[..., None]:
    """The command line, put together once: that takes longer than most refusals."""
    return typer.main.get_command(app)


@pytest.fixture(autouse=True)
def put_together_once(command_line: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every test use it."""
    monkeypatch.setattr("flows.cli.main.app", command_line)


@pytest.fixture
def refused(agora: Agora, tmp_path: Path) -> Refused:
    """Runs a command that must refuse: one message, exit status 2, nothing written."""

    def run(*words: str, stdin: str = "") -> str:
        before = held(tmp_path)
        done = agora(*words, stdin=stdin)
        message = done.stderr
        assert done.returncode == 2, (done.returncode, done.stdout, message)
        assert done.stdout == ""
        assert "Traceback" not in message
        assert re.match(r"\S.*: \S", message), message
        assert printable(message), message
        assert len(message) < MOST_CHARACTERS, len(message)
        assert held(tmp_path) == before
        return message

    return run
