"""A warehouse that is written anew holds what it held, in less room."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from schemas.errors import Mistake
from warehouse.compacting import compact, settle
from warehouse.connection import Locked
from warehouse.store import Warehouse

ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from warehouse.store import Warehouse
with Warehouse.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


def contents(path: Path) -> dict[str, pl.DataFrame]:
    """Every table and view, with what describes them."""
    with Warehouse.open(path, read_only=True) as warehouse:
        described = "SELECT table_name, column_name, data_type, comment FROM duckdb_columns()"
        names = warehouse.frame_sql("SELECT table_name AS name FROM duckdb_tables() ORDER BY ALL")[
            "name"
        ]
        found = {name: warehouse.frame_sql(f'SELECT * FROM "{name}"') for name in names}
        return found | {
            "columns": warehouse.frame_sql(f"{described} WHERE NOT internal ORDER BY ALL")
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse of whose rows most were deleted."""
    path = tmp_path / "agora.duckdb"
    with Warehouse.open(path) as warehouse:
        for number in range(50):
            warehouse.record_run(f"{number}", "f" * 32, dt.datetime.now(dt.UTC))
        with warehouse.cursor() as cursor:
            cursor.execute("CREATE TABLE filler AS SELECT random() AS x FROM range(400_000)")
            cursor.execute("CHECKPOINT")
            cursor.execute("DROP TABLE filler")
    return path


def test_it_holds_the_same_in_less_room(path: Path) -> None:
    path.chmod(0o640)
    before = contents(path)
    settle(path)
    done = compact(path)
    assert done.before_bytes > 2 * done.after_bytes
    assert path.stat().st_size == done.after_bytes
    assert path.stat().st_mode & 0o777 == 0o640
    after = contents(path)
    assert before.keys() == after.keys()
    assert all(before[name].equals(after[name]) for name in before)
    assert len(after["runs"]) == 50
    assert sorted(os.listdir(path.parent)) == ["agora.duckdb"]


def test_a_file_that_would_not_be_smaller_stays(path: Path) -> None:
    compact(path)
    inode = path.stat().st_ino
    done = compact(path)
    assert done.before_bytes == done.after_bytes
    assert path.stat().st_ino == inode
    assert os.listdir(path.parent) == ["agora.duckdb"]


def test_what_an_interrupted_one_left_is_written_over(path: Path) -> None:
    before = contents(path)
    for name in (".agora.duckdb.new", ".agora.duckdb.new.wal"):
        path.with_name(name).write_bytes(b"half of it")
    compact(path)
    assert contents(path)["runs"].equals(before["runs"])
    assert os.listdir(path.parent) == ["agora.duckdb"]


def test_a_link_stays_a_link(path: Path) -> None:
    link = path.with_name("link.duckdb")
    link.symlink_to(path)
    compact(link)
    assert link.is_symlink()
    assert len(contents(path)["runs"]) == 50


def test_it_waits_for_a_process_that_has_the_warehouse_open(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(Locked, match=str(holder.pid)):
            settle(path)
        with pytest.raises(Mistake, match=r"cannot be read or written"):
            compact(path)
        assert holder.stdin is not None
        holder.stdin.close()
        settle(path, wait_s=30)
    finally:
        holder.kill()
        holder.wait()


def test_a_warehouse_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no warehouse here"):
        settle(tmp_path / "none.duckdb")
    assert os.listdir(tmp_path) == []
