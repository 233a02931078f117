"""Opening a warehouse, and the ways in which that fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from schemas.errors import Mistake
from schemas.unit import Read
from warehouse.connection import Locked
from warehouse.query import query
from warehouse.reader import FoundReader
from warehouse.store import Warehouse

from .conftest import on_both

ROOT = Path(__file__).resolve().parents[2]


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that runs code of ours."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


OWNER = """
    import sys
    from warehouse.store import Warehouse
    with Warehouse.open(sys.argv[1]):
        print("open", flush=True)
        sys.stdin.readline()
"""


@on_both
def test_two_processes_may_read(empty):
    reader = process(OWNER.replace("sys.argv[1]", "sys.argv[1], read_only=True"), empty)
    try:
        assert reader.stdout.readline() == "open\n"
        with Warehouse.open(empty, read_only=True) as second:
            assert second.statuses(["0" * 32]) == {}
        assert query(empty, "SELECT count(*) FROM events").rows == [(0,)]
    finally:
        reader.communicate("\n", timeout=600)


def test_a_file_that_another_process_writes_says_which(path, monkeypatch):
    owner = process(OWNER, path)

    def refused():
        for read_only in (False, True):
            with pytest.raises(Locked) as caught:
                Warehouse.open(path, read_only=read_only)
            assert f"process {owner.pid}" in caught.value.details["found"]

    try:
        assert owner.stdout.readline() == "open\n"
        refused()
        # The same where it gives the file up a moment after DuckDB has tried.
        monkeypatch.setattr("warehouse.connection._held_by_another", lambda file, alone: False)
        refused()
    finally:
        owner.communicate("\n", timeout=600)
    Warehouse.open(path).close()


def test_a_file_of_something_else_is_refused_and_left_alone(path):
    path.write_text("name: study\n" * 1000)
    with pytest.raises(Mistake, match="not a DuckDB file"):
        Warehouse.open(path)
    assert path.read_text() == "name: study\n" * 1000


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(Mistake, match="is a folder"):
        Warehouse.open(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(Mistake, match="folder does not exist"):
        Warehouse.open(tmp_path / "nowhere" / "agora.duckdb")


def test_reading_makes_no_file(path):
    with pytest.raises(Mistake, match="no warehouse here"):
        Warehouse.open(path, read_only=True)
    with pytest.raises(Mistake, match="no warehouse here"):
        query(path, "SELECT 1")
    assert not path.exists()


def test_a_folder_that_may_not_be_written_is_refused(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda file, mode: mode != os.W_OK)
    with pytest.raises(Mistake, match="cannot be written"):
        Warehouse.open(path)
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(Mistake, match="cannot be written"):
        Warehouse.open(tmp_path / "agora.duckdb")


@on_both
def test_unknown_tables_and_columns_are_bugs(warehouse):
    with pytest.raises(KeyError):
        warehouse.frame(Read("evnts", "unit_key", ()))
    with pytest.raises(KeyError):
        warehouse.frame(Read("events", "colour", ()))


def test_an_empty_read_has_the_schema_of_its_table(warehouse):
    frame = warehouse.frame(Read("exposures", "call_key", ()))
    assert frame.is_empty()
    assert frame.columns[0] == "call_key"


@on_both
@pytest.mark.parametrize("place", ["insert_staged", "validation_rows"])
def test_a_process_killed_within_a_commit_leaves_nothing(empty, place, make, monkeypatch):
    child = process(
        f"""
        import os, signal, sys
        from warehouse.store import Warehouse
        from warehouse.committing import commit as module
        from schemas.unit import Result, Unit
        key = sys.argv[2]
        module.{place} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        episode = dict(episode_key=key, unit_key=key, source="run", environment="e", label="l",
                       params={{}}, status="terminated", end_reason="x", completed_rounds=1)
        with Warehouse.open(sys.argv[1]) as warehouse:
            result = Result(Unit("episodes", "play", key, {{}}), {{"episodes": [episode]}})
            warehouse.commit([result], run_id="r", code_version="0")
        """,
        empty,
        make.key("a"),
    )
    child.communicate(timeout=600)
    assert child.returncode == -signal.SIGKILL
    with Warehouse.open(empty) as warehouse:
        for table in ("episodes", "units", "validations"):
            assert warehouse.frame(Read(table, _first(table), ())).is_empty()
            assert warehouse.frame_sql(f"SELECT count(*) AS n FROM {table}").item() == 0


def _first(table: str) -> str:
    return {"episodes": "episode_key", "units": "unit_key", "validations": "batch"}[table]


@on_both
def test_memory_and_threads_are_limited(warehouse):
    found = warehouse.frame_sql(
        "SELECT current_setting('threads') AS threads, current_setting('memory_limit') AS memory"
    )
    assert found["threads"].item() == 2
    assert found["memory"].item().endswith("MiB")
    assert duckdb.__version__ >= "1.5.5"


def test_no_progress_bar_is_drawn_into_what_a_program_prints(empty):
    with Warehouse.open(empty) as warehouse:
        assert warehouse.frame_sql("SELECT current_setting('enable_progress_bar')").item() is False
    with FoundReader(empty) as found:
        answer = found.answer("SELECT current_setting('enable_progress_bar')")
    assert answer.rows == [(False,)]
