"""Archives: the same rows in any program, nothing lost on the way back, nothing taken on trust."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from schemas.archive import MANIFEST
from schemas.errors import Mistake
from schemas.source import Source
from schemas.tables import ROWS
from warehouse.archives.contents import Stored
from warehouse.archives.writing import tables_of_versions
from warehouse.owner import owning
from warehouse.query import query
from warehouse.remote import RemoteWarehouse
from warehouse.sources import record_source
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Lab

#: What a plain DuckDB is asked, in a process that knows nothing of Agora.
PLAIN = """
import duckdb, json
study = duckdb.connect()
study.execute(open("load.sql").read())
asked = json.loads(input())
print(json.dumps([study.sql(one).fetchall() for one in asked], default=str))
"""
Export = Callable[..., Path]


@pytest.fixture(scope="session")
def first_archive(first_lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a lab that nobody has changed."""
    from flows.archives.export import export_archive

    folder = tmp_path_factory.mktemp("first") / "archive"
    export_archive("mine", folder, first_lab.path)
    return folder


@pytest.fixture
def export(lab: Lab, first_lab: Lab, first_archive: Path, tmp_path: Path) -> Export:
    """Writes the archive of a version; gives its folder. That of an unchanged lab is a copy."""
    from flows.archives.export import export_archive

    def exported(study: str = "mine", warehouse: Path = lab.path, name: str = "archive") -> Path:
        folder = tmp_path / name
        first = (study, warehouse) == ("mine", lab.path) and not folder.exists()
        if first and filecmp.cmp(lab.path, first_lab.path, shallow=False):
            return Path(shutil.copytree(first_archive, folder))
        export_archive(study, folder, warehouse)
        return folder

    return exported


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def imported(folder: Path, warehouse: Path) -> Stored:
    from flows.resources import open_for_import

    with open_for_import(warehouse) as writing:
        return writing.import_archive(folder)


def all_rows(path: Path) -> dict[str, pl.DataFrame]:
    with Warehouse.open(path, read_only=True) as opened:
        return {
            row.table.name: opened.frame_sql(f"FROM {row.table.name} ORDER BY ALL") for row in ROWS
        }


@pytest.fixture(scope="module")
def first_rows(first_lab: Lab) -> dict[str, pl.DataFrame]:
    """All rows of a lab that nobody has changed."""
    return all_rows(first_lab.path)


def renewed(folder: Path, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change a table of an archive, and its manifest so that the digests fit."""
    import pyarrow.parquet as pq

    file = folder / f"{table}.parquet"
    schema = pq.read_schema(file)
    rows = change(pl.read_parquet(file))
    pq.write_table(rows.to_arrow().cast(schema), file, store_schema=False)
    manifest = json.loads((folder / MANIFEST).read_text())
    for note in manifest["tables"]:
        if note["table"] == table:
            note["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
            note["rows"] = rows.height
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_export_import_export_gives_the_same_bytes(export: Export, tmp_path: Path) -> None:
    first, there = export(), tmp_path / "there.duckdb"
    assert imported(first, there) == Stored(new=4, held=0)
    second = export(warehouse=there, name="second")
    assert files(second) == files(first)
    rows = all_rows(there)
    assert imported(first, there) == Stored(new=0, held=4)
    again = all_rows(there)
    assert all(rows[name].equals(again[name]) for name in rows)


def test_who_has_the_warehouse_open_stores_an_archive_for_others(
    export: Export, tmp_path: Path
) -> None:
    folder, there = export(), tmp_path / "there.duckdb"
    with owning(there) as owner, RemoteWarehouse(there) as asking:
        assert asking.import_archive(folder) == Stored(new=4, held=0)
        assert owner.answer("SELECT count(*) FROM units").rows == [(4,)]
        flip(folder / "events.parquet")
        with pytest.raises(Mistake, match="nothing was imported"):
            asking.import_archive(folder)
    assert (tmp_path / "there.duckdb").exists()


def test_what_was_declared_of_a_unit_is_in_the_manifest_and_goes_over(
    export: Export, lab: Lab, tmp_path: Path
) -> None:
    keys = [lab.make.key(name) for name in ("a", "b", "c")]
    with Warehouse.open(lab.path) as opened:
        record_source(opened, Source(source="Doe 2020", licence="MIT"), keys)
        record_source(opened, Source(licence="CC0-1.0", citation="Doe (2020)."), keys[1:])
    folder, there = export(), tmp_path / "there.duckdb"
    sources = json.loads((folder / MANIFEST).read_text())["sources"]
    assert [(one["what"], *(one[name] for name in Source.model_fields)) for one in sources] == [
        ("imported archive mine (1 unit)", "Doe 2020", "MIT", ""),
        ("imported archive mine (2 units)", "Doe 2020", "CC0-1.0", "Doe (2020)."),
    ]
    page = (folder / "README.md").read_text()
    assert "(1 unit): Doe 2020 (MIT)" in page
    assert "(2 units): Doe 2020 (CC0-1.0). Cite: Doe (2020)." in page
    imported(folder, there)
    assert all_rows(there)["sources"].equals(all_rows(lab.path)["sources"])


def test_answers_as_of_a_version_are_the_same_where_it_was_imported(
    export: Export, lab: Lab, tmp_path: Path
) -> None:
    there = tmp_path / "there.duckdb"
    imported(export(), there)
    version = lab.make.key("mine")
    for sql in ("FROM v_messages", "FROM v_units", "FROM v_costs", "FROM v_tries", "FROM runs"):
        assert query(there, sql, version=version) == query(lab.path, sql, version=version)


def test_every_table_is_in_the_manifest_or_said_to_be_left_out(export: Export) -> None:
    manifest = json.loads((export() / MANIFEST).read_text())
    named = {note["table"] for note in manifest["tables"]} | set(manifest["left_out"])
    assert named == {row.table.name for row in ROWS}
    for row, note in zip(tables_of_versions(), manifest["tables"], strict=True):
        assert [one["name"] for one in note["columns"]] == list(row.model_fields)
        assert all(one["about"] for one in note["columns"])


def test_a_plain_duckdb_reads_it(export: Export, lab: Lab) -> None:
    asked = [
        "SELECT study, units, done_units FROM v_quality_all",
        "SELECT data->>'$.x', text FROM events ORDER BY episode_key, seq",
        "SELECT sum(cost_usd) FROM calls",
        "SELECT messages FROM v_calls WHERE call_key = (SELECT min(call_key) FROM calls)",
    ]
    found = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN],
        cwd=export(),
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [query(lab.path, sql, version=lab.make.key("mine")).rows for sql in asked]
    assert json.loads(found.stdout) == json.loads(json.dumps(expected, default=str))


def test_its_page_names_the_files_and_the_commands_that_work(export: Export, lab: Lab) -> None:
    folder = export()
    page = (folder / "README.md").read_text()
    assert set(re.findall(r"`([\w.]+\.(?:parquet|sql|json|yaml))`", page)) == {
        name for name in files(folder) if name != "README.md"
    }
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    found = subprocess.run(
        [sys.executable, "-I", "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "mine" in found.stdout


def test_a_folder_that_holds_anything_is_not_written_over(
    export: Export, lab: Lab, tmp_path: Path
) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "note.txt").write_text("mine")
    with pytest.raises(Mistake, match="never written over"):
        export()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Mistake, match="never written over"):
        export(name="link")
    assert sorted(one.name for one in tmp_path.iterdir() if one.suffix == ".partial") == []
    assert files(tmp_path / "archive") == {"note.txt": b"mine"}
    assert not any((tmp_path / "empty").iterdir())
    assert len(files(export(name="empty"))) > 10


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def gone(file: Path) -> None:
    file.unlink()


def linked(file: Path) -> None:
    """The same content, behind a link that leads out of the folder."""
    file.rename(file.parent.parent / file.name)
    file.symlink_to(file.parent.parent / file.name)


def a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("harm", [flip, cut, gone, linked, a_pipe])
@pytest.mark.parametrize("name", ["events.parquet", "study.yaml", MANIFEST])
def test_a_file_that_was_changed_is_one_message_and_nothing_is_written(
    export: Export, tmp_path: Path, harm: Callable[[Path], None], name: str
) -> None:
    folder, there = export(), tmp_path / "there.duckdb"
    if name == MANIFEST and harm is flip:
        text = (folder / name).read_text().replace('"study_version"', '"study_versions"', 1)
        (folder / name).write_text(text)
    elif name == MANIFEST and harm is cut:
        (folder / name).write_bytes((folder / name).read_bytes()[:-20])
    else:
        harm(folder / name)
    with pytest.raises(Mistake, match="nothing was imported") as refused:
        imported(folder, there)
    assert str(folder / name) in refused.value.message()
    assert not there.exists()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("files",), {"../../outside": "0" * 64}),
        (("files",), {"/etc/passwd": "0" * 64}),
        (("tables", 0, "table"), "../studies"),
        (("tables", 0, "table"), "uncommitted_calls"),
        (("tables", 0, "file"), "/etc/passwd"),
        (("format",), "agora-archive/2"),
    ],
)
def test_a_manifest_cannot_name_a_path(
    export: Export, tmp_path: Path, place: tuple[Any, ...], value: Any
) -> None:
    folder = export()
    manifest = json.loads((folder / MANIFEST).read_text())
    within = manifest
    for step in place[:-1]:
        within = within[step]
    within[place[-1]] = value
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Mistake, match="nothing was imported"):
        imported(folder, tmp_path / "there.duckdb")
    assert not (tmp_path / "there.duckdb").exists()


ZEROS = "0" * 32
FORGED: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "another digest": ("prompt_messages", lambda rows: rows.with_columns(text=pl.lit("Obey."))),
    "one of": ("units", lambda rows: rows.with_columns(status=pl.lit("perfect"))),
    "no row of episodes": (
        "seats",
        lambda rows: rows.with_columns(
            episode_key=pl.when(pl.int_range(pl.len()) > 0)
            .then("episode_key")
            .otherwise(pl.lit(ZEROS))
        ),
    ),
    "does not list": ("events", lambda rows: rows.with_columns(unit_key=pl.lit(ZEROS))),
    "another row": ("seats", lambda rows: pl.concat([rows, rows])),
    "of another version": (
        "study_units",
        lambda rows: rows.with_columns(study_version=pl.lit(ZEROS)),
    ),
    "no row of prompt_messages": ("prompt_messages", lambda rows: rows.head(1)),
    "JSON object": ("events", lambda rows: rows.with_columns(data=pl.lit("[1]"))),
    "finite": ("outcomes", lambda rows: rows.with_columns(value=pl.lit(float("nan")))),
}


@pytest.mark.parametrize("reason", FORGED)
def test_rows_are_held_against_their_models_and_rules(
    export: Export, lab: Lab, first_rows: dict[str, pl.DataFrame], tmp_path: Path, reason: str
) -> None:
    folder, there = export(), tmp_path / "there.duckdb"
    table, change = FORGED[reason]
    renewed(folder, table, change)
    with pytest.raises(Mistake, match="rows of the archive were refused") as refused:
        imported(folder, there)
    assert reason in refused.value.message()
    assert not there.exists()
    with contextlib.suppress(Mistake):  # where the units are, rows of units are left out
        imported(folder, lab.path)
    after = all_rows(lab.path)
    assert all(first_rows[name].equals(after[name]) for name in first_rows)


def test_a_small_file_of_large_texts_fills_no_memory(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = export()
    long = "x" * 2**20

    def swollen(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([rows.head(1).with_columns(text=pl.lit(long))] * 200)

    renewed(folder, "prompt_messages", swollen)
    assert (folder / "prompt_messages.parquet").stat().st_size < 2**16
    monkeypatch.setattr("warehouse.archives.parquet.MOST_GROUP_BYTES", 100 * 2**20)
    with pytest.raises(Mistake, match="texts that are too large"):
        imported(folder, tmp_path / "there.duckdb")


def varint(size: int) -> bytes:
    """A number of bytes as the header of a page holds it."""
    number, found = 2 * size, bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def test_pages_that_are_said_to_be_large_fill_no_memory(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = export()
    file = folder / "prompt_messages.parquet"
    rows, size = pq.read_table(file).slice(0, 1), 2**20
    text = pa.array(["x" * (size - 4)])
    forged = rows.set_column(rows.schema.get_field_index("text"), rows.schema.field("text"), text)
    pq.write_table(
        forged, file, compression="zstd", use_dictionary=False, write_statistics=False,
        data_page_size=2**30, store_schema=False,
    )  # fmt: skip
    content = file.read_bytes()
    assert len(content) < 2**16
    honest, lie = varint(size), varint(2**27 - 1)
    assert len(honest) == len(lie)
    assert honest in content
    file.write_bytes(content.replace(honest, lie))
    manifest = json.loads((folder / MANIFEST).read_text())
    note = next(one for one in manifest["tables"] if one["table"] == "prompt_messages")
    note |= {"sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "rows": 1}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    monkeypatch.setattr("warehouse.archives.parquet.DECODING_MB", 64)
    with pytest.raises(Mistake, match="damaged") as refused:
        imported(folder, tmp_path / "there.duckdb")
    assert "Out of Memory" in refused.value.message()


def test_a_parquet_file_of_other_columns_is_refused(export: Export, tmp_path: Path) -> None:
    folder = export()
    shutil.copy(folder / "seats.parquet", folder / "events.parquet")
    manifest = json.loads((folder / MANIFEST).read_text())
    notes = {note["table"]: note for note in manifest["tables"]}
    notes["events"]["sha256"] = notes["seats"]["sha256"]
    notes["events"]["rows"] = notes["seats"]["rows"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(Mistake, match="damaged"):
        imported(folder, tmp_path / "there.duckdb")


def test_what_failed_here_is_done_by_an_archive_and_its_calls_stay(
    lab: Lab, export: Export, tmp_path: Path, template: Path
) -> None:
    here = shutil.copy(lab.path, tmp_path / "here.duckdb")
    lab.run("mine too", ["a", "late"], failing=("late",))
    shutil.copy(lab.path, here)
    lab.run("mine too", ["a", "late"])
    folder = export("mine too")
    assert imported(folder, here) == Stored(new=1, held=1)
    calls = "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM earlier_calls)"
    assert query(here, calls).rows == query(lab.path, calls).rows
    assert query(here, "SELECT DISTINCT status FROM units").rows == [("done",)]
    assert files(export("mine too", here, "again")) == files(folder)


def test_a_version_that_is_half_done_goes_over_and_is_said_to_be(
    lab: Lab, export: Export, tmp_path: Path
) -> None:
    lab.run("half", ["p", "q"], failing=("q",))
    folder = export("half")
    manifest = json.loads((folder / MANIFEST).read_text())
    assert (manifest["units"], manifest["units_done"]) == (2, 1)
    there = tmp_path / "there.duckdb"
    imported(folder, there)
    assert files(export("half", there, "again")) == files(folder)


def test_what_is_not_on_record_is_not_exported(export: Export, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no study has this name"):
        export("nothing")
    assert not (tmp_path / "archive").exists()
