"""SQL of somebody who wants to write, to reach other files, or to command the server."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from warehouse.address import Address
from warehouse.extensions import load_extension
from warehouse.query import query
from warehouse.reader import Reader, reader
from warehouse.reading import selection
from warehouse.serve import may_run

ROOT = Path(__file__).resolve().parents[2]

#: Statements that are no question.
STATEMENTS = [
    "INSERT INTO prompt_messages VALUES ('a', 'user', 'b')",
    "INSERT OR REPLACE INTO prompt_messages VALUES ('a', 'user', 'b')",
    "INSERT INTO prompt_messages BY NAME SELECT 'a' AS digest",
    "UPDATE units SET label = 'x'",
    "UPDATE units SET label = 'x' RETURNING *",
    "DELETE FROM units",
    "DELETE FROM units USING events RETURNING *",
    "TRUNCATE units",
    "MERGE INTO units USING (SELECT 'a' AS k) AS s ON s.k = unit_key WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM units RETURNING *) SELECT * FROM gone",
    "WITH new AS (INSERT INTO units SELECT * FROM units RETURNING *) FROM new",
    "WITH gone AS (DELETE FROM units RETURNING *) PIVOT gone ON stage USING count(*)",
    "PIVOT (DELETE FROM units RETURNING *) ON stage USING count(*)",
    "CREATE TABLE mine (a INT)",
    "CREATE TABLE mine AS FROM events",
    "CREATE OR REPLACE TABLE events AS SELECT 1",
    "CREATE TEMP TABLE mine AS SELECT 1",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE OR REPLACE VIEW v_messages AS SELECT 1",
    "CREATE MACRO mine(a) AS a + 1",
    "CREATE OR REPLACE MACRO abs(a) AS getenv(a)",
    "CREATE FUNCTION mine() AS TABLE FROM query('FROM events')",
    "CREATE TYPE mine AS ENUM ('a')",
    "CREATE SCHEMA mine",
    "CREATE SEQUENCE mine",
    "CREATE INDEX mine ON units (label)",
    "CREATE SECRET mine (TYPE http, BEARER_TOKEN 'a')",
    "CREATE PERSISTENT SECRET mine (TYPE http, BEARER_TOKEN 'a')",
    "DROP TABLE events",
    "DROP VIEW v_messages",
    "DROP SCHEMA main CASCADE",
    "DROP SECRET mine",
    "ALTER TABLE units ADD COLUMN mine INT",
    "ALTER TABLE units RENAME TO mine",
    "ALTER VIEW v_messages RENAME TO mine",
    "COMMENT ON TABLE units IS 'mine'",
    "COPY events TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.parquet' (FORMAT parquet)",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY prompt_messages FROM '{secret}'",
    "COPY FROM DATABASE agora TO mine",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{folder}/out.duckdb'",
    "ATTACH '{folder}/out.duckdb' AS mine (READ_ONLY)",
    "ATTACH 'quack:127.0.0.1:1' AS mine",
    "ATTACH IF NOT EXISTS ':memory:' AS mine",
    "DETACH agora",
    "USE main",
    "SET memory_limit = '1GB'",
    "SET GLOBAL enable_external_access = true",
    "SET SESSION threads = 1",
    "SET lock_configuration = false",
    "SET VARIABLE mine = 1",
    "RESET memory_limit",
    "PRAGMA database_list",
    "PRAGMA memory_limit = '1GB'",
    "PRAGMA enable_external_access",
    "PRAGMA import_database('{folder}')",
    "CALL pragma_version()",
    "CALL enable_logging()",
    "CALL quack_serve('quack:127.0.0.1:1')",
    "CALL checkpoint()",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs",
    "INSTALL '{folder}/mine.duckdb_extension'",
    "LOAD httpfs",
    "LOAD '{folder}/mine.duckdb_extension'",
    "UPDATE EXTENSIONS",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "VACUUM ANALYZE units",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "PREPARE mine AS SELECT 1",
    "EXECUTE mine",
    "DEALLOCATE mine",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM units",
    "SELECT 1; SELECT 2",
    "SELECT 1; DELETE FROM units",
    "SELECT 1;; SELECT 2",
    "PIVOT events ON kind USING count(*); DELETE FROM units",
    "DELETE FROM units; PIVOT events ON kind USING count(*)",
    "PIVOT events ON kind USING count(*); PIVOT events ON kind USING count(*)",
    "SELECT 1 INTO mine",
    "SELECT * FROM events FOR UPDATE; DELETE FROM units",
    "/* SELECT */ DELETE FROM units",
    "-- SELECT 1\nDELETE FROM units",
    "dElEtE\nfRoM\tunits",
    "\ufeffDELETE FROM units",
    "(DELETE FROM units)",
    "FROM (DELETE FROM units RETURNING *)",
    "SELECT (DELETE FROM units RETURNING 1)",
    "",
    ";",
    "-- nothing",
    "/* nothing */",
    "/* never closed",
    "'never closed",
    '"never closed',
    "$$never closed",
    "SELECT",
    "SELEC 1",
    "\0",
    "SELECT '\0'; DELETE FROM units",
    "SELECT 1 \0 DELETE FROM units",
    "(" * 5_000,
    "SELECT " + "-" * 5_000 + "1",
    "hello",
    "{secret}",
]

#: Calls of functions that are not known to read; with what does no harm in the same place.
SCALARS = [
    "getenv('HOME')",
    "current_setting('secret_directory')",
    "getvariable('a')",
    "nextval('a')",
    "setseed(0.5)",
    "txid_current()",
    "write_log('a')",
    "enable_logging()",
    "error('a')",
    "sleep_ms(1)",
    "add_parquet_key('a', 'b')",
    "json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "json_serialize_plan('FROM read_text(''{secret}'')')",
    "file_exists('{secret}')",
    "in_search_path('a', 'b')",
    "no_such_function('a')",
]
TABLES = [
    "query('FROM events')",
    "query('FROM qu' || 'ack_serve(''quack:127.0.0.1:1'')')",
    "query(concat('DROP', ' TABLE events'))",
    "query_table('events')",
    "query_table(['events', 'units'])",
    "json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "read_text('{secret}')",
    "read_blob('{secret}')",
    "read_csv('{secret}')",
    "read_csv_auto('{secret}')",
    "read_json('{secret}')",
    "read_json_auto('{secret}')",
    "read_json_objects('{secret}')",
    "read_ndjson('{secret}')",
    "read_ndjson_objects('{secret}')",
    "read_parquet('{secret}')",
    "read_duckdb('{secret}')",
    "parquet_scan('{secret}')",
    "parquet_metadata('{secret}')",
    "parquet_schema('{secret}')",
    "parquet_file_metadata('{secret}')",
    "sniff_csv('{secret}')",
    "glob('{folder}/*')",
    "quack_serve('quack:0.0.0.0:1')",
    "quack_stop('quack:127.0.0.1:1')",
    "quack_query('quack:127.0.0.1:1', 'SELECT 1')",
    "quack_server_list()",
    "duckdb_settings()",
    "duckdb_secrets()",
    "duckdb_extensions()",
    "duckdb_databases()",
    "duckdb_variables()",
    "duckdb_memory()",
    "duckdb_logs()",
    "duckdb_log_contexts()",
    "duckdb_temporary_files()",
    "duckdb_prepared_statements()",
    "duckdb_external_file_cache()",
    "truncate_duckdb_logs()",
    "enable_logging()",
    "disable_logging()",
    "set_log_level('trace')",
    "enable_profiling()",
    "disable_profiling()",
    "checkpoint()",
    "force_checkpoint()",
    "which_secret('a', 'b')",
    "pragma_database_size()",
    "pragma_storage_info('units')",
    "pragma_user_agent()",
    "pragma_platform()",
    "import_database('{folder}')",
    "seq_scan('units')",
    "arrow_scan(1, 2, 3)",
    "pandas_scan(1)",
    "python_map_function(1)",
    "sql_auto_complete('SEL')",
    "test_all_types()",
    "sqlite_scan('{secret}', 'a')",
    "postgres_query('a', 'b')",
    "no_such_table_function()",
]
#: Files in the place of a table; parsing cannot tell them from tables, the connection can.
FILES = [
    "FROM '{secret}'",
    'FROM "{secret}"',
    "FROM '{folder}/*.csv'",
    "DESCRIBE '{secret}'",
    "SUMMARIZE '{secret}'",
    "SELECT * FROM events JOIN '{secret}' ON true",
    "PIVOT '{secret}' ON a USING count(*)",
    "SELECT (SELECT count(*) FROM '{secret}')",
    "FROM 'https://127.0.0.1:1/a.csv'",
    "FROM 's3://bucket/a.parquet'",
    "FROM '/proc/self/environ'",
    "FROM nowhere",
]

AROUND_SCALARS = [
    "SELECT {}",
    "VALUES ({})",
    "SELECT 1 WHERE {} IS NULL",
    "SELECT * FROM events ORDER BY {}",
    "SELECT 1 FROM events GROUP BY {}",
    "SELECT count(*) FROM events HAVING {} IS NULL",
    "SELECT count(*) FILTER (WHERE {} IS NULL) FROM events",
    "SELECT sum(seq) OVER (PARTITION BY {}) FROM events",
    "SELECT * FROM events QUALIFY {} IS NULL",
    "SELECT * REPLACE ({} AS kind) FROM events",
    "SELECT CASE WHEN {} IS NULL THEN 1 END",
    "SELECT {{'a': {}}}",
    "SELECT [{}]",
    "SELECT list_transform([1], lambda x: {})",
    "SELECT [{} FOR x IN [1]]",
    "SELECT TRY_CAST({} AS INT)",
    "SELECT abs(length(upper({}::VARCHAR)))",
    "SELECT * FROM events AS a JOIN events AS b ON {} IS NULL",
    "WITH a AS (SELECT {}) FROM a",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT 2 FROM a WHERE {} IS NULL) FROM a",
    "SELECT (SELECT {})",
    "SELECT EXISTS (SELECT {})",
    "FROM range(1) SELECT {}",
    "SELECT 1 UNION ALL SELECT 1 WHERE {} IS NULL",
    "DESCRIBE SELECT {}",
    "SUMMARIZE SELECT {} AS a",
    "PIVOT (SELECT kind, {} AS a FROM events) ON kind USING count(*)",
    "PIVOT events ON kind USING count({})",
    "FROM (PIVOT events ON kind IN ('say') USING count({}))",
    "UNPIVOT (SELECT 1 AS x, {} AS y) ON x INTO NAME n VALUE v",
    "SELECT 1 LIMIT (SELECT length({}::VARCHAR))",
]
AROUND_TABLES = [
    "FROM {}",
    "SELECT * FROM {}",
    "SELECT * FROM events, {}",
    "SELECT * FROM events CROSS JOIN {}",
    "SELECT * FROM events POSITIONAL JOIN {}",
    "SELECT * FROM events LEFT JOIN {} ON true",
    "SELECT (SELECT count(*) FROM {})",
    "SELECT EXISTS (FROM {})",
    "SELECT 1 WHERE 1 IN (SELECT 1 FROM {})",
    "WITH a AS (FROM {}) SELECT 1",
    "WITH a AS MATERIALIZED (FROM {}) FROM a",
    "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT 2 FROM {}) FROM a",
    "SELECT 1 UNION ALL BY NAME SELECT 1 FROM {}",
    "SELECT list_transform([1], lambda x: (SELECT count(*) FROM {}))",
    "VALUES ((SELECT count(*) FROM {}))",
    "DESCRIBE FROM {}",
    "SUMMARIZE FROM {}",
    "PIVOT (FROM {}) ON k USING count(*)",
    "WITH a AS (SELECT 1 AS k FROM {}) PIVOT a ON k USING count(*)",
    "UNPIVOT (SELECT 1 AS x FROM {}) ON x INTO NAME n VALUE v",
    "SELECT * FROM (SELECT * FROM (FROM {}))",
    "SELECT * FROM events WHERE seq = (SELECT max(1) FROM {})",
    "SELECT * FROM events ORDER BY (SELECT count(*) FROM {})",
]
#: Ways to spell the name of what is called.
SPELLINGS = {
    "as it is": lambda name: name,
    "upper case": str.upper,
    "mixed case": str.title,
    "in quotation marks": lambda name: f'"{name}"',
    "upper case in quotation marks": lambda name: f'"{name.upper()}"',
    "with a schema": lambda name: f"main.{name}",
    "with a database": lambda name: f"system.main.{name}",
    "with a schema in quotation marks": lambda name: f'"system"."main"."{name}"',
    "before a comment": lambda name: f"{name}/* ( */",
    "before a line": lambda name: f"{name} -- (\n",
    "before blanks": lambda name: f"{name} \t\n",
}
CALLS = [
    *(("scalar", call) for call in SCALARS),
    *(("table", call) for call in TABLES),
]


def called(kind: str, call: str, around: str, spelling: str) -> str:
    """A statement that calls something somewhere."""
    name, rest = call.split("(", 1)
    return around.format(f"{SPELLINGS[spelling](name)}({rest}")


def every_call() -> Iterator[str]:
    """Every call in one place and one spelling each, in turn."""
    for kind, calls, places in (
        ("scalar", SCALARS, AROUND_SCALARS),
        ("table", TABLES, AROUND_TABLES),
    ):
        turns = zip(calls, itertools.cycle(places), itertools.cycle(SPELLINGS))
        for call, around, spelling in turns:
            yield called(kind, call, around, spelling)


HOSTILE = [*STATEMENTS, *every_call()]
REFUSED = [*HOSTILE, *FILES]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A file to be read and a folder to be written to."""
    folder = tmp_path_factory.mktemp("target")
    secret = folder / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    (folder / "folder").mkdir()
    return {"{folder}": str(folder / "folder"), "{secret}": str(secret)}


def aimed(sql: str, target: dict[str, str]) -> str:
    for mark, path in target.items():
        sql = sql.replace(mark, path)
    return sql


@pytest.fixture(scope="module")
def unchanged(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that all these statements are asked of."""
    return Path(shutil.copy(template, tmp_path_factory.mktemp("unchanged") / "agora.duckdb"))


@pytest.fixture(scope="module")
def reading(unchanged: Path) -> Iterator[Reader]:
    with reader(unchanged) as opened:
        yield opened


@pytest.mark.parametrize("sql", REFUSED)
def test_a_reader_refuses_it_and_nothing_changes(
    sql: str, reading: Reader, unchanged: Path, target: dict[str, str]
) -> None:
    content = unchanged.read_bytes()
    with pytest.raises(Mistake) as refused:
        reading.answer(selection(aimed(sql, target)))
    message = refused.value.message()
    assert message.startswith("SQL: ")
    assert len(message) < 20_000
    assert "1,2" not in message
    assert unchanged.read_bytes() == content
    assert list(Path(target["{folder}"]).iterdir()) == []


#: Every place with some of the spellings, and every spelling with some of the places.
TURNS = [
    (kind, around, spelling)
    for kind, places in (("scalar", AROUND_SCALARS), ("table", AROUND_TABLES))
    for number, around in enumerate(places)
    for spelling in list(SPELLINGS)[number % 3 :: 3]
]


@pytest.mark.parametrize("kind", ["scalar", "table"])
def test_a_call_is_judged_by_what_it_calls_wherever_it_stands_and_however_it_is_spelt(
    kind: str,
) -> None:
    harmless = {"scalar": "abs(1)", "table": "range(1)"}[kind]
    harmful = {"scalar": "getenv('HOME')", "table": "query('FROM events')"}[kind]
    for around, spelling in [turn[1:] for turn in TURNS if turn[0] == kind]:
        assert may_run(called(kind, harmless, around, spelling)), (around, spelling)
        assert not may_run(called(kind, harmful, around, spelling)), (around, spelling)


@settings(max_examples=150, deadline=None)
@given(
    outer=st.lists(st.sampled_from(AROUND_SCALARS + AROUND_TABLES[:16]), max_size=2),
    call=st.sampled_from(CALLS),
    spelling=st.sampled_from(list(SPELLINGS)),
    data=st.data(),
)
def test_however_deep_a_call_stands_it_is_found(
    outer: list[str], call: tuple[str, str], spelling: str, data: st.DataObject
) -> None:
    kind, text = call
    around = data.draw(st.sampled_from(AROUND_SCALARS if kind == "scalar" else AROUND_TABLES))
    sql = called(kind, text, around, spelling)
    for place in outer:
        inner = f"(SELECT count(*) FROM ({sql}) AS nested)"
        sql = place.format(inner if place in AROUND_SCALARS else f"({sql}) AS nested")
    with pytest.raises(Mistake):
        selection(sql)


_TOKENS = [
    *"(),.;*'\"=[]{}$?:|-",
    *("SELECT", "FROM", "WITH", "AS", "PIVOT", "ON", "USING", "IN", "VALUES", "DESCRIBE", "SHOW"),
    *("UNION", "ALL", "WHERE", "BY", "DELETE", "UPDATE", "SET", "INSERT", "INTO", "COPY", "TO"),
    *("CALL", "CREATE", "TABLE", "PRAGMA", "ATTACH", "EXPLAIN", "t", "units", "query"),
    *("query_table", "checkpoint", "range", "abs", "count", "1", "'a'", "\n", "--", "/*", "*/"),
    "query('DELETE FROM t')",
    "(SELECT 1)",
    "FROM t",
    "SELECT 1 AS a",
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(_TOKENS), max_size=12).map(" ".join))
def test_whatever_is_let_through_changes_nothing(sql: str) -> None:
    """Here on a connection that may write, so that nothing but the judgement holds it back."""
    try:
        statement = selection(sql)
    except Mistake:
        return
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        seen = "SELECT (SELECT list(t) FROM t), (SELECT list(s) FROM duckdb_settings() AS s), "
        seen += "(SELECT list(table_name) FROM duckdb_tables())"
        before = connection.execute(seen).fetchall()
        try:
            connection.execute(statement).fetchall()
        except duckdb.Error:
            return
        assert connection.execute(seen).fetchall() == before


# -- the served file --------------------------------------------------------------------------

_OWNER = """
import sys
from warehouse.serve import serving
from warehouse.store import Warehouse
with Warehouse.open(sys.argv[1]) as warehouse, serving(warehouse):
    print("serving", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A warehouse that another process has open for writing and serves."""
    path = tmp_path_factory.mktemp("served") / "agora.duckdb"
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "serving\n"
    yield path
    owner.communicate("\n", timeout=600)
    assert owner.returncode == 0


def test_the_server_refuses_it_whatever_a_client_sends(
    served: Path, target: dict[str, str]
) -> None:
    """With the token and none of this project's code in between."""
    assert [sql for sql in HOSTILE if may_run(aimed(sql, target))] == []
    address = Address.of(served)
    assert address is not None
    client = duckdb.connect(config={"allow_persistent_secrets": False})
    for name in ("httpfs", "quack"):
        load_extension(client, name)

    def ask(sql: str) -> list[tuple[object, ...]]:
        return client.execute(
            "FROM quack_query($1, $2, token => $3, disable_ssl => true)",
            [address.uri, sql, address.token],
        ).fetchall()

    tables = "SELECT count(*) FROM duckdb_tables() WHERE NOT internal"
    before = ask(tables)
    for sql in REFUSED[::8]:
        with pytest.raises(duckdb.Error):
            ask(aimed(sql, target))
    assert ask(tables) == before
    assert ask("SELECT count(*) FROM units") == [(0,)]
    assert list(Path(target["{folder}"]).iterdir()) == []
    client.close()


@pytest.mark.parametrize("sql", REFUSED[::20])
def test_a_reader_of_a_served_file_refuses_it(
    sql: str, served: Path, target: dict[str, str]
) -> None:
    with pytest.raises(Mistake, match="SQL: "):
        query(served, aimed(sql, target))
    assert query(served, "SELECT 1").rows == [(1,)]
