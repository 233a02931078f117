"""A study whose runs are killed ends with the tables of one that was left alone."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "study_kills.py"

#: A killed run leaves no process for longer, on a machine that is busy.
LIMIT_S = 120.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not show the environment of processes in /proc")
    spec = importlib.util.spec_from_file_location("study_kills", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_kills_change_no_table_and_leave_no_process(
    bench: ModuleType,
    first_run: tuple[Path, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, killed = first_run[0] / "agora.duckdb", tmp_path / "agora.duckdb"
    for name in ("small.yaml", "codebook.yaml"):
        shutil.copy(first_run[0] / name, tmp_path)
    study = tmp_path / "small.yaml"
    (tmp_path / "prefect").symlink_to(os.environ["PREFECT_HOME"])  # its database is made once
    monkeypatch.setattr(bench, "LIMIT_S", LIMIT_S)
    struck, _, _ = bench.killed(
        tmp_path, study, killed, kills=len(bench.MOMENTS), within_s=0.5, rng=random.Random(3)
    )
    assert struck.total() > 1
    bench.run_through(tmp_path, study, killed)
    assert bench.different_tables(whole, killed) == []
