"""What holds of a lake alone: its file, its catalogue, its folder, and several writers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from schemas.errors import AgoraError, Mistake, Mistakes
from warehouse.compacting import compact, settle
from warehouse.connection import Missing
from warehouse.lake import LakeStorage
from warehouse.lake_faults import broken
from warehouse.lake_file import lake_file
from warehouse.lake_upkeep import compact as compact_lake
from warehouse.query import query
from warehouse.reader import reader
from warehouse.storage import storage_of
from warehouse.store import Warehouse

from ..postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
FILE = """\
warehouse: ducklake
catalogue: postgres
dbname: lab
data: data
"""


@pytest.fixture
def lake(postgres: Postgres, lake_template: Path, tmp_path: Path) -> Path:
    """A lake without rows."""
    return postgres.lake(tmp_path, lake_template)


def parquet(lake: Path) -> list[Path]:
    return sorted((lake.parent / "data").rglob("*.parquet"))


# -- its file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no file here that names a lake"),
        ("name: study\n", "does not name a lake"),
        ("just words\n", "does not name a lake"),
        (FILE + "port: [", "yaml:6: the lake's file is no YAML"),
        (FILE + "data: again\n", "duplicate"),
        ("\xff", "no YAML"),
        (FILE.replace("data: data\n", ""), "data: a field is missing"),
        (FILE + "password: secret\n", "holds no password"),
        (FILE + "prot: 5432\n", "write port"),
        (FILE + "port: 70000\n", "less than or equal to 65535"),
        (FILE.replace("postgres", "sqlite"), "catalogue: Input should be 'postgres'"),
        (FILE + 'name: "x; DROP"\n', "name: String should match"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_what_to_do(
    text: str | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "lab.lake.yaml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Mistake) as caught:
        lake_file(path)
    assert told in caught.value.message()
    assert "secret" not in caught.value.message()
    with pytest.raises(Mistake, match=r"lab\.lake\.yaml"):
        Warehouse.open(path)


def test_several_wrong_fields_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lab.lake.yaml"
    path.write_text("warehouse: ducklake\nport: 0\n")
    with pytest.raises(Mistakes) as caught:
        lake_file(path)
    for field in ("catalogue", "dbname", "data", "port"):
        assert f"lab.lake.yaml: {field}: " in caught.value.message()


# -- its catalogue ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("dbname", "nowhere", 'database "nowhere" does not exist'),
        ("user", "it's \\ me", 'role "it\'s \\ me" does not exist'),
        ("host", "/tmp/no such server", "No such file or directory"),
    ],
)
def test_a_catalogue_that_cannot_be_opened_is_told_in_postgresqls_words(
    field: str, value: str, told: str, lake: Path
) -> None:
    lines = [one for one in lake.read_text().splitlines() if not one.startswith(f"{field}:")]
    lake.write_text("\n".join([*lines, f'{field}: "{value}"'.replace("\\", "\\\\")]))
    for use in (Warehouse.open, lambda path: query(path, "SELECT 1"), _refused):
        with pytest.raises(Mistake, match="the lake's catalogue cannot be opened") as caught:
            use(lake)
        assert told in caught.value.details["found"]
        assert caught.value.details["fix"]


def test_what_postgresql_refuses_is_told_without_the_rows_of_the_statement() -> None:
    asked = "Failed to execute query \"INSERT INTO t VALUES ('a row', '\": ERROR: no')"
    said = duckdb.TransactionException(
        f'Failed to commit. Exceeded the retries. {asked}": ERROR:  permission denied for table t\n'
    )
    told = broken(Path("lab.lake.yaml"), said)
    assert "may not write the lake" in told.message()
    assert told.details["found"] == "permission denied for table t"
    long = broken(Path("lab.lake.yaml"), duckdb.IOException("x" * 10_000))
    assert len(long.message()) < 1_000


def _refused(path: Path) -> None:
    storage_of(path).refuse_unusable()


def test_extensions_that_are_missing_are_named_with_the_extra_that_brings_them(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb_extension_ducklake", None)
    with pytest.raises(Mistake, match=r"agora-lab\[lake\]"):
        Warehouse.open(lake)


def test_a_lake_that_was_never_written_is_missing_and_is_not_made_by_reading(
    postgres: Postgres, tmp_path: Path
) -> None:
    path = postgres.lake(tmp_path)
    for use in (lambda: query(path, "SELECT 1"), lambda: settle(path)):
        with pytest.raises(Missing, match="no warehouse here"):
            use()
    storage_of(path).refuse_unusable()
    assert os.listdir(tmp_path) == ["lab.lake.yaml"]
    made = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'agora'"
    assert postgres.run(postgres.name_of(path), made) == "0\n"


def test_several_lakes_share_a_database(postgres: Postgres, tmp_path: Path, make) -> None:
    one = postgres.lake(tmp_path)
    other = tmp_path / "other.lake.yaml"
    other.write_text(one.read_text().replace("data: data", "data: more\nname: other"))
    with Warehouse.open(one) as first, Warehouse.open(other) as second:
        first.commit([make.result("a")], run_id="r", code_version="0")
        assert second.statuses([make.key("a")]) == {}
        assert first.statuses([make.key("a")]) == {make.key("a"): "done"}


# -- its folder -------------------------------------------------------------------------------


def test_a_new_lake_wants_an_empty_folder(postgres: Postgres, tmp_path: Path) -> None:
    path = postgres.lake(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.csv").write_text("a,b\n1,2\n")
    for use in (Warehouse.open, _refused):
        with pytest.raises(Mistake, match="holds something already"):
            use(path)


def test_a_lake_keeps_the_folder_that_it_was_made_with(lake: Path) -> None:
    lake.write_text(lake.read_text().replace("data: data", "data: elsewhere"))
    for use in (Warehouse.open, lambda path: query(path, "SELECT 1"), _refused):
        with pytest.raises(Mistake, match="made with another data folder"):
            use(lake)
    assert not (lake.parent / "elsewhere").exists()


def test_a_folder_that_is_gone_is_told(lake: Path) -> None:
    (lake.parent / "data").rmdir()
    with pytest.raises(Mistake, match="data folder cannot be written"):
        Warehouse.open(lake)
    with pytest.raises(Mistake, match="data folder cannot be read"):
        query(lake, "SELECT 1")


# -- several writers --------------------------------------------------------------------------

WRITER = """
    import sys
    from pathlib import Path
    from tests.warehouse.conftest import Make
    from warehouse.store import Warehouse
    make = Make()
    with Warehouse.open(Path(sys.argv[1])) as warehouse:
        print("open", flush=True)
        sys.stdin.readline()
        for name in "abcdef":
            warehouse.commit([make.result(name)], run_id=sys.argv[2], code_version="0")
"""


def test_processes_that_commit_the_same_units_at_once_store_each_once(lake: Path, make) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(lake), name],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=600)
        assert writer.returncode == 0
    found = query(lake, "SELECT count(*), count(DISTINCT unit_key) FROM units").rows
    assert found == [(6, 6)]
    assert query(lake, "SELECT count(*) FROM events").rows == [(12,)]
    assert query(lake, "SELECT count(*) FROM quarantine").rows == [(0,)]


def test_an_open_lake_sees_what_another_process_commits(lake: Path, make) -> None:
    with Warehouse.open(lake) as one, Warehouse.open(lake) as other, reader(lake) as reading:
        one.commit([make.result("a")], run_id="r", code_version="0")
        assert other.statuses([make.key("a")]) == {make.key("a"): "done"}
        assert reading.statuses([make.key("a")]) == {make.key("a"): "done"}


def test_a_turn_that_is_not_given_back_is_told(
    lake: Path, make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.lake.TURN_S", 0.2)
    storage = storage_of(lake)
    with Warehouse.open(lake) as warehouse:
        opened = storage.connection()
        with storage.turn(opened), pytest.raises(Mistake, match="kept its turn"):
            warehouse.commit([make.result("a")], run_id="r", code_version="0")
        opened.close()
        assert warehouse.commit([make.result("a")], run_id="r", code_version="0").done


def test_a_postgresql_that_goes_away_is_a_mistake_and_nothing_is_half_stored(
    lake: Path, make, postgres: Postgres
) -> None:
    name = postgres.name_of(lake)
    with Warehouse.open(lake) as warehouse:
        postgres.run(
            "postgres",
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            f"WHERE datname = '{name}'",
        )
        with pytest.raises(Mistake, match="the lake cannot be read or written"):
            warehouse.commit([make.result("a")], run_id="r", code_version="0")
    postgres.run("postgres", f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert query(lake, "SELECT count(*) FROM events").rows == [(0,)]
    with Warehouse.open(lake) as warehouse:
        assert warehouse.commit([make.result("a")], run_id="r", code_version="0").done


# -- looking after it -------------------------------------------------------------------------


def test_compacting_leaves_fewer_files_and_the_same_rows(lake: Path, make) -> None:
    asked = "SELECT * FROM calls ORDER BY call_key"
    with Warehouse.open(lake) as warehouse:
        for number in range(3):
            unit = make.key(number)
            calls = [make.call(unit, ordinal) for ordinal in range(120)]
            warehouse.commit([make.result(number, calls=calls)], run_id="r", code_version="0")
        before = warehouse.frame_sql(asked)
    files = len(parquet(lake))
    settle(lake)
    storage = storage_of(lake)
    assert isinstance(storage, LakeStorage)
    done = compact_lake(storage, kept_s=0)
    assert done.before_files == files
    assert done.after_files == len(parquet(lake))
    with Warehouse.open(lake) as warehouse:
        assert warehouse.frame_sql(asked).equals(before)
        of_calls = [one for one in parquet(lake) if one.parent.name == "calls"]
        assert len(of_calls) == 1
        assert warehouse.commit([make.result("more")], run_id="r", code_version="0").done


def test_a_lake_is_written_by_nobody_else_while_it_is_compacted(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.lake.TURN_S", 0.2)
    storage = storage_of(lake)
    opened = storage.connection()
    with storage.turn(opened), pytest.raises(AgoraError, match="kept its turn"):
        compact(lake)
    opened.close()
