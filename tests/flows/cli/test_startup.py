"""Light commands wait for no library that they do not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Agora

HEAVY = {
    "aiohttp",
    "covertable",
    "dask",
    "great_expectations",
    "litellm",
    "pandas",
    "prefect",
    "scipy.stats",
    "sklearn",
    "statsmodels",
    "tasks.models.journal",
    "tasks.models.openai_server",
}
PROBE = """
import sys
from flows.cli.main import main
sys.argv = ["agora", *sys.argv[1:]]
try:
    main()
finally:
    print("modules:", *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("plan", "small.yaml"),
        ("--warehouse", "new.duckdb", "plan", "small.yaml"),
        ("run", "--help"),
        ("sql", "select 1"),
        ("studies",),
        ("status", "small"),
        ("retry", "--help"),
        ("show", "small.yaml"),
        ("diff", "small.yaml", "small"),
        ("schema",),
    ],
    ids=" ".join,
)
def test_light_commands_import_nothing_heavy(words: tuple[str, ...], warehouse: Path) -> None:
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        cwd=warehouse.parent,
        env={"PYTHONPATH": root, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = set(done.stderr.rpartition("modules:")[2].split())
    assert sorted(modules & HEAVY) == []


def test_plan_of_a_study_with_metrics_and_contrasts_imports_nothing_heavy(
    agora: Agora, warehouse: Path
) -> None:
    study = Path(__file__).resolve().parents[3] / "studies" / "demo_discussion.yaml"
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "plan", str(study)],
        cwd=warehouse.parent,
        env={"PYTHONPATH": str(study.parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = set(done.stderr.rpartition("modules:")[2].split())
    assert sorted(modules & HEAVY) == []
    assert "tasks.metrics.profile.cosine" in modules, "the study asks for this metric"
    assert sorted(modules & {"tasks.metrics.text.drift", "tasks.metrics.opinion.change"}) == []
