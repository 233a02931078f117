"""One owner, many writers: what goes through another process, and who takes over when it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.errors import Mistake
from schemas.unit import Failure, Read
from warehouse.address import Address, address_file
from warehouse.committing.batch import BatchRefused
from warehouse.connection import Locked
from warehouse.extensions import load_extension
from warehouse.other_duckdb import statements_elsewhere
from warehouse.query import query
from warehouse.remote import RemoteWarehouse
from warehouse.shared import SharedWarehouse
from warehouse.store import Warehouse
from warehouse.wire import OwnerGone, Stranger, introduce

ROOT = Path(__file__).resolve().parents[2]
OWNER = """
import sys
from pathlib import Path
from warehouse.shared import SharedWarehouse
with SharedWarehouse(Path(sys.argv[1])) as warehouse:
    print("open", flush=True)
    sys.stdin.readline()
"""


def process(path: Path) -> subprocess.Popen[str]:
    """A process that has a warehouse open, until a line is written to it."""
    child = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.communicate("\n", timeout=600)


@pytest.fixture
def owner(empty: Path) -> Iterator[subprocess.Popen[str]]:
    child = process(empty)
    yield child
    if child.poll() is None:
        end(child)


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but for when they were stored, and by which commit."""
    apart = {"committed_at", "batch", "quarantined_at", "checked_at"}
    with Warehouse.open(path, read_only=True) as warehouse:
        names = warehouse.frame_sql(
            "SELECT table_name FROM duckdb_tables() WHERE table_name NOT LIKE 'schema%'"
        )["table_name"]
        frames = {name: warehouse.frame_sql(f"FROM {name}") for name in sorted(names)}
    return {
        name: sorted(frame.drop(apart & set(frame.columns)).rows(), key=repr)
        for name, frame in frames.items()
    }


def results(make: Any) -> list[Any]:
    """A unit of every fate: done, of frames, failed, with a row that does not fit."""
    key = make.key("paid")
    paid = make.result(
        "paid",
        calls=[make.call(key)],
        attempts=[make.attempt(key)],
        prompt_messages=[make.prompt_message("half a \ud83d".encode("utf-8", "replace").decode())],
    )
    framed = make.result("framed")
    framed.rows["events"] = pl.DataFrame(framed.rows["events"]).with_columns(data=pl.lit("{}"))
    failed = make.result("failed", Failure("server_error", "500"))
    bad = make.result("bad", events=[make.event(make.key("bad"), value=float("nan"))])
    return [paid, framed, failed, bad]


def write_everything(warehouse: Any, make: Any) -> Any:
    units = [make.study_unit("study", one.unit) for one in results(make)]
    make.record(warehouse, make.study(), units)
    warehouse.record_uncommitted([make.call(make.key("lost"), 7)])
    return warehouse.commit(results(make), run_id="run", code_version="0")


def test_what_goes_through_the_owner_is_stored_as_the_owner_would(
    empty: Path, tmp_path: Path, make: Any
) -> None:
    alone = tmp_path / "alone.duckdb"
    alone.write_bytes(empty.read_bytes())
    with Warehouse.open(alone) as warehouse:
        expected = write_everything(warehouse, make)
    owner = process(empty)
    with SharedWarehouse(empty) as warehouse:
        report = write_everything(warehouse, make)
        read = Read("events", "unit_key", (make.key("framed"),), repeated=("kind",))
        assert warehouse.frame(read)["kind"].to_list() == ["say", "say"]
        assert warehouse.frame(read).schema["kind"] == pl.Categorical()
        with warehouse.batches("FROM units") as (schema, parts):
            assert "unit_key" in schema.names
            assert sum(part.num_rows for part in parts) == 4
        assert warehouse.statuses([make.key("bad")]) == {make.key("bad"): "failed"}
    end(owner)
    assert (report.done, report.failed, report.rows) == (
        expected.done,
        expected.failed,
        expected.rows,
    )
    assert tables(empty) == tables(alone)


def test_what_the_owner_refuses_is_refused_here(empty: Path, owner: Any, make: Any) -> None:
    bad = make.result("bad", events=[make.event(make.key("bad"), kind="shout")])
    with SharedWarehouse(empty) as warehouse:
        with pytest.raises(BatchRefused) as refused:
            warehouse.commit([bad], run_id="r", code_version="0", whole=True)
        assert list(refused.value.failures) == [make.key("bad")]
        with pytest.raises(RuntimeError, match="two results of one unit"):
            warehouse.commit([bad, bad], run_id="r", code_version="0")
        with pytest.raises(Mistake, match="nowhere does not exist"):
            warehouse.answer("FROM nowhere")
        assert warehouse.statuses([make.key("bad")]) == {}


@pytest.mark.parametrize("how", ["in good order", "killed"])
def test_the_next_operation_takes_over_from_an_owner_that_ended(
    empty: Path, owner: Any, make: Any, how: str
) -> None:
    with SharedWarehouse(empty) as warehouse, SharedWarehouse(empty) as other:
        warehouse.commit([make.result("a")], run_id="r", code_version="0")
        if how == "killed":
            owner.kill()
            owner.wait()
            assert address_file(empty).exists()
        else:
            end(owner)
            assert not address_file(empty).exists()
        warehouse.commit([make.result("b")], run_id="r", code_version="0")
        address = Address.of(empty)
        assert address is not None
        assert address.pid == os.getpid()
        other.commit([make.result("c")], run_id="s", code_version="0")  # through the new owner
        keys = [make.key(name) for name in "abc"]
        for reading in (warehouse, other):
            assert reading.statuses(keys) == dict.fromkeys(keys, "done")
        assert query(empty, "SELECT count(*) FROM units").rows == [(3,)]
    assert not address_file(empty).exists()
    assert query(empty, "SELECT count(*) FROM units").rows == [(3,)]


def test_a_reader_goes_on_when_the_owner_ends(empty: Path, owner: Any) -> None:
    from warehouse.reader import FoundReader

    with FoundReader(empty) as reader:
        assert reader.served
        assert reader.answer("SELECT 1").rows == [(1,)]
        owner.kill()
        owner.wait()
        assert reader.answer("SELECT 2").rows == [(2,)]
        assert not reader.served


def test_queries_make_no_database_each_neither_here_nor_at_the_owner(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making one takes longer than most queries; the owner judges each in a thread of its own."""
    with SharedWarehouse(empty):
        query(empty, "SELECT 1")
        monkeypatch.setattr(duckdb, "connect", None)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda n: query(empty, f"SELECT {n}").rows, range(12)))
    assert answers == [[(n,)] for n in range(12)]


def test_a_file_that_nobody_serves_is_told_of(empty: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.shared.OPENING_S", 0.3)
    code = (
        "import duckdb, sys\n"
        "held = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(empty)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(Locked, match=str(child.pid)):
        SharedWarehouse(empty)
    child.communicate("\n", timeout=600)


def test_the_token_is_for_its_user_alone(empty: Path) -> None:
    old = os.umask(0)
    try:
        address_file(empty).touch(mode=0o666)  # a file that somebody put there beforehand
        with SharedWarehouse(empty):
            assert stat.S_IMODE(address_file(empty).stat().st_mode) == 0o600
    finally:
        os.umask(old)


def _address(path: Path) -> Address:
    found = Address.of(path)
    assert found is not None
    return found


def test_a_wrong_token_gets_nothing(empty: Path, owner: Any) -> None:
    address = _address(empty)
    with (
        socket.create_connection((address.host, address.port), timeout=600) as connection,
        pytest.raises(ConnectionError),
    ):
        introduce(connection, "0" * 64)
    wrong = Address(address.uri, address.port, "0" * 64, address.pid)
    try:
        wrong.write(empty)
        with pytest.raises(OwnerGone):
            RemoteWarehouse(empty)
    finally:
        address.write(empty)


def test_whoever_took_the_port_of_a_dead_owner_learns_and_answers_nothing(empty: Path) -> None:
    """It cannot have a commit taken for stored, since it cannot prove that it knows the token."""
    token = "a" * 64
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def impostor() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"agora-warehouse-1" + b"n" * 32)
                while len(heard) < 64:
                    heard.extend(connection.recv(64))
                connection.sendall(bytes(heard[32:]))  # what it was told, as its own proof

        thread = threading.Thread(target=impostor)
        thread.start()
        with (
            socket.create_connection(listening.getsockname(), timeout=600) as connection,
            pytest.raises(Stranger),
        ):
            introduce(connection, token)
        thread.join()
    assert token.encode() not in bytes(heard)


HOSTILE = [
    b"",
    b"\0" * 64,
    b"\xff" * 1000,
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 5,
    b"agora-warehouse-1" + b"\0" * 10_000,
]


@pytest.mark.parametrize("sent", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_get_nothing_and_harm_nobody(
    empty: Path, owner: Any, make: Any, sent: bytes
) -> None:
    address = _address(empty)
    with socket.create_connection((address.host, address.port), timeout=600) as connection:
        said = connection.recv(17 + 32)
        connection.sendall(sent)
        if sent:
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
    assert said.startswith(b"agora-warehouse-1")
    with SharedWarehouse(empty) as warehouse:
        report = warehouse.commit([make.result("a")], run_id="r", code_version="0")
        assert report.done == (make.key("a"),)


def test_hostile_messages_of_one_who_knows_the_token_end_nothing(
    empty: Path, owner: Any, make: Any
) -> None:
    from warehouse.client import met
    from warehouse.messages import replied
    from warehouse.wire import received, send

    address = _address(empty)
    for parts in ([], [b"no json"], [b"[]"], [b'{"operation": "drop"}'], [b"{}", b"no arrow"]):
        with met(address) as connection:
            send(connection, parts)
            assert "bug" in replied(received(connection))
    with met(address) as connection:
        connection.sendall(b"\xff" * 4)  # a message of four thousand million parts
        assert connection.recv(1) == b""
    with SharedWarehouse(empty) as warehouse:
        assert warehouse.statuses([make.key("a")]) == {}


def test_silent_strangers_keep_nobody_out(empty: Path, owner: Any, make: Any) -> None:
    address = _address(empty)
    silent = [
        socket.create_connection((address.host, address.port), timeout=600) for _ in range(100)
    ]
    try:
        with SharedWarehouse(empty) as warehouse:
            assert warehouse.statuses([make.key("a")]) == {}
    finally:
        for connection in silent:
            connection.close()


def test_another_version_of_the_code_is_refused(empty: Path, owner: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("warehouse.remote.schema_of_code", lambda: "another")
    with pytest.raises(Mistake, match="another version of Agora"):
        SharedWarehouse(empty)


def test_an_owner_that_is_killed_while_many_commit_loses_and_doubles_nothing(
    empty: Path, make: Any
) -> None:
    """Owners are killed one after another, until none but this process is left."""
    owners = [process(empty) for _ in range(3)]  # the first owns the file, the others wait
    names = [[f"{thread}-{number}" for number in range(12)] for thread in range(3)]

    def commit(some: list[str]) -> None:
        with SharedWarehouse(empty) as warehouse:
            for name in some:
                key = make.key(name)
                failure = Failure("timeout", "late") if name.endswith("1") else None
                result = make.result(name, failure, calls=[make.call(key)])
                warehouse.commit([result], run_id=f"run {some[0]}", code_version="0")

    with ThreadPoolExecutor(len(names)) as threads:
        committing = [threads.submit(commit, some) for some in names]
        for owner in owners:
            time.sleep(0.3)
            os.kill(owner.pid, signal.SIGKILL)
            owner.wait()
        for one in committing:
            one.result()
    with Warehouse.open(empty, read_only=True) as warehouse:
        counted = warehouse.frame_sql(
            "SELECT (SELECT count(*) FROM units), (SELECT count(*) FROM calls), "
            "(SELECT count(*) FROM earlier_units), (SELECT count(DISTINCT unit_key) FROM units), "
            "(SELECT count(*) FROM events), (SELECT count(DISTINCT batch) FROM validations)"
        ).row(0)
    done = 3 * 12 - sum(name.endswith("1") for some in names for name in some)
    assert counted == (36, 36, 0, 36, 2 * done, 36)


def typed_elsewhere(statements: str) -> list[tuple[Any, ...]]:
    """What another DuckDB answers; its extensions come from their packages."""
    with duckdb.connect() as elsewhere:
        for one in statements.rstrip(";").split(";\n"):
            if one.startswith("LOAD "):
                load_extension(elsewhere, one.removeprefix("LOAD "))
                continue
            found = elsewhere.execute(one)
        return found.fetchall()


def test_another_duckdb_asks_the_owner_and_the_free_file(empty: Path, make: Any) -> None:
    asked = "SELECT count(*) FROM units WHERE label <> ';'"
    with SharedWarehouse(empty) as warehouse:
        warehouse.commit([make.result("a")], run_id="r", code_version="0")
        statements = statements_elsewhere(empty, asked)
        assert _address(empty).token not in statements
        assert typed_elsewhere(statements) == [(1,)]
    assert typed_elsewhere(statements_elsewhere(empty, asked)) == [(1,)]
    with pytest.raises(Mistake, match="read-only"):
        statements_elsewhere(empty, "DROP TABLE units")


def test_a_file_that_this_process_reads_is_owned_when_that_has_ended(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from warehouse.reader import FoundReader

    monkeypatch.setattr("warehouse.shared.OPENING_S", 0.1)
    with FoundReader(empty) as reader:
        with pytest.raises(Locked, match="this process has it open"):
            SharedWarehouse(empty)
        assert reader.answer("SELECT 1").rows == [(1,)]
    with SharedWarehouse(empty), FoundReader(empty) as reader:
        assert reader.served
