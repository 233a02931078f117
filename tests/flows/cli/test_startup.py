"""Light commands wait for no library that they do not need."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
#: What reads studies, and waits for no study that is not there.
READING = {"duckdb", "polars", "ruamel.yaml", "tasks.studies.load"}
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
    done = told(commands, folder)
    answers = answers_of(done)
    assert len(answers) == len(commands), done.stderr[-2000:]
    for words, status, modules in answers:
        assert status == 0, (words, done.stderr[-2000:])
        yield words, set(modules)


def told(commands: Sequence[Sequence[str]], folder: Path) -> subprocess.CompletedProcess[str]:
    """What commands say, one after another in one process."""
    return subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(commands)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )


def answers_of(done: subprocess.CompletedProcess[str]) -> list[Any]:
    """Each command, its status, and the modules that are loaded after it."""
    lines = done.stderr.splitlines()
    return [json.loads(line.removeprefix("ran ")) for line in lines if line.startswith("ran ")]


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


def test_a_study_file_that_is_not_there_is_said_before_anything_could_read_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "compose.yaml").touch()
    (tmp_path / "small.yaml").touch()
    commands = [(command, "smal.yaml") for command in ("plan", "run", "deploy", "serve")]
    done = told(commands, tmp_path)
    assert [status for _, status, _ in answers_of(done)] == [2] * len(commands)
    assert done.stderr.count("did you mean small.yaml?") == len(commands)
    for words, _, modules in answers_of(done):
        assert sorted(set(modules) & (HEAVY | READING)) == [], words
    ((_, status, _),) = answers_of(missing := told([("plan", "nosuch.yaml")], tmp_path))
    assert status == 2
    assert "correct the path, or create the file" in missing.stderr
