"""Light commands wait for no library that they do not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

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
import json, sys
from flows.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["agora", *words]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    print("ran", json.dumps([words, status, sorted(sys.modules)]), file=sys.stderr)
"""
LIGHT = (
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
)


def modules_after(
    commands: Sequence[Sequence[str]], folder: Path
) -> Iterator[tuple[list[str], set[str]]]:
    """Each command and the modules that are loaded after it, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(commands)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("ran ")]
    assert len(told) == len(commands), done.stderr[-2000:]
    for line in told:
        words, status, modules = json.loads(line.removeprefix("ran "))
        assert status == 0, (words, done.stderr[-2000:])
        yield words, set(modules)


def test_light_commands_import_nothing_heavy(warehouse: Path) -> None:
    for words, modules in modules_after(LIGHT, warehouse.parent):
        assert sorted(modules & HEAVY) == [], words


def test_plan_of_a_study_with_metrics_and_contrasts_imports_nothing_heavy(
    warehouse: Path,
) -> None:
    study = ROOT / "studies" / "demo_discussion.yaml"
    ((_, modules),) = modules_after([("plan", str(study))], warehouse.parent)
    assert sorted(modules & HEAVY) == []
    assert "tasks.metrics.profile.cosine" in modules, "the study asks for this metric"
    assert sorted(modules & {"tasks.metrics.text.drift", "tasks.metrics.opinion.change"}) == []
