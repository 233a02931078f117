"""Ad-hoc SQL: what it answers, what it refuses, and how it reaches a file that is in use."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import Mistake
from warehouse.address import Address, address_file
from warehouse.connection import Locked
from warehouse.query import query
from warehouse.serve import may_run
from warehouse.store import Warehouse

ROOT = Path(__file__).resolve().parents[2]

READS = [
    "SELECT count(*) FROM events",
    "FROM events;",
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a -- pragma",
    "VALUES (1, 'pragma'), (2, ';')",
    "DESCRIBE events",
    "SHOW TABLES",
    "SUMMARIZE units",
    "FROM v_calls",
    "PIVOT events ON kind USING count(*)",
    "SELECT * FROM (PIVOT events ON kind USING max(value) GROUP BY actor)",
    "PIVOT events ON kind IN ('say', 'bid') USING count(*)",
    "SELECT list_transform([1, 2], lambda x: x + 1), 'quack_serve(1)' AS query",
    "SELECT count(*) FILTER (WHERE round > 1) OVER (PARTITION BY actor) FROM events",
    "SELECT extract(year FROM now()), CAST(1 AS DECIMAL(9, 2)), {'a': 1}['a'], [1, 2][1:2]",
]

REFUSED = [
    "",
    "-- nothing",
    "SELEC 1",
    "SELECT * FROM nowhere",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM events",
    "INSERT INTO schema_views VALUES ('x')",
    "UPDATE units SET label = 'x'",
    "DELETE FROM units",
    "DROP TABLE events",
    "CREATE TABLE mine AS SELECT 1",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "COPY events TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.parquet'",
    "EXPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/out.duckdb'",
    "PRAGMA database_list",
    "/* quietly */ PRAGMA version",
    "SET memory_limit = '1GB'",
    "CALL pragma_version()",
    "FROM query('FROM qu' || 'ack_serve(''x'')')",
    "FROM \"query\" /* x */ ('FROM events')",
    "FROM query_table('events')",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM quack_stop('quack:127.0.0.1:1')",
    "FROM \"QUACK_SERVE\"('quack:0.0.0.0:1')",
    "SELECT enable_logging()",
    "FROM enable_logging()",
    "CALL enable_logging()",
    "FROM truncate_duckdb_logs()",
    "SELECT write_log('x')",
    "FROM checkpoint()",
    "FROM force_checkpoint()",
    "FROM duckdb_secrets()",
    "FROM duckdb_settings()",
    "SELECT current_setting('secret_directory')",
    "SELECT nextval('x')",
    "SELECT setseed(0.5)",
    "SELECT 'FROM events'.query()",
    "PIVOT (FROM query('FROM events')) ON kind USING count(*)",
    "PIVOT (FROM \"query\"\n('FROM events')) ON kind USING count(*)",
    "PIVOT (SELECT 'é' AS kind, \"Query\"('FROM events')) ON kind USING count(*)",
    "PIVOT (FROM checkpoint()) ON success USING count(*)",
    "PIVOT (FROM read_text('{folder}/secret.txt')) ON filename USING count(*)",
    "EXPLAIN ANALYZE DELETE FROM units",
    "PREPARE p AS SELECT 1",
    "INSTALL httpfs",
    "LOAD httpfs",
    "CHECKPOINT",
    "BEGIN",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM query('FROM read_text(''{secret}'')')",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A warehouse that another process has open for writing and serves."""
    path = tmp_path_factory.mktemp("served") / "agora.duckdb"
    code = (
        "import sys\n"
        "from warehouse.serve import serving\n"
        "from warehouse.store import Warehouse\n"
        "with Warehouse.open(sys.argv[1]) as warehouse, serving(warehouse):\n"
        "    print('serving', flush=True)\n"
        "    while line := sys.stdin.readline().strip():\n"
        "        with warehouse.cursor() as cursor:\n"
        "            cursor.execute(line)\n"
        "        print('done', flush=True)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout.readline() == "serving\n"
    yield path, owner
    owner.communicate("\n", timeout=600)


@pytest.fixture
def free(empty):
    return empty


@pytest.fixture(params=["free", "served"])
def either(request):
    """A warehouse whose file is free, and one whose file another process has open."""
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, Path) else found[0]


@pytest.mark.parametrize("sql", READS)
def test_statements_that_read_are_answered(free, sql):
    answer = query(free, sql)
    assert len(answer.columns) == len(answer.types) > 0
    assert all(len(row) == len(answer.columns) for row in answer.rows)


@pytest.mark.parametrize(
    "sql",
    ["DESCRIBE events", "SHOW TABLES", "PIVOT units ON status USING count(*)", "FROM v_calls"],
)
def test_a_server_answers_what_the_file_would(free, served, sql):
    assert query(served[0], sql) == query(free, sql)


@pytest.mark.parametrize("sql", REFUSED)
def test_everything_else_is_refused_and_changes_nothing(free, sql, tmp_path):
    _refused_without_effect(free, sql, tmp_path)


@pytest.mark.parametrize("sql", ["DROP TABLE events", "FROM '{secret}'", "SELECT 1; SELECT 2"])
def test_a_server_is_not_asked_for_anything_else(served, sql, tmp_path):
    _refused_without_effect(served[0], sql, tmp_path)


def _refused_without_effect(path: Path, sql: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    content = path.read_bytes()
    with pytest.raises(Mistake):
        query(path, sql.format(folder=folder, secret=secret))
    assert list(folder.iterdir()) == []
    assert path.read_bytes() == content


def test_a_limit_says_that_rows_were_left_out(either):
    answer = query(either, "SELECT range AS n, {'a': [range]} AS s FROM range(5000)", limit=3)
    assert answer.rows == [(0, {"a": [0]}), (1, {"a": [1]}), (2, {"a": [2]})]
    assert answer.truncated
    assert not query(either, "FROM range(3)", limit=3).truncated


def test_python_variables_are_no_tables(free):
    with pytest.raises(Mistake, match="reading does not exist"):
        query(free, "FROM reading")


def test_a_served_warehouse_shows_what_its_owner_has_committed(served):
    path, owner = served
    assert query(path, "SELECT count(*) FROM prompt_messages").rows == [(0,)]
    owner.stdin.write(
        "INSERT INTO prompt_messages VALUES ('d', 'user', 'hello'), ('e', 'user', 'you')\n"
    )
    owner.stdin.flush()
    assert owner.stdout.readline() == "done\n"
    assert query(path, "SELECT text FROM prompt_messages ORDER BY text").rows == [
        ("hello",),
        ("you",),
    ]


def test_the_address_is_for_its_user_alone(served):
    path, owner = served
    file = address_file(path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    address = Address.of(path)
    assert address.pid == owner.pid
    assert address.uri.startswith("quack:127.0.0.1:")
    assert address.token not in repr(address)


def test_a_wrong_token_is_refused(served, monkeypatch):
    path, _ = served
    address = Address.of(path)
    monkeypatch.setattr("warehouse.reader.OPENING_S", 0.3)
    try:
        dataclasses.replace(address, token="0" * 64).write(path)
        with pytest.raises(Locked, match="in use"):
            query(path, "SELECT 1")
    finally:
        address.write(path)
    assert query(path, "SELECT 1").rows == [(1,)]


def test_the_server_itself_refuses_to_write():
    """Whatever a client with the token sends; the client's own check is not relied on."""
    assert not may_run("INSERT INTO prompt_messages VALUES ('a', 'b', 'c')")
    assert not may_run("SELECT 1; DROP TABLE prompt_messages")
    assert not may_run("SELECT * FROM quack_server_list()")
    assert may_run("SELECT 'insert' FROM prompt_messages")


def test_a_client_that_skips_the_checks_cannot_write_either(served, tmp_path):
    import duckdb

    from warehouse.extensions import load_extension

    path, _ = served
    address = Address.of(path)
    client = duckdb.connect(config={"allow_persistent_secrets": False})
    for name in ("httpfs", "quack"):
        load_extension(client, name)
    for sql in (
        "DELETE FROM prompt_messages",
        "SET threads = 1",
        f"COPY prompt_messages TO '{tmp_path}/out.csv'",
        "SELECT * FROM read_text('/etc/hostname')",
        f"FROM quack_stop('{address.uri}')",
        f"FROM query('FROM qu' || 'ack_stop(''{address.uri}'')')",
        "FROM query('FROM qu' || 'ack_serve(''quack:127.0.0.1:1'', token => ''t'')')",
        "PIVOT (FROM query('FROM events')) ON kind USING count(*)",
        "SELECT enable_logging()",
        "FROM force_checkpoint()",
    ):
        with pytest.raises(duckdb.Error):
            client.execute(
                "FROM quack_query($1, $2, token => $3, disable_ssl => true)",
                [address.uri, sql, address.token],
            ).fetchall()
    client.close()
    assert query(path, "SELECT 1").rows == [(1,)]


STALE = {"uri": "quack:127.0.0.1:1", "port": 1, "token": "t", "pid": 1}


@pytest.mark.parametrize("left", [json.dumps(STALE), "{}", "half a fi", ""])
def test_what_an_owner_left_that_has_ended_is_passed_over(path, left):
    address_file(path).write_text(left)
    Warehouse.open(path).close()
    assert query(path, "SELECT 1").rows == [(1,)]


def test_serving_ends_with_its_context(path):
    from warehouse.serve import serving

    with Warehouse.open(path) as warehouse:
        for _ in range(2):
            with serving(warehouse) as address:
                assert address_file(path).exists()
                assert address.pid == os.getpid()
            assert not address_file(path).exists()
        assert warehouse.statuses(["0" * 32]) == {}


def test_asking_imports_nothing_large(free):
    code = (
        "import sys\n"
        "from warehouse.query import query\n"
        "print(query(sys.argv[1], 'SELECT count(*) FROM events').rows)\n"
        "large = ('polars', 'pandas', 'great_expectations', 'pydantic', 'prefect', 'numpy')\n"
        "print([name for name in large if name in sys.modules])\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(free)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == ["[(0,)]", "[]"]
