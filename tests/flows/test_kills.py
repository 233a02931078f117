"""A study whose runs are killed ends with the tables of one that was left alone."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from prefect.settings import get_current_settings

if TYPE_CHECKING:
    from conftest import Ran

BENCH = Path(__file__).resolve().parents[2] / "bench" / "study_kills.py"

#: A killed run leaves no process for longer, on a machine that is busy.
LIMIT_S = 120.0

#: Moments of a kill of runs that start a server, and of runs that need not.
OF_SERVERS = ((("starting", "server"), False), (("committing", "working"), True))

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


async def test_kills_change_no_table_and_leave_no_process(
    bench: ModuleType,
    prefect_server: None,
    first_run: tuple[Path, Any],
    tmp_path: Path,
    ran: Ran,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, killed = first_run[0] / "agora.duckdb", tmp_path / "agora.duckdb"
    for name in ("small.yaml", "codebook.yaml"):
        shutil.copy(first_run[0] / name, tmp_path)
    study = tmp_path / "small.yaml"
    (tmp_path / "prefect").symlink_to(os.environ["PREFECT_HOME"])  # its database is made once
    monkeypatch.setattr(bench, "LIMIT_S", LIMIT_S)
    rng, n_struck = random.Random(3), 0
    for moments, url in OF_SERVERS:
        with monkeypatch.context() as patched:
            patched.setattr(bench, "MOMENTS", moments)
            if url:
                patched.setenv("PREFECT_API_URL", str(get_current_settings().api.url))
            struck, _, _ = bench.killed(
                tmp_path, study, killed, kills=len(moments), within_s=0.5, rng=rng
            )
            n_struck += struck.total()
    assert {moment for moments, _ in OF_SERVERS for moment in moments} == set(bench.MOMENTS)
    assert n_struck > 1
    assert (await ran(study, warehouse=killed)).complete
    assert bench.different_tables(whole, killed) == []
