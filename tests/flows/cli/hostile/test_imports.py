"""Damaged files of every kind: each is refused by one message, and nothing of it is kept."""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.imports import import_data
from flows.requests import ImportRequest
from schemas.errors import AgoraError
from schemas.tables import TABLES
from schemas.unit import Read, Result
from tasks.coding.label_studio import read_label_studio
from tasks.coding.sheet import read_coding_sheet
from tasks.importers.marketplace import marketplace_rows, read_marketplace
from tasks.importers.warroom import read_transcripts
from tasks.importers.warroom_codes import Known, coded_messages, codes_of, shipped_codebook
from warehouse.query import query
from warehouse.store import Warehouse

from ...conftest import Agora
from .conftest import Refused, printable
from .damaged_json import EXPORTS, NO_JSON, SOUND, TRANSCRIPTS, WRONG_IN_EXPORTS, with_values
from .damaged_markets import MARKETS
from .damaged_tables import CODES, SHEETS
from .samples import (
    CODEBOOK,
    CUSTOMER,
    codes_csv,
    hand_out,
    transcript,
    write_market,
    write_transcripts,
)

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_damaged_transcript_keeps_the_sound_ones_out(
    name: str, refused: Refused, tmp_path: Path
) -> None:
    folder = write_transcripts(tmp_path)
    (folder / "A" / "warroom-A-run03.json").write_bytes(TRANSCRIPTS[name])
    message = refused("import", "transcripts", "transcripts", "--format", "warroom")
    assert "A-run03.json" in message


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere", "--format", "warroom"),
        ("agora.txt", "--format", "warroom"),
        ("empty", "--format", "warroom"),
        ("transcripts",),
        ("transcripts", "--format", "sheet"),
        ("transcripts", "--format", "warrom"),
        ("transcripts", "--format", "warroom", "--collection", ""),
        ("transcripts", "--format", "warroom", "--collection", "a\x1b[2J"),
        ("transcripts", "--format", "warroom", "--collection", "a\nb"),
        ("transcripts", "--format", "warroom", "--collection", "\u202ea"),
        ("transcripts", "--format", "warroom", "--collection", "a" * 20_000),
    ],
)
def test_folders_and_options_that_are_none(
    words: tuple[str, ...], refused: Refused, tmp_path: Path
) -> None:
    write_transcripts(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "agora.txt").write_text("no transcripts")
    refused("import", "transcripts", *words)


def test_a_run_that_stands_in_two_files_is_refused(refused: Refused, tmp_path: Path) -> None:
    folder = write_transcripts(tmp_path)
    (folder / "B").mkdir()
    shutil.copy(folder / "A" / "warroom-A-run01.json", folder / "B" / "A-run01.json")
    assert "twice" in refused("import", "transcripts", "transcripts", "--format", "warroom")


def test_only_regular_files_are_transcripts(refused: Refused, tmp_path: Path) -> None:
    folder = write_transcripts(tmp_path)
    os.mkfifo(folder / "A" / "pipe.json")
    assert "a pipe" in refused("import", "transcripts", "transcripts", "--format", "warroom")


# -- codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CODES)
def test_damaged_codes_are_refused(
    name: str, refused: Refused, handed_out: HandedOut, tmp_path: Path
) -> None:
    (tmp_path / "codes.csv").write_bytes(CODES[name])
    assert "codes.csv" in refused("import", "codes", "codes.csv", "--format", "warroom")


@pytest.mark.parametrize(
    "path", ["nowhere.csv", ".", "/dev/zero", "/dev/null", "pipe"], ids=lambda path: path
)
@pytest.mark.parametrize("form", ["warroom", "sheet", "label_studio"])
def test_codes_come_from_regular_files(
    path: str, form: str, refused: Refused, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused("import", "codes", path, "--format", form)


# -- coding sheets ----------------------------------------------------------------------------


@dataclass(frozen=True)
class HandedOut:
    """A warehouse with a sample, the sheet filled in, and an export of it."""

    sheet: str
    tasks: list[dict[str, Any]]

    def edited(self, change: Callable[[list[dict[str, Any]]], Any]) -> str:
        tasks = copy.deepcopy(self.tasks)
        change(tasks)
        return json.dumps(tasks)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, HandedOut]:
    path, sheet, tasks = hand_out(tmp_path_factory.mktemp("handed_out"))
    return path, HandedOut(sheet, tasks)


@pytest.fixture
def handed_out(made: tuple[Path, HandedOut], tmp_path: Path) -> HandedOut:
    """The sample, in a warehouse of the test's own."""
    shutil.copy(made[0], tmp_path / "agora.duckdb")
    return made[1]


@pytest.mark.parametrize("name", SHEETS)
def test_damaged_sheets_are_refused(
    name: str, refused: Refused, handed_out: HandedOut, tmp_path: Path
) -> None:
    content = SHEETS[name](handed_out.sheet)
    if isinstance(content, str):
        content = content.encode()
    assert content != handed_out.sheet.encode()
    (tmp_path / "sheet.csv").write_bytes(content)
    assert "sheet.csv" in refused("import", "codes", "sheet.csv", "--format", "sheet")


#: A part of each export, which has the form of those that are handed out.
_FORM = [
    {
        "data": {"sample": "", "codebook": "", "item": "1"},
        "annotations": [
            {"completed_by": 1, "result": [{"from_name": "", "type": "", "value": {}}]}
        ],
    }
]
WRONG_VALUES = [name for name, _ in with_values(_FORM, WRONG_IN_EXPORTS)]


@pytest.mark.parametrize("name", [*EXPORTS, *WRONG_VALUES, *NO_JSON])
def test_damaged_exports_are_refused(
    name: str, refused: Refused, handed_out: HandedOut, tmp_path: Path
) -> None:
    if name in EXPORTS:
        content = handed_out.edited(EXPORTS[name]).encode()
    elif name in WRONG_VALUES:
        wrong = dict(with_values(handed_out.tasks, WRONG_IN_EXPORTS))
        content = json.dumps(wrong[name]).encode()
    else:
        content = NO_JSON[name]
    (tmp_path / "export.json").write_bytes(content)
    assert "export.json" in refused("import", "codes", "export.json", "--format", "label_studio")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"id": 1', '"id": NaN'),
        ('"completed_by": 1', '"completed_by": 1e999'),
        ('"annotations"', '"id": 7, "annotations"'),
        ('"choices": ["present"]', '"choices": ["present"], "choices": ["absent"]'),
        ('"present"', '"\\ud800"'),
    ],
)
def test_what_python_would_put_up_with_in_an_export(
    old: str, new: str, refused: Refused, handed_out: HandedOut, tmp_path: Path
) -> None:
    text = json.dumps(handed_out.tasks)
    assert old in text
    (tmp_path / "export.json").write_text(text.replace(old, new, 1))
    refused("import", "codes", "export.json", "--format", "label_studio")


# -- markets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MARKETS)
def test_damaged_markets_are_refused(name: str, refused: Refused, tmp_path: Path) -> None:
    file, content = MARKETS[name]
    root = write_market(tmp_path)
    assert not (root / file).exists() or (root / file).read_bytes() != content
    (root / file).write_bytes(content)
    assert "town/" in refused("import", "marketplace", "town")


@pytest.mark.parametrize(
    "words",
    [
        ("nowhere",),
        ("town/customers",),
        ("town/customers/one.yaml",),
        ("/dev/zero",),
        ("town", "--collection", ""),
        ("town", "--collection", "a\x1b[2J"),
        ("town", "--collection", "a\nb"),
        ("town", "--format", "warroom"),
        ("town", "--codebook", "book.yaml"),
    ],
)
def test_folders_and_options_of_markets(
    words: tuple[str, ...], refused: Refused, tmp_path: Path
) -> None:
    write_market(tmp_path)
    refused("import", "marketplace", *words)


def test_every_kind_of_file_is_damaged_in_a_hundred_ways() -> None:
    exports = [*EXPORTS, *WRONG_VALUES, *NO_JSON]
    for cases in (TRANSCRIPTS, CODES, SHEETS, exports, MARKETS):
        assert len(cases) >= 100, list(cases)[:3]


# -- generated --------------------------------------------------------------------------------

_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["Agent-A", "user", "system", "\x1b[2J", "\0", "1", "present"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_FAST = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _changed_at(data: Any, places: st.DataObject) -> Any:
    """Data with any value in the place of one of its own."""
    data = copy.deepcopy(data)
    inner: Any = data
    while True:
        names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        name = places.draw(st.sampled_from(names))
        deeper = isinstance(inner[name], dict | list) and bool(inner[name])
        if not deeper or places.draw(st.booleans()):
            inner[name] = places.draw(_DATA)
            return data
        inner = inner[name]


def _damaged(text: str, places: st.DataObject) -> bytes:
    """A text of which a part was cut out and another put in."""
    start = places.draw(st.integers(0, len(text)))
    length = places.draw(st.integers(0, 30))
    put = places.draw(
        st.text(max_size=4) | st.sampled_from([*"[]{},:\"'\\\r\n\t|;=", "NaN", "\\u0000", "1e999"])
    )
    return (text[:start] + put + text[start + length :]).encode("utf-8", "surrogatepass")


def _told(mistake: AgoraError, place: str) -> None:
    assert place in mistake.message()
    assert printable(mistake.message())


def _read_or_refused(read: Callable[[], list[Result]], place: str) -> None:
    try:
        results = read()
    except AgoraError as mistake:
        _told(mistake, place)
        return
    for result in results:
        for table, rows in result.rows.items():
            for row in rows:
                TABLES[table].model_validate(row)


@_FAST
@given(places=st.data(), whole=st.booleans())
def test_any_transcript_is_read_or_refused(
    places: st.DataObject, whole: bool, tmp_path: Path
) -> None:
    file = tmp_path / "A-run01.json"
    if whole:
        file.write_text(json.dumps(_changed_at(transcript(), places)))
    else:
        file.write_bytes(_damaged(SOUND, places))
    _read_or_refused(lambda: read_transcripts(tmp_path), file.name)


@_FAST
@given(places=st.data())
def test_any_file_of_codes_is_read_or_refused(places: st.DataObject, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes(_damaged(codes_csv(), places))
    nothing = {"episode_key": pl.String, "series": pl.String, "label": pl.String}
    known = Known(
        pl.DataFrame(schema={**nothing, "status": pl.String, "recorded_at": pl.Datetime}),
        pl.DataFrame(schema={**nothing, "seat": pl.String, "name": pl.String}),
        pl.DataFrame(schema={**nothing, "seq": pl.Int64, "round": pl.Int64, "actor": pl.String}),
    )
    book = shipped_codebook()

    def read() -> list[Result]:
        return codes_of(file, coded_messages(file, book), known, book).results

    _read_or_refused(read, file.name)


@pytest.fixture(scope="module")
def sample(made: tuple[Path, HandedOut]) -> pl.DataFrame:
    with Warehouse.open(made[0]) as warehouse:
        key = made[1].tasks[0]["data"]["sample"]
        return warehouse.frame(Read("samples", "sample_key", (key,))).sort("position")


@_FAST
@given(places=st.data(), form=st.sampled_from(["sheet", "export", "text of an export"]))
def test_any_codes_of_people_are_read_or_refused(
    places: st.DataObject,
    form: str,
    sample: pl.DataFrame,
    made: tuple[Path, HandedOut],
    tmp_path: Path,
) -> None:
    file = tmp_path / "codes.txt"
    if form == "export":
        file.write_text(json.dumps(_changed_at(made[1].tasks, places)))
    else:
        sound = made[1].sheet if form == "sheet" else json.dumps(made[1].tasks)
        file.write_bytes(_damaged(sound, places))
    read = read_coding_sheet if form == "sheet" else read_label_studio
    _read_or_refused(lambda: read(file, sample, CODEBOOK), file.name)


@_FAST
@given(places=st.data())
def test_any_market_is_read_or_refused(places: st.DataObject, tmp_path: Path) -> None:
    root = tmp_path / "town"
    if not root.exists():
        write_market(tmp_path)
    (root / "customers" / "one.yaml").write_bytes(_damaged(CUSTOMER, places))
    _read_or_refused(lambda: [marketplace_rows(read_marketplace(root))], "town")


# -- all or nothing ---------------------------------------------------------------------------


@pytest.fixture
def sound(tmp_path: Path) -> ImportRequest:
    return ImportRequest(
        kind="transcripts",
        path=write_transcripts(tmp_path, tuple(f"A-run{n:02}" for n in range(8))),
        warehouse=tmp_path / "agora.duckdb",
        format="warroom",
    )


def test_what_the_commit_refuses_keeps_everything_out(
    sound: ImportRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of eight sound runs one gets a row that the warehouse refuses."""
    from tasks.importers import warroom

    read = warroom.read_transcripts

    def damaged(*words: Any) -> Any:
        results = read(*words)
        results[3].rows["seats"].append(dict(results[3].rows["seats"][0]))
        return results

    with monkeypatch.context() as patched:
        patched.setattr(warroom, "read_transcripts", damaged)
        with pytest.raises(AgoraError, match="nothing was imported"):
            import_data(sound)
    assert not sound.warehouse.exists()
    assert import_data(sound).new == 8
    with monkeypatch.context() as patched:
        patched.setattr(warroom, "read_transcripts", damaged)
        other = sound.model_copy(update={"collection": "other"})
        with pytest.raises(AgoraError, match="nothing was imported"):
            import_data(other)
    for table in ("units", "episodes", "events", "quarantine", "validations"):
        rows = query(sound.warehouse, f"SELECT count(*) FROM {table} WHERE true").rows
        assert rows[0][0] == (0 if table == "quarantine" else rows[0][0])
    assert query(sound.warehouse, "SELECT DISTINCT status FROM units").rows == [("done",)]
    assert query(sound.warehouse, "SELECT DISTINCT collection FROM episodes").rows == [("warroom",)]


_KILLED = """
import os, signal, sys
from flows.imports import import_data
from flows.requests import ImportRequest
from warehouse.committing import commit
write, tables = commit.insert_staged, []
def killed(*words):
    write(*words)
    tables.append(words)
    if len(tables) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
commit.insert_staged = killed
import_data(ImportRequest.model_validate_json(sys.argv[1]))
"""


def test_a_kill_in_the_middle_leaves_nothing_of_an_import(
    sound: ImportRequest,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, sound.model_dump_json()],
        cwd=ROOT,
        check=False,
        timeout=600,
    )
    assert done.returncode == -signal.SIGKILL
    for table in ("units", "episodes", "seats", "actions", "events"):
        assert query(sound.warehouse, f"SELECT count(*) FROM {table}").rows == [(0,)]
    assert import_data(sound).new == 8


def test_files_that_are_passed_over_are_named(agora: Agora, tmp_path: Path) -> None:
    folder = write_transcripts(tmp_path)
    (folder / "A" / "warroom-A-run03.jsonl").write_text("{}")
    done = agora("import", "transcripts", "transcripts", "--format", "warroom")
    assert "1 file was not read, since it is no .json: warroom-A-run03.jsonl" in done.stdout


def test_a_sound_import_of_every_kind(agora: Agora, handed_out: HandedOut, tmp_path: Path) -> None:
    """What the damaged files above were made of passes as it stands."""
    write_transcripts(tmp_path)
    write_market(tmp_path)
    (tmp_path / "codes.csv").write_text("\ufeff" + codes_csv().replace("\n", "\r\n"))
    (tmp_path / "sheet.csv").write_text("\ufeff" + handed_out.sheet.replace("\n", "\r\n"))
    (tmp_path / "export.json").write_text("\ufeff" + json.dumps(handed_out.tasks))
    for words in (
        ("transcripts", "transcripts", "--format", "warroom"),
        ("marketplace", "town"),
        ("codes", "codes.csv", "--format", "warroom"),
        ("codes", "sheet.csv", "--format", "sheet"),
        ("codes", "export.json", "--format", "label_studio"),
    ):
        done = agora("import", *words, "--licence", f"licence of {words[1]}")
        assert done.returncode == 0, done.stderr
    undeclared = "SELECT step FROM units ANTI JOIN sources USING (unit_key) WHERE step <> 'sample'"
    assert query(tmp_path / "agora.duckdb", undeclared).rows == []
    licences = "SELECT DISTINCT licence FROM sources ORDER BY ALL"
    assert len(query(tmp_path / "agora.duckdb", licences).rows) == 5
