"""Migrations, and the schema that they lead to."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from schemas.codebook import Codebook
from schemas.errors import Mistake
from schemas.tables import ROWS
from warehouse import schema
from warehouse.projections.ddl import create_tables
from warehouse.schema import Migration, migrations, prepare
from warehouse.storage import storage_of
from warehouse.store import Warehouse

from .conftest import on_both


def _columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """Columns by name: those that a migration adds come last, wherever the model has them."""
    return connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
        "WHERE NOT internal AND table_name NOT LIKE 'schema_%' AND table_name NOT LIKE 'v_%' "
        "ORDER BY table_name, column_name"
    ).fetchall()


def test_the_migrations_lead_to_the_table_models():
    """Fails when a table model changed and no migration was added in warehouse/migrations/."""
    migrated, projected = duckdb.connect(), duckdb.connect()
    for migration in migrations():
        migrated.execute(migration.sql)
    projected.execute(create_tables())
    assert _columns(migrated) == _columns(projected)


@on_both
def test_a_new_warehouse_records_its_migrations(warehouse):
    rows = warehouse.frame_sql("SELECT number, name, models_digest FROM schema_version")
    assert rows["number"].to_list() == [m.number for m in migrations()]
    assert rows["models_digest"].str.len_chars().to_list() == [32] * len(rows)


def test_opening_applies_the_migrations_that_are_missing(path):
    Warehouse.open(path).close()
    later = Migration(len(migrations()) + 1, "colours", "CREATE TABLE colours (name VARCHAR);")
    connection = duckdb.connect(str(path))
    prepare(connection, path, (*migrations(), later))
    prepare(connection, path, (*migrations(), later))
    assert connection.execute("SELECT count(*) FROM schema_version").fetchone() == (later.number,)
    connection.execute("INSERT INTO colours VALUES ('red')")


def test_a_warehouse_of_the_first_schema_opens_with_its_calls(path, make):
    unit = make.key("unit")
    rows = make.call(unit)
    call = {**rows, "base_parts": rows["base_messages"], "parts": ["d1", "d2"]}
    del call["base_messages"], call["added_messages"]
    connection = duckdb.connect(str(path))
    connection.execute(migrations()[0].sql)
    connection.execute(
        "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
        "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL);"
        "INSERT INTO schema_version VALUES (1, 'tables', 'x', now()::TIMESTAMP);"
        "INSERT INTO parts VALUES ('d1', 'system', 'Talk.'), ('d2', 'user', 'Your turn.');"
        "CREATE VIEW v_requests AS SELECT call_key, parts FROM calls"
    )
    names = ", ".join(f'"{name}"' for name in call)
    marks = ", ".join("?" * len(call))
    connection.execute(f"INSERT INTO calls ({names}) VALUES ({marks})", list(call.values()))
    connection.close()
    with Warehouse.open(path) as warehouse:
        found = warehouse.frame_sql("SELECT messages FROM v_calls").to_dicts()
    assert [one["text"] for one in found[0]["messages"]] == ["Talk.", "Your turn."]


def test_a_warehouse_of_the_first_schema_says_which_version_was_run_last(path):
    """The first version was resumed after the second had been run: its own unit shows that."""
    connection = duckdb.connect(str(path))
    connection.execute(migrations()[0].sql)
    connection.execute(
        "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
        "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL);"
        "INSERT INTO schema_version VALUES (1, 'tables', 'x', now()::TIMESTAMP);"
        "INSERT INTO studies BY NAME SELECT * FROM (VALUES ('v1', TIMESTAMP '2026-01-01'), "
        "    ('v2', TIMESTAMP '2026-01-02'), ('v3', TIMESTAMP '2026-01-02 12:00')) "
        "    AS t(study_version, created_at), "
        "    (SELECT 'small' AS name, '{}' AS spec, 'name: small' AS yaml, '' AS path, "
        "    '0' AS code_version);"
        "INSERT INTO study_units SELECT v, 'episodes', 'episodes', u, 'baseline', 1, u FROM "
        "    (VALUES ('v1', 'own'), ('v1', 'shared'), ('v2', 'shared'), ('v3', 'shared')) "
        "    AS t(v, u);"
        "INSERT INTO units BY NAME SELECT * FROM (VALUES ('own', TIMESTAMP '2026-01-03'), "
        "    ('shared', TIMESTAMP '2026-01-04')) AS t(unit_key, committed_at), "
        "    (SELECT 'episodes' AS stage, 'episodes' AS step, '' AS label, 'done' AS status, "
        "    0 AS n_rows, '0' AS code_version, 'run' AS run_id);"
    )
    connection.close()
    with Warehouse.open(path) as warehouse:
        studies = warehouse.frame_sql(
            "SELECT study_version, last_run_at::DATE::VARCHAR, run_last FROM v_studies_all "
            "ORDER BY number"
        )
        assert studies.rows() == [
            ("v1", "2026-01-03", True),
            ("v2", "2026-01-02", False),
            ("v3", "2026-01-02", False),
        ]
        assert (
            warehouse.frame_sql("SELECT count(*) FROM studies WHERE yaml = 'name: small'").item()
            == 3
        )
        assert warehouse.frame_sql("SELECT DISTINCT study_version FROM v_units").item() == "v1"
        assert warehouse.frame_sql("SELECT DISTINCT study_version FROM v_units_all").height == 3


def test_a_migration_that_fails_changes_nothing(path):
    Warehouse.open(path).close()
    bad = Migration(
        len(migrations()) + 1, "bad", "CREATE TABLE colours (name VARCHAR); DROP TABLE nowhere;"
    )
    connection = duckdb.connect(str(path))
    with pytest.raises(duckdb.CatalogException):
        prepare(connection, path, (*migrations(), bad))
    assert connection.execute("SELECT max(number) FROM schema_version").fetchone() == (
        bad.number - 1,
    )
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    assert ("colours",) not in tables


@on_both
@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_warehouse_is_refused(empty, read_only):
    connection = storage_of(empty).connection()
    connection.execute("INSERT INTO schema_version VALUES (99, 'later', 'x', now()::TIMESTAMP)")
    connection.close()
    with pytest.raises(Mistake, match="newer or a different version"):
        Warehouse.open(empty, read_only=read_only)


@on_both
def test_an_older_warehouse_is_not_read_until_it_is_upgraded(empty, monkeypatch):
    later = Migration(len(migrations()) + 1, "colours", "CREATE TABLE colours (name VARCHAR);")
    known = (*migrations(), later)
    monkeypatch.setattr(schema, "migrations", lambda: known)
    with pytest.raises(Mistake, match="older schema"):
        Warehouse.open(empty, read_only=True)
    Warehouse.open(empty).close()
    Warehouse.open(empty, read_only=True).close()


def test_a_duckdb_file_of_others_is_refused_and_left_alone(path):
    connection = duckdb.connect(str(path))
    connection.execute("CREATE TABLE mine AS SELECT 1 AS a")
    connection.close()
    with pytest.raises(Mistake, match="not a warehouse of Agora"):
        Warehouse.open(path)
    connection = duckdb.connect(str(path))
    assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("mine",)]


@on_both
def test_views_are_made_again_when_their_definition_changes(empty, monkeypatch):
    changed = "CREATE VIEW v_messages AS SELECT 42 AS answer;"
    monkeypatch.setattr(schema, "views_sql", lambda: changed)
    with Warehouse.open(empty) as warehouse:
        assert warehouse.frame_sql("FROM v_messages").item() == 42
    monkeypatch.undo()
    with Warehouse.open(empty) as warehouse:
        assert "episode_key" in warehouse.frame_sql("FROM v_messages").columns


@on_both
def test_columns_are_described_inside_the_database(warehouse):
    described = warehouse.frame_sql(
        "SELECT count(*) AS n FROM duckdb_columns() WHERE comment IS NOT NULL AND NOT internal"
    )
    assert described.item() == sum(len(row.model_fields) for row in ROWS)


def test_migrations_are_numbered_without_gaps(tmp_path: Path):
    (tmp_path / "0001_a.sql").write_text("")
    (tmp_path / "0003_b.sql").write_text("")
    with pytest.raises(ValueError, match="not numbered"):
        migrations(tmp_path)
    (tmp_path / "two.sql").write_text("")
    with pytest.raises(ValueError, match="expected a name"):
        migrations(tmp_path)


def _made_before(path: Path, name: str) -> duckdb.DuckDBPyConnection:
    """A warehouse as it was before a migration."""
    connection = duckdb.connect(str(path))
    names = [migration.name for migration in migrations()]
    connection.execute(
        "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
        "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
    )
    for migration in migrations()[: names.index(name)]:
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO schema_version VALUES ($1, $2, 'x', now()::TIMESTAMP)",
            [migration.number, migration.name],
        )
    return connection


def test_numbers_of_runs_open_as_numbers_of_episodes(path):
    connection = _made_before(path, "episodes")
    connection.execute(
        "INSERT INTO metrics BY NAME SELECT 'u' AS unit_key, 'run_quality.valid' AS metric, "
        "'{}' AS options, unnest(['run', 'condition']) AS scope, 'a' AS condition, '' AS subject, "
        "1.0 AS value, 1 AS n_units, 0 AS n_excluded, 'x' AS method"
    )
    connection.execute(
        "INSERT INTO studies BY NAME SELECT 'v' AS study_version, 's' AS name, "
        """'{"metrics": ["run_quality"], "run": {}}' AS spec, '' AS yaml, '' AS path, """
        "'' AS code_version, now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS last_run_at"
    )
    prepare(connection, path)
    found = connection.execute("SELECT metric, scope FROM metrics ORDER BY scope").fetchall()
    assert found == [("episode_quality.valid", "condition"), ("episode_quality.valid", "episode")]
    (spec,) = connection.execute("SELECT spec FROM studies").fetchone() or ("",)
    assert json.loads(spec) == {"metrics": ["episode_quality"], "run": {}}


def test_codebooks_with_units_open_as_codebooks_with_levels(path):
    connection = _made_before(path, "levels")
    book = '{"name": "b", "unit": "pair", "flags": {"greets": {"definition": "Greets."}}}'
    connection.execute(
        "INSERT INTO codebooks BY NAME SELECT 'd' AS codebook_digest, 'b' AS name, "
        f"'{book}' AS spec"
    )
    connection.execute(
        "INSERT INTO studies BY NAME SELECT 'v' AS study_version, 's' AS name, "
        f"""'{{"coding": {{"codebook": {book}}}}}' AS spec, '' AS yaml, '' AS path, """
        "'' AS code_version, now()::TIMESTAMP AS created_at, now()::TIMESTAMP AS last_run_at"
    )
    connection.execute(
        "INSERT INTO metrics BY NAME SELECT 'u' AS unit_key, 'rates' AS metric, '{}' AS options, "
        "'condition' AS scope, 'a' AS condition, '' AS subject, 1.0 AS value, 7 AS n_units, "
        "0 AS n_excluded, 'x' AS method"
    )
    prepare(connection, path)
    assert connection.execute("SELECT n_measured FROM metrics").fetchall() == [(7,)]
    (spec,) = connection.execute("SELECT spec FROM codebooks").fetchone() or ("",)
    assert Codebook.model_validate_json(spec).level == "pair"
    (spec,) = connection.execute("SELECT spec FROM studies").fetchone() or ("",)
    assert Codebook.model_validate(json.loads(spec)["coding"]["codebook"]).level == "pair"


def test_a_warehouse_without_actions_opens_with_what_its_events_said(path, make):
    connection = _made_before(path, "actions")
    run, market, old = make.key("run"), make.key("market"), make.key("import")
    for key, source, environment, status in (
        (run, "run", "discussion", "incomplete"),
        (market, "run", "market", "truncated"),
        (old, "import", "discussion", "incomplete"),
    ):
        reason = {"truncated": "limit"}.get(status, "rules")
        connection.execute(
            "INSERT INTO episodes BY NAME SELECT $1 AS episode_key, $1 AS unit_key, "
            "$2 AS source, $3 AS environment, 'x' AS label, '{}' AS params, $4 AS status, "
            "$5 AS end_reason, 1 AS completed_rounds",
            [key, source, environment, status, reason],
        )
        for seat in ("s1", "s2"):
            connection.execute(
                "INSERT INTO seats BY NAME SELECT $1 AS episode_key, $1 AS unit_key, $2 AS seat, "
                "1 AS position, 'customer' AS role, 'A' AS name, 'm' AS model, 'm' AS model_id",
                [key, seat],
            )
    event = (
        "INSERT INTO events BY NAME SELECT $1 AS episode_key, $1 AS unit_key, $2 AS seq, "
        "0 AS round, $3 AS turn, '' AS phase, $4 AS kind, $5 AS actor, $6 AS text, '{}' AS data, "
        "$7::VARCHAR[] AS visible_to, $8 AS valid, $9 AS attempts, $10 AS fallback, "
        "NULL::VARCHAR AS call_key"
    )
    for values in (
        [run, 0, 0, "say", "s1", " Hello. ", None, True, 1, False],
        [run, 1, 1, "ask", "s2", None, [], False, 3, True],
        [run, 2, 2, "state", "env", "Rain.", ["s1"], True, 0, False],
        [market, 0, 0, "say", "s1", "To you.", ["s1", "s2"], True, 1, False],
        [market, 1, 0, "say", "s1", "You too.", ["s2", "s1"], True, 1, False],
        [old, 0, 0, "ask", "s1", "", None, False, 1, False],
        [old, 1, 1, "chance", "s2", "Error 500", ["s2"], False, 0, False],
    ):
        connection.execute(event, values)
    prepare(connection, path)
    connection.close()
    with Warehouse.open(path) as warehouse:
        actions = warehouse.frame_sql(
            "SELECT episode_key, turn, seat, ask, valid, attempts, fallback, absent, answer "
            "FROM actions ORDER BY ALL"
        ).rows()
        assert sorted(actions) == sorted(
            [
                (run, 0, "s1", "turn", True, 1, False, False, '{"text":"Hello."}'),
                (run, 1, "s2", "turn", False, 3, True, False, None),
                (market, 0, "s1", "customer", True, 1, False, False, '{"text":"To you."}'),
                (old, 0, "s1", "turn", False, 1, False, True, None),
                (old, 1, "s2", "turn", False, 1, False, True, None),
            ]
        )
        seen = warehouse.frame_sql("SELECT episode_key, seq, audience FROM events").rows()
        assert set(seen) == {
            (run, 0, "everyone"),
            (run, 2, "s1"),
            (market, 0, "s1+s2"),
            (market, 1, "s1+s2"),
            (old, 0, "everyone"),
            (old, 1, "s2"),
        }
        audiences = warehouse.frame_sql("SELECT audience, from_seq, seats FROM audiences").rows()
        assert audiences == [("s1+s2", 0, ["s1", "s2"])]
        status = warehouse.frame_sql("SELECT episode_key, status FROM episodes").rows()
        assert dict(status) == {run: "terminated", market: "terminated", old: "incomplete"}


def test_calls_of_an_older_warehouse_say_that_they_were_made_for_a_probe():
    connection = duckdb.connect()
    known = migrations()
    (probes,) = (one for one in known if one.name == "probes")
    for one in known[: probes.number - 1]:
        connection.execute(one.sql)
    for table in ("calls", "responses"):
        columns = connection.execute(f"SELECT column_name FROM (DESCRIBE {table})").fetchall()
        for (column,) in columns:
            connection.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" DROP NOT NULL')
    connection.execute(
        "INSERT INTO calls (call_key, unit_key, ordinal, purpose) VALUES ('talk', 'u', 0, 'agent'),"
        " ('bad answer', 'u', 1, 'agent'), ('answer', 'u', 1, 'agent'), ('other', 'v', 1, 'agent');"
        "INSERT INTO responses (unit_key, call_key) VALUES ('u', 'answer'), ('u', NULL)"
    )
    connection.execute(probes.sql)
    found = connection.execute("SELECT call_key, purpose FROM calls ORDER BY unit_key, ordinal, 1")
    assert found.fetchall() == [
        ("talk", "agent"),
        ("answer", "probe"),
        ("bad answer", "probe"),
        ("other", "agent"),
    ]


def test_personas_of_an_older_warehouse_keep_their_biographies():
    connection = duckdb.connect()
    known = migrations()
    (populations,) = (one for one in known if one.name == "populations")
    for one in known[: populations.number - 1]:
        connection.execute(one.sql)
    connection.execute(
        "INSERT INTO populations VALUES ('p', 'u0', 'independent', 1, '{}');"
        "INSERT INTO personas VALUES ('a', 'u1', 'p', 1, 'Ann', 'Sails.', 'c'), "
        "('b', 'u2', 'p', 2, 'Ben', '', NULL)"
    )
    connection.execute(populations.sql)
    assert connection.execute("SELECT size, figures FROM populations").fetchall() == [(2, "{}")]
    assert connection.execute("FROM persona_texts").fetchall() == [
        ("u1", "a", "biography", "Sails.", "c")
    ]
    found = connection.execute("SELECT persona_key, profile_key, name FROM personas ORDER BY ALL")
    assert found.fetchall() == [("a", "a", "Ann"), ("b", "b", "Ben")]
