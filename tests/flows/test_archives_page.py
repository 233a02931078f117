"""Every command of docs/archives.md, in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "archives.md").read_text("utf-8")
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for command in block.splitlines()
]


def shorten(study: Path) -> None:
    """Fewer episodes than the study has that users get."""
    text = study.read_text(encoding="utf-8")
    study.write_text(
        re.sub(r"^replicates: \d+", "replicates: 2", text, flags=re.MULTILINE), "utf-8"
    )


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command printed; each had status 0."""
    folder = tmp_path_factory.mktemp("lab")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
        "PREFECT_API_URL": str(get_current_settings().api.url),
    }
    found = {}
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        found[command] = done.stdout
        if command == "agora init my-study":
            shorten(folder / "my-study" / "study.yaml")
    return found


def test_the_commands_do_what_the_page_says(printed: dict[str, str]) -> None:
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
