"""A file that is damaged, or cannot be written any more: one message, and nothing lost."""

from __future__ import annotations

import errno
import inspect
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.errors import Mistake
from warehouse.address import address_file
from warehouse.committing.commit import commit_results
from warehouse.connection import Limits, Locked
from warehouse.query import query
from warehouse.shared import SharedWarehouse
from warehouse.storage import FileStorage
from warehouse.store import Warehouse

ROOT = Path(__file__).resolve().parents[2]

Damage = Callable[[Path], Any]


def flipped(start: int, size: int = 64) -> Damage:
    """Turns the bits of some bytes of a file."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[start : start + size] = bytes(one ^ 0xFF for one in content[start : start + size])
        path.write_bytes(content)

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flipped(0), "not a DuckDB file"),
        (lambda path: path.write_bytes(b""), "not a DuckDB file"),
        (flipped(4096, 8192), "cannot be opened"),
        (lambda path: os.truncate(path, 20_000), "cannot be opened|cannot be read"),
    ],
    ids=["magic", "empty", "headers", "truncated"],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_damaged_file_is_not_said_to_be_in_use(
    path: Path, damage: Damage, said: str, read_only: bool
) -> None:
    Warehouse.open(path).close()
    damage(path)
    with (
        pytest.raises(Mistake, match=said) as caught,
        Warehouse.open(path, read_only=read_only) as warehouse,
    ):
        warehouse.answer("SELECT * FROM v_messages")
    assert not isinstance(caught.value, Locked)
    assert caught.value.details["place"] == str(path)


def test_a_damaged_block_is_told_with_the_file_that_it_is_in(path: Path) -> None:
    with Warehouse.open(path) as warehouse, warehouse.cursor() as cursor:
        cursor.execute("CREATE TABLE many AS SELECT md5(i::VARCHAR) AS a FROM range(99999) r(i)")
        cursor.execute("CHECKPOINT")
        blocks = cursor.execute("SELECT max(block_id) FROM pragma_storage_info('many')")
        ((block,),) = blocks.fetchall()
        ((size,),) = cursor.execute("SELECT block_size FROM pragma_database_size()").fetchall()
    flipped(3 * 4096 + block * size + 100)(path)
    with pytest.raises(Mistake, match="cannot be read or written") as caught:
        query(path, "SELECT max(a) FROM many")
    assert caught.value.details["place"] == str(path)
    with Warehouse.open(path) as warehouse, pytest.raises(Mistake, match="cannot be read"):
        warehouse.frame_sql("SELECT max(a) FROM many")


def test_a_commit_that_finds_no_room_leaves_the_warehouse_as_it_was(path: Path) -> None:
    code = """
        import resource, sys
        import polars as pl
        from schemas.errors import Mistake
        from warehouse.store import Warehouse
        with Warehouse.open(sys.argv[1]) as warehouse:
            with warehouse.cursor() as cursor:
                cursor.execute("CREATE TABLE kept AS SELECT 1 AS a")
            resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, resource.RLIM_INFINITY))
            try:
                rows = pl.DataFrame({"a": [f"{n} some text" * 9 for n in range(100_000)]})
                with warehouse.cursor() as cursor:
                    cursor.execute("BEGIN TRANSACTION")
                    cursor.execute("CREATE TABLE lost AS SELECT * FROM rows")
                    cursor.execute("COMMIT")
            except Mistake as mistake:
                print(mistake.details["place"], "|", mistake.details["what"])
            print(warehouse.frame_sql("SELECT count(*) AS n FROM kept")["n"].item())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    told, kept = done.stdout.splitlines()
    assert told.startswith(f"{path} | the warehouse")
    assert kept == "1"
    with Warehouse.open(path) as warehouse:
        tables = warehouse.frame_sql("SELECT table_name AS t FROM duckdb_tables()")["t"]
    assert "kept" in tables
    assert "lost" not in tables


def test_an_owner_whose_disk_is_full_tells_everybody_and_frees_its_file(empty: Path) -> None:
    """DuckDB gives up a database where a commit succeeds and the checkpoint after it fails."""
    code = """
        import os, resource, sys
        from pathlib import Path
        from schemas.errors import Mistake
        from tests.warehouse.conftest import Make
        from warehouse.query import query
        from warehouse.remote import RemoteWarehouse
        from warehouse.shared import SharedWarehouse

        path, make = Path(sys.argv[1]), Make()

        def commit(warehouse):
            for name in range(8):
                event = make.event(make.key(name), text=os.urandom(300_000).hex())
                result = make.result(name, events=[event])
                warehouse.commit([result], run_id="run", code_version="0")
                committed.add(result.unit.key)

        committed = set()
        try:
            with SharedWarehouse(path) as owner, RemoteWarehouse(path) as other:
                with owner._current().cursor() as cursor:
                    cursor.execute("SET wal_autocheckpoint = '1MB'")
                resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, resource.RLIM_INFINITY))
                try:
                    commit(owner)
                finally:
                    try:
                        commit(other)
                    except Mistake as mistake:
                        print(mistake.details["what"], "|", mistake.details["found"])
        except Mistake as mistake:
            print(mistake.details["what"], "|", mistake.details["found"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        kept = {key for (key,) in query(path, "SELECT unit_key FROM units").rows}
        print(0 < len(committed) < 8 and committed <= kept)
        with SharedWarehouse(path) as next_owner:
            commit(next_owner)
            print(next_owner.answer("SELECT count(*), count(DISTINCT unit_key) FROM units").rows)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(empty)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    told = "the warehouse has no room for what is to be written | File too large"
    assert done.stdout.splitlines() == [told, told, "True", "[(8, 8)]"]


NO_ROOM = duckdb.IOException('Could not write file "/a/b": No space left on device')


def test_a_new_warehouse_that_finds_no_room_leaves_no_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(name: str, **options: Any) -> None:
        Path(name).touch()
        raise NO_ROOM

    monkeypatch.setattr(FileStorage, "connection", inspect.unwrap(FileStorage.connection))
    with monkeypatch.context() as patched:
        patched.setattr("warehouse.connection.duckdb.connect", full)
        with pytest.raises(Mistake, match="has no room"):
            Warehouse.open(path)
    assert not path.exists()
    Warehouse.open(path).close()


def test_an_address_that_cannot_be_written_is_a_mistake_and_leaves_no_draft(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("warehouse.address.json.dump", full)
        with pytest.raises(Mistake, match="No space left"):
            SharedWarehouse(empty)
    assert [path.name for path in empty.parent.iterdir()] == [empty.name]
    SharedWarehouse(empty).close()


def test_an_address_that_may_not_be_taken_away_stays_and_nobody_is_held_up(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, **options: Any) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    with monkeypatch.context() as patched, SharedWarehouse(empty):
        patched.setattr("pathlib.Path.unlink", refused)
    assert address_file(empty).exists()
    SharedWarehouse(empty).close()
    assert not address_file(empty).exists()


def test_what_does_not_fit_the_memory_is_stored_in_parts(make, path, monkeypatch):
    """How much fits is DuckDB's to say; here it says so of more than three units."""
    units = [make.result(number) for number in range(10)]
    sizes = []

    def limited(cursor, results, **options):
        sizes.append(len(results))
        if len(results) > 3:
            raise duckdb.OutOfMemoryException("failed to allocate data of size 64.0 MiB")
        return commit_results(cursor, results, **options)

    monkeypatch.setattr("warehouse.store.commit_results", limited)
    with Warehouse.open(path) as warehouse:
        report = warehouse.commit(units, run_id="run", code_version="0")
        assert report.done == tuple(result.unit.key for result in units)
        assert report.rows["events"] == 20
        assert warehouse.answer("SELECT count(*) FROM events").rows == [(20,)]
        with pytest.raises(Mistake, match="of 10 units do not fit the memory"):
            warehouse.commit(units, run_id="run", code_version="0", whole=True)
    assert sizes == [10, 5, 2, 3, 5, 2, 3, 10]


def test_a_unit_that_does_not_fit_the_memory_is_told_with_what_to_do(make, path):
    long = make.result("a", events=[make.event(make.key("a"), text="x" * 40_000_000)])
    with (
        Warehouse.open(path, limits=Limits(memory_mb=60)) as warehouse,
        pytest.raises(Mistake, match="of 1 unit do not fit the memory"),
    ):
        warehouse.commit([long], run_id="run", code_version="0")
