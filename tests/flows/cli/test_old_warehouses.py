"""Every command that reads a warehouse upgrades an older one first, and reads the same then."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from warehouse import reader, schema, view_files
from warehouse.schema import migrations
from warehouse.store import Warehouse

from ..conftest import Agora

READING = [
    ("sql", "select count(*) as n from v_tries"),
    ("studies",),
    ("show", "small"),
    ("plan", "small.yaml"),
    ("diff", "small.yaml", "larger.yaml"),
    ("sql", "select study, n from v_studies, (select count(*) as n from runs)", "-f", "csv"),
]


#: Schemas that the old warehouses have, and tables that stand in both and whose rows are kept.
OLD, KEPT = 5, ("studies", "study_units", "units")


def older(path: Path) -> None:
    """Puts a warehouse of an old schema in the place of one, with its studies and their units."""
    new = path.rename(path.with_suffix(".new"))
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
            "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
        )
        for migration in migrations()[:OLD]:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_version VALUES ($1, $2, 'x', now()::TIMESTAMP)",
                [migration.number, migration.name],
            )
        connection.execute(f"ATTACH '{new}' AS new (READ_ONLY)")
        for table in KEPT:
            connection.execute(f"INSERT INTO {table} BY NAME FROM new.{table}")


def applied(path: Path) -> int:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM schema_version").fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_an_older_warehouse_is_upgraded_and_read(
    words: tuple[str, ...], agora: Agora, warehouse: Path
) -> None:
    now = agora(*words)
    assert now.returncode == 0, now.stderr
    older(warehouse)
    assert applied(warehouse) == OLD
    then = agora(*words)
    assert then.returncode == 0, then.stderr
    assert applied(warehouse) == len(migrations())
    assert then.stdout == now.stdout or "runs" in words[1]


@pytest.mark.parametrize("words", READING[:4], ids=" ".join)
def test_a_warehouse_with_older_views_is_upgraded_and_read(
    words: tuple[str, ...], agora: Agora, warehouse: Path
) -> None:
    now = agora(*words)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("DROP VIEW v_tries; DROP VIEW v_units; DROP VIEW v_studies_all")
        connection.execute("UPDATE schema_views SET files_digest = 'of others'")
    assert agora(*words).stdout == now.stdout != ""


def test_reading_leaves_a_warehouse_of_this_schema_as_it_is(agora: Agora, warehouse: Path) -> None:
    agora("studies")
    before = (warehouse.read_bytes(), warehouse.stat().st_mtime_ns)
    for words in READING:
        assert agora(*words).returncode == 0
    assert (warehouse.read_bytes(), warehouse.stat().st_mtime_ns) == before


def test_a_newer_warehouse_is_refused_by_every_command(agora: Agora, warehouse: Path) -> None:
    with Warehouse.open(warehouse) as opened, opened.cursor() as cursor:
        cursor.execute("INSERT INTO schema_version VALUES (99, 'later', 'x', now()::TIMESTAMP)")
    for words in READING:
        done = agora(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "newer or a different version" in done.stderr


def test_the_digest_of_views_is_that_of_their_files(tmp_path: Path) -> None:
    for text in view_files.view_texts():
        assert text in schema.views_sql()
    assert reader.files_digest() == view_files.files_digest()
    (tmp_path / "10_one.sql").write_text("CREATE VIEW v_one AS SELECT 1;")
    assert view_files.files_digest(tmp_path) != view_files.files_digest()


def test_an_older_warehouse_that_cannot_be_written_is_told_apart(
    agora: Agora, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older(warehouse)
    monkeypatch.setattr("warehouse.connection.os.access", lambda path, mode: mode != os.W_OK)
    done = agora("studies")
    assert done.returncode == 2
    assert "must be upgraded before it can be read, but it cannot be written" in done.stderr
    assert "copy it to a folder of your own" in done.stderr
    assert applied(warehouse) == OLD
