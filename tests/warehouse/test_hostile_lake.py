"""SQL of somebody who wants to write a lake, or to reach what lies beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import Mistake
from warehouse.query import query
from warehouse.reader import Reader, reader
from warehouse.reading import selection

from ..postgres import Postgres
from .test_hostile_sql import FILES, HOSTILE, aimed

#: What a connection that has a lake could be asked besides.
BESIDE = [
    "FROM ducklake_snapshots('lake')",
    "FROM ducklake_table_info('lake')",
    "FROM ducklake_options('lake')",
    "FROM ducklake_list_files('lake', 'events')",
    "FROM ducklake_expire_snapshots('lake', older_than => now())",
    "FROM ducklake_delete_orphaned_files('lake')",
    "CALL ducklake_flush_inlined_data('lake')",
    "CALL lake.set_option('data_inlining_row_limit', 0)",
    "FROM postgres_query('catalogue', 'SELECT secret FROM beside.secrets')",
    "FROM postgres_scan('dbname=postgres', 'beside', 'secrets')",
    "CALL postgres_execute('catalogue', 'DROP SCHEMA agora CASCADE')",
    "CALL postgres_attach('dbname=postgres')",
    "ATTACH 'dbname=postgres' AS mine (TYPE postgres)",
    "ATTACH 'ducklake:postgres:dbname=postgres' AS mine",
    "DETACH lake",
    "USE memory",
    "DROP TABLE lake.main.events",
    "DELETE FROM lake.units",
    "COPY events TO '{folder}/out.parquet'",
    "FROM beside.secrets",
    "FROM catalogue.beside.secrets",
    "FROM __ducklake_metadata_lake.beside.secrets",
    "FROM __ducklake_metadata_lake.agora.ducklake_metadata",
    "FROM ducklake_metadata",
    "FROM agora.ducklake_metadata",
    "FROM pg_authid",
    "FROM catalogue.pg_catalog.pg_authid",
]


@pytest.fixture(scope="module")
def hostile_lake(
    postgres: Postgres, lake_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A lake in a database that holds a table of others."""
    path = postgres.lake(tmp_path_factory.mktemp("hostile"), lake_template)
    postgres.run(
        postgres.name_of(path),
        "CREATE SCHEMA beside",
        "CREATE TABLE beside.secrets AS SELECT 'hush' AS secret",
    )
    return path


@pytest.fixture(scope="module")
def reading_lake(hostile_lake: Path) -> Iterator[Reader]:
    with reader(hostile_lake) as opened:
        yield opened


@pytest.fixture
def target(tmp_path: Path) -> dict[str, str]:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    (tmp_path / "folder").mkdir()
    return {"{folder}": str(tmp_path / "folder"), "{secret}": str(secret)}


def test_a_reader_of_a_lake_refuses_it_and_nothing_changes(
    reading_lake: Reader, hostile_lake: Path, postgres: Postgres, target: dict[str, str]
) -> None:
    name = postgres.name_of(hostile_lake)
    states = "SELECT max(snapshot_id) FROM agora.ducklake_snapshot"
    before = postgres.run(name, states)
    for sql in [*HOSTILE, *FILES, *BESIDE]:
        with pytest.raises(Mistake) as refused:
            reading_lake.answer(selection(aimed(sql, target)))
        message = refused.value.message()
        assert message.startswith("SQL: "), sql
        assert "hush" not in message
        assert "1,2" not in message
    assert postgres.run(name, states) == before
    assert list((hostile_lake.parent / "data").rglob("*")) == []
    assert list(Path(target["{folder}"]).iterdir()) == []


def test_a_connection_that_reads_a_lake_cannot_write_it_nor_reach_beside_it(
    reading_lake: Reader, target: dict[str, str]
) -> None:
    """With none of the judgement of statements in between."""
    for sql in (
        "DELETE FROM units",
        "CREATE TABLE mine (a INT)",
        "COPY (SELECT 1) TO '{folder}/out.parquet'",
        "FROM read_csv('{secret}')",
        "FROM postgres_query('catalogue', 'SELECT secret FROM beside.secrets')",
        "ATTACH 'dbname=postgres' AS mine (TYPE postgres)",
        "ATTACH '{folder}/mine.duckdb'",
        "SET enable_external_access = true",
        "LOAD '{folder}/mine.duckdb_extension'",
    ):
        with pytest.raises(Mistake):
            reading_lake.answer(aimed(sql, target))


def test_tables_of_others_in_the_database_are_not_even_named(
    reading_lake: Reader, hostile_lake: Path
) -> None:
    named = reading_lake.answer("SELECT DISTINCT schema_name, table_name FROM duckdb_tables()").rows
    assert ("main", "events") in named
    assert [one for one in named if "secrets" in one or "beside" in one] == []
    found = query(hostile_lake, "SELECT table_name FROM information_schema.tables").rows
    assert ("events",) in found
    assert ("secrets",) not in found
