"""Two studies that run at once on a warehouse whose owner is killed, while somebody queries it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from prefect.settings import get_current_settings

from tasks.models import sim
from tasks.models.sim.reply import reply
from warehouse.address import Address
from warehouse.query import query

if TYPE_CHECKING:
    from conftest import Ran

    from flows.requests import StudyReport

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

#: Runs a study until its episodes are committed, and then no further.
OWNER = """
import sys, time
from tasks.models import sim
from tasks.models.sim.reply import reply

def held(spec, question, *key):
    if question.purpose == "judge":
        print("HELD", flush=True)
        time.sleep(600)
    return reply(spec, question, *key)

sim.reply = held
from flows.cli.main import main
main()
"""


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """How measurements compare warehouses."""
    spec = importlib.util.spec_from_file_location("tables", ROOT / "bench" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path: Path, ended: threading.Event) -> list[int]:
    """How many units were done at each of many queries, until an end."""
    counts = []
    while not ended.wait(0.1):
        asked = "SELECT count(*) FROM v_units WHERE status = 'done'"
        counts.append(query(path, asked).rows[0][0])
    return counts


async def test_runs_and_a_reader_go_on_when_the_owner_is_killed_and_nothing_is_lost_or_doubled(
    bench: ModuleType,
    prefect_server: None,
    first_run: tuple[Path, StudyReport],
    study_file: Path,
    tmp_path: Path,
    ran: Ran,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warehouse, whole = tmp_path / "agora.duckdb", tmp_path / "whole.duckdb"
    other = study_file.with_name("other.yaml")
    other.write_text(
        study_file.read_text()
        .replace("name: small", "name: other")
        .replace("5,000 people", "a village")
    )
    whole.write_bytes((first_run[0] / "agora.duckdb").read_bytes())
    await ran(other, warehouse=whole)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, "--warehouse", str(warehouse), "run", str(study_file)],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": str(get_current_settings().api.url)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    ended = threading.Event()
    killed: list[int] = []

    def killing(spec: Any, question: Any, *key: Any) -> Any:
        if question.purpose == "judge" and not killed:
            address = Address.of(warehouse)
            assert address is not None
            killed.append(address.pid)
            owner.kill()
            owner.wait()
        return reply(spec, question, *key)

    try:
        assert owner.stdout is not None
        said = []
        while (line := await asyncio.to_thread(owner.stdout.readline)) != "HELD\n":
            said.append(line)
            assert line, "".join(said)
        with ThreadPoolExecutor(1) as thread:
            reading = thread.submit(read, warehouse, ended)
            try:
                with monkeypatch.context() as patched:
                    patched.setattr(sim, "reply", killing)
                    await ran(other)
                await ran(study_file)
            finally:
                ended.set()
            counts = reading.result()
    finally:
        owner.kill()
        owner.communicate()
    assert killed == [owner.pid]
    assert counts == sorted(counts)
    assert counts[0] > 0
    assert bench.different_tables(whole, warehouse) == []
    doubled = "SELECT count(*) - count(DISTINCT (unit_key, call_key)) FROM calls"
    assert query(warehouse, doubled).rows == [(0,)]
