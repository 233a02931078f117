"""Commands refuse a bad study by its message, and leave nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tasks.studies.test_bad_studies import BAD, agrees

from ..conftest import Agora


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("show", "alias_bomb"),
        ("show", "duplicate_key"),
        ("show", "not_utf8"),
        ("plan", "unknown_condition"),
        ("plan", "several"),
        ("run", "undeclared_model"),
        ("run", "zero_replicates"),
        ("diff", "missing_brief"),
    ],
)
def test_command_ends_with_status_2_and_leaves_nothing(
    command: str, name: str, agora: Agora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(BAD, tmp_path / "bad"))
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    done = agora(command, *[f"{name}.yaml"] * (2 if command == "diff" else 1))
    assert done.returncode == 2, done.stderr
    assert agrees(done.stderr, (BAD / f"{name}.txt").read_text(encoding="utf-8")), done.stderr
    assert done.stdout == ""
    assert sorted(folder.rglob("*")) == before
