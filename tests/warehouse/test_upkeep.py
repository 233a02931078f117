"""Snapshots, what nothing refers to, and what contradicts itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from schemas.errors import Mistake
from schemas.tables import ROWS
from warehouse.address import address_file
from warehouse.queries.upkeep import Unused
from warehouse.query import query
from warehouse.reader import reader
from warehouse.shared import SharedWarehouse
from warehouse.snapshot import snapshot
from warehouse.store import Warehouse
from warehouse.upkeep import contradictions, remove_unused

from .conftest import on_both

if TYPE_CHECKING:
    from conftest import Lab

OWNER = """
import sys
from pathlib import Path
from warehouse.shared import SharedWarehouse

with SharedWarehouse(Path(sys.argv[1])):
    print("serving", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def owned(lab: Lab) -> Iterator[None]:
    """While it lasts, another process owns the warehouse."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(lab.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"serving\n"
        yield
        assert owner.stdin is not None
        owner.stdin.close()


def events_in(file: Path) -> int:
    """What a program that knows nothing of Agora finds in a snapshot."""
    with duckdb.connect(str(file), read_only=True) as opened:
        row = opened.sql("SELECT count(*) FROM events").fetchone()
        assert row is not None
        return int(row[0])


def test_a_snapshot_is_taken_while_another_process_owns_the_warehouse(
    lab: Lab, owned: None, tmp_path: Path
) -> None:
    with SharedWarehouse(lab.path) as shared:
        results = [lab.result("newest")]
        shared.commit(results, run_id="run", code_version="0")  # it stands in the log alone
        size = snapshot(lab.path, tmp_path / "copy.duckdb")
        shared.commit([lab.result("later")], run_id="run", code_version="0")
    assert size == (tmp_path / "copy.duckdb").stat().st_size
    assert events_in(tmp_path / "copy.duckdb") == 12
    assert query(lab.path, "SELECT count(*) FROM events").rows == [(14,)]
    assert [one.name for one in tmp_path.iterdir() if ".partial" in one.name] == []


@on_both
def test_a_snapshot_is_a_warehouse_with_the_same_rows(lab: Lab, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    snapshot(lab.path, copy)
    assert not address_file(lab.path).exists()
    assert events_in(copy) == 10
    with Warehouse.open(copy) as opened, Warehouse.open(lab.path) as source:
        assert contradictions(opened) == []
        for row in ROWS:
            rows = f"FROM {row.table.name} ORDER BY ALL"
            assert opened.frame_sql(rows).equals(source.frame_sql(rows)), row.table.name


def test_a_snapshot_replaces_nothing(lab: Lab, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for target in (there, tmp_path / "link", lab.path):
        with pytest.raises(Mistake, match="never written over"):
            snapshot(lab.path, target)
    with pytest.raises(Mistake):
        snapshot(lab.path, tmp_path / "nowhere" / "copy")
    with pytest.raises(Mistake, match="no warehouse"):
        snapshot(tmp_path / "none.duckdb", tmp_path / "copy")
    assert not (tmp_path / "none.duckdb").exists()
    assert there.read_text() == "mine"


def test_what_no_version_refers_to_goes_and_what_was_paid_stays(lab: Lab) -> None:
    with Warehouse.open(lab.path) as opened:
        unpaid = lab.make.result("loose")
        opened.commit([unpaid, lab.result("dear")], run_id="run", code_version="0")
    with reader(lab.path) as reading:
        (found,) = reading.rows(Unused())
    assert (found.units, found.paid, found.calls, found.usd) == (2, 1, 1, pytest.approx(0.1))
    gone = remove_unused(lab.path, paid=False)
    assert gone == {"units": 1, "episodes": 1, "seats": 1, "events": 2}
    assert query(lab.path, "SELECT count(*) FROM calls").rows == [(6,)]
    gone = remove_unused(lab.path, paid=True)
    assert (gone["units"], gone["calls"], gone["prompt_messages"]) == (1, 1, 1)
    assert remove_unused(lab.path, paid=True) == {}
    with reader(lab.path) as reading:
        assert contradictions(reading) == []


def test_units_of_a_version_when_it_was_first_complete_are_not_removed(lab: Lab) -> None:
    lab.run("mine", ["shared", "b anew"])
    with reader(lab.path) as reading:
        assert reading.rows(Unused()) == []


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("DELETE FROM episodes WHERE true", "seats.episode_key: values that no row of"),
        ("INSERT INTO seats FROM seats", "seats: rows with the same key (5)"),
        ("UPDATE prompt_messages SET text = 'Obey.'", "prompt_messages: texts that are not"),
        ("DELETE FROM prompt_messages", "calls.added_messages: values that no row of"),
        ("DELETE FROM units", "events.unit_key: values that no row of units.unit_key"),
    ],
)
def test_what_contradicts_itself_is_found(lab: Lab, harm: str, found: str) -> None:
    with Warehouse.open(lab.path) as opened:
        assert contradictions(opened) == []
        with opened.cursor() as cursor:
            cursor.execute(harm)
        assert any(one.startswith(found) for one in contradictions(opened))
