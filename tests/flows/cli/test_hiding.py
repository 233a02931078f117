"""Modules of a user's own that have the names of Agora's packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def agora(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "agora_lab", "--help"],
        env={"PYTHONPATH": ":".join(map(str, paths))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_modules_that_hide_packages_are_named(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("")
    found = agora(tmp_path, ROOT)
    assert found.returncode == 2
    assert f"{tmp_path / 'flows' / '__init__.py'}, {tmp_path / 'tasks.py'}" in found.stderr
    assert "Traceback" not in found.stderr


def test_modules_that_are_found_later_and_folders_without_code_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    assert agora(tmp_path, ROOT).returncode == 0
    (tmp_path / "tasks.py").write_text("")
    assert agora(ROOT, tmp_path).returncode == 0
