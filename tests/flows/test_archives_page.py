"""Every command of docs/archives.md, in order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Agora
from .without_prefect import commands_without_prefect

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "archives.md").read_text("utf-8")
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for command in block.splitlines()
]


def run(command: str, agora: Agora, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command did; one of ours in this process, which has imported what it needs."""
    program, *words = shlex.split(command)
    if program == "agora":
        return agora(*words, COLUMNS="200")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def shorten(study: Path) -> None:
    """Fewer episodes than the study has that users get."""
    text = study.read_text(encoding="utf-8")
    study.write_text(
        re.sub(r"^replicates: \d+", "replicates: 2", text, flags=re.MULTILINE), "utf-8"
    )


def test_the_commands_do_what_the_page_says(agora: Agora, tmp_path: Path) -> None:
    printed = {}
    with commands_without_prefect():
        for command in COMMANDS:
            done = run(command, agora, tmp_path)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            printed[command] = done.stdout
            if command == "agora init my-study":
                shorten(tmp_path / "my-study" / "study.yaml")

    def said(start: str) -> str:
        return next(text for command, text in printed.items() if command.startswith(start))

    assert "rows of" in said("agora export my-study my-study-data")
    assert "my-study" in said("cd my-study-data")
    assert "0 were already in the warehouse" in said("agora --warehouse other.duckdb import")
    assert "my-study@1" in said("agora --warehouse other.duckdb studies")
    assert "CC-BY-4.0" in said("agora --warehouse other.duckdb show")
    assert "participation" in said("agora sql --at")
    assert "backup.duckdb" in said("agora snapshot")
    assert said("agora gc") == "Every unit is part of a version.\n"
    assert '"sound": false' not in said("agora doctor my-study/study.yaml")
