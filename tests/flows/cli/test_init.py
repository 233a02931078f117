"""A new study runs as it stands, and options stand where people write them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.studies.design import design
from tasks.studies.load import load_study

from ..conftest import Agora

ROOT = Path(__file__).resolve().parents[3]


def test_init_writes_a_study_that_plans(agora: Agora, tmp_path: Path) -> None:
    done = agora("init", "town")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "town").iterdir()) == [
        "brief.md",
        "codebook.yaml",
        "study.yaml",
    ]
    study = load_study(tmp_path / "town" / "study.yaml").study
    assert study.name == "town"
    assert all(spec.simulated for spec in study.models.values())
    assert len(design(study).conditions) == 4
    plan = agora("plan", "town/study.yaml")
    assert plan.returncode == 0, plan.stderr
    assert "48" in plan.stdout
    assert "NAME" not in "".join(path.read_text() for path in (tmp_path / "town").iterdir())


@pytest.mark.parametrize("name", ["Town", "", "a/b", "../up", "x" * 81])
def test_init_refuses_a_name_that_no_study_can_have(
    agora: Agora, tmp_path: Path, name: str
) -> None:
    done = agora("init", name)
    assert done.returncode == 2
    assert "not a name for a study" in done.stderr
    assert not list(tmp_path.iterdir())


def test_init_overwrites_nothing(agora: Agora, tmp_path: Path) -> None:
    (tmp_path / "town").mkdir()
    done = agora("init", "town")
    assert done.returncode == 2
    assert "this name is already taken" in done.stderr
    assert not list((tmp_path / "town").iterdir())


def test_the_warehouse_may_be_named_before_and_after_the_command(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved.duckdb"
    warehouse.rename(moved)
    for words in (
        ("--warehouse", str(moved), "studies"),
        ("studies", "--warehouse", str(moved)),
        ("--warehouse", "nowhere.duckdb", "studies", "--warehouse", str(moved)),
    ):
        assert "small@2" in agora(*words).stdout, words
    assert "small@2" in agora("studies", AGORA_WAREHOUSE=str(moved)).stdout
    other = agora("studies", "--warehouse", str(moved), AGORA_WAREHOUSE="nowhere.duckdb")
    assert "small@2" in other.stdout


def test_the_version_is_printed(agora: Agora) -> None:
    assert agora("--version").stdout.startswith("agora 0.")


def test_completion_is_for_the_shell_that_asks() -> None:
    # The shell is found among the parents of the process, whatever shell runs the tests.
    ask = f"{sys.executable} -m flows.cli.main --show-completion; exit $?"
    shown = subprocess.run(
        ["bash", "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert "complete" in shown.stdout
