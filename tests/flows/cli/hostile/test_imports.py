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
from tasks.importers.warroom_codes import Known, read_codes
from warehouse.query import query
from warehouse.store import Warehouse

from ..conftest import Agora
from .conftest import Refused, printable
from .samples import (
    BUSINESS,
    CODEBOOK,
    CUSTOMER,
    code_row,
    codes_csv,
    hand_out,
    line,
    transcript,
    write_market,
    write_transcripts,
)

ROOT = Path(__file__).resolve().parents[4]

# -- JSON of a transcript ---------------------------------------------------------------------

SOUND = json.dumps(transcript())

#: Texts that are no sound JSON, whatever they should hold.
NO_JSON = {
    "empty": b"",
    "blank": b" \n",
    "no json": b"hello",
    "cut short": SOUND[:-40].encode(),
    "two documents": (SOUND + SOUND).encode(),
    "trailing comma": SOUND[:-1].encode() + b",}",
    "comment": b"// run 1\n" + SOUND.encode(),
    "single quotes": SOUND.replace('"', "'").encode(),
    "byte order mark of UTF-16": SOUND.encode("utf-16"),
    "UTF-16 without a mark": SOUND.encode("utf-16-le"),
    "latin-1": SOUND.replace("stage", "sc\xe8ne").encode("latin-1"),
    "NUL": SOUND.replace("stage", "st\0ge").encode(),
    "NUL bytes after it": SOUND.encode() + b"\0" * 100,
    "random bytes": bytes(range(256)) * 10,
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "nested and closed": b"[" * 100_000 + b"]" * 100_000,
    "a list": f"[{SOUND}]".encode(),
    "a number": b"1",
    "null": b"null",
    "a text": b'"text"',
    "an empty object": b"{}",
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(100),
    "control character in a text": SOUND.replace("stage", "st\x1bage").encode(),
    "line end in a text": SOUND.replace("stage", "st\nage").encode(),
}

#: Edits of the text of a sound transcript.
EDITED = {
    "NaN": ('"temperature": 0.8', '"temperature": NaN'),
    "infinite": ('"temperature": 0.8', '"temperature": Infinity'),
    "minus infinite": ('"temperature": 0.8', '"temperature": -Infinity'),
    "too large": ('"temperature": 0.8', '"temperature": 1e999'),
    "thousands of digits": ('"maxRounds": 1', '"maxRounds": ' + "9" * 5000),
    "more than 64 bits": ('"maxRounds": 1', '"maxRounds": 99999999999999999999'),
    "lone high surrogate": ("Then food", "\\ud800"),
    "lone low surrogate": ("Then food", "\\udc00 then"),
    "escaped NUL": ("Then food", "a\\u0000b"),
    "key twice": ('"mode": "multi"', '"mode": "multi", "mode": "single"'),
    "key twice, far down": ('"text": "Agreed."', '"text": "Agreed.", "text": "No."'),
    "NaN in a field that is not read": ('"mode": "multi"', '"mode": "multi", "other": NaN'),
    "deep in a field that is not read": (
        '"mode": "multi"',
        '"mode": "multi", "other": ' + "[" * 100_000 + "]" * 100_000,
    ),
    "true for a number": ('"maxRounds": 1', '"maxRounds": true'),
    "text for a number": ('"maxRounds": 1', '"maxRounds": "1"'),
    "fraction for a number": ('"maxRounds": 1', '"maxRounds": 1.5'),
    "number for a text": ('"mode": "multi"', '"mode": 1'),
    "no time": ("2026-01-02T03:04:05Z", "yesterday"),
    "a date that is none": ("2026-01-02T03:04:05Z", "2026-02-30T03:04:05Z"),
    "a year that no calendar has": ("2026-01-02T03:04:05Z", "99999-01-02T03:04:05Z"),
    "a negative limit": ('"maxRounds": 1', '"maxRounds": -1'),
    "a limit above all bounds": ('"maxRounds": 1', '"maxRounds": 9223372036854775807'),
}


def _changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    made = transcript()
    change(made)
    return json.dumps(made).encode()


def _messages(change: Callable[[list[Any]], Any]) -> bytes:
    return _changed(lambda one: change(one["conversation"]["messages"]))


def _said(**changed: Any) -> dict[str, Any]:
    return {**line(1, 1, "More."), **changed}


#: Transcripts that say what cannot be.
UNTRUE = {
    "no series": _changed(lambda one: one["condition"].pop("series")),
    "empty series": _changed(lambda one: one["condition"].update(series="")),
    "series with a line end": _changed(lambda one: one["condition"].update(series="A\nB")),
    "series that a terminal obeys": _changed(lambda one: one["condition"].update(series="\x1b[2J")),
    "series of direction marks": _changed(lambda one: one["condition"].update(series="\u202eA")),
    "series of 20,000 characters": _changed(
        lambda one: one["condition"].update(series="A" * 20_000)
    ),
    "no environment": _changed(lambda one: one.pop("environment")),
    "nobody takes part": _changed(lambda one: one["environment"].update(agentRanking=[])),
    "two at one position": _changed(
        lambda one: one["environment"]["agentRanking"][1].update(position=1)
    ),
    "position 0": _changed(lambda one: one["environment"]["agentRanking"][1].update(position=0)),
    "two of one name": _changed(
        lambda one: one["environment"]["agentRanking"][1].update(nickname="Agent-A")
    ),
    "no messages": _changed(lambda one: one["conversation"].update(messages=[])),
    "no brief": _changed(lambda one: one["conversation"].update(userPrompt="")),
    "messages that are texts": _changed(lambda one: one["conversation"].update(messages=["a"])),
    "a message twice": _messages(lambda lines: lines.append(dict(lines[-1]))),
    "rounds that go back": _messages(lambda lines: lines.append(line(1, 0, "Late."))),
    "a marker of a round that goes back": _messages(
        lambda lines: lines.extend(
            {"sender": "system", "time": "10:02", "system": f"— Round {number} —"}
            for number in (2, 1)
        )
    ),
    "an agent's line as the user's": _messages(lambda lines: lines[2].update(sender="user")),
    "an agent's line as the system's": _messages(lambda lines: lines[2].update(sender="system")),
    "a line of somebody else": _messages(lambda lines: lines.append(_said(position=9))),
    "a line under another name": _messages(lambda lines: lines.append(_said(agent_nickname="Z"))),
    "a negative round": _messages(lambda lines: lines.append(_said(round=-1))),
    "a round that is a fraction": _messages(lambda lines: lines.append(_said(round=1.5))),
    "a round that is true": _messages(lambda lines: lines.append(_said(round=True))),
    "a round that is a text": _messages(lambda lines: lines.append(_said(round="1"))),
    "a round beyond the limit of numbers": _messages(
        lambda lines: lines.append(_said(round=2**63))
    ),
    "a text that is null": _messages(lambda lines: lines.append(_said(text=None))),
    "a text that is a list": _messages(lambda lines: lines.append(_said(text=["a"]))),
    "an error that is a word": _messages(lambda lines: lines.append(_said(isError="no"))),
    "mentions that are texts": _messages(lambda lines: lines.append(_said(mentions=["Agent-B"]))),
    "a line without a sender": _messages(lambda lines: lines.append({"text": "Hm."})),
    "an empty line": _messages(lambda lines: lines.append({})),
    "null for a line": _messages(lambda lines: lines.append(None)),
    "a temperature below zero": _changed(lambda one: one["condition"].update(temperature=-1)),
    "a temperature that is a text": _changed(lambda one: one["condition"].update(temperature="1")),
}

TRANSCRIPTS = {
    **NO_JSON,
    **{name: SOUND.replace(*edit).encode() for name, edit in EDITED.items()},
    **UNTRUE,
}


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

CODES = {
    "empty": b"",
    "only a header": codes_csv().splitlines()[0].encode(),
    "no CSV": b"hello",
    "latin-1": codes_csv(code_row(agent="Mod\xe8le")).encode("latin-1"),
    "UTF-16": codes_csv().encode("utf-16"),
    "NUL": codes_csv().replace("Model", "Mo\0del").encode(),
    "random bytes": bytes(range(256)) * 10,
    "a column too few": codes_csv().replace(",human_lead", "", 1).encode(),
    "a column twice": codes_csv().replace("human_lead", "human_meta", 1).encode(),
    "semicolons": codes_csv().replace(",", ";").encode(),
    "tabs": codes_csv().replace(",", "\t").encode(),
    "a cell too many": (codes_csv().rstrip("\n") + ",1\n").encode(),
    "a cell too few": codes_csv().rsplit(",", 1)[0].encode(),
    "an open quotation mark": codes_csv().replace("Model 1", '"Model 1').encode(),
    "a quotation mark in a cell": codes_csv().replace("Model 1", '"Model" 1').encode(),
    "a cell of 200,000 characters": codes_csv(code_row(agent="a" * 200_000)).encode(),
    "a row twice": codes_csv(code_row(), code_row()).encode(),
    "an id that is none": codes_csv(code_row(id="A-run01")).encode(),
    "an id with a round of letters": codes_csv(code_row(id="A-run01|Agent-A|Rx")).encode(),
    "an id with a round of 30 digits": codes_csv(
        code_row(id=f"A-run01|Agent-A|R{'9' * 30}")
    ).encode(),
    "an id with foreign digits": codes_csv(code_row(id="A-run01|Agent-A|R\u0661")).encode(),
    "a name that a terminal obeys": codes_csv(code_row(id="new|\x1b[2J|R0")).encode(),
    "a run of direction marks": codes_csv(code_row(id="\u202enew|Agent-A|R0")).encode(),
    "an empty series": codes_csv(code_row(id="new|Agent-A|R0", series="")).encode(),
    "a series that a terminal obeys": codes_csv(
        code_row(id="new|Agent-A|R0", series="\x9b2J")
    ).encode(),
    "a message that is not in the run": codes_csv(code_row(id="A-run01|Agent-A|R9")).encode(),
    "a speaker who is not in the run": codes_csv(code_row(id="A-run01|Agent-Z|R0")).encode(),
    **{
        f"{mark!r} by a person": codes_csv(code_row(human_lead=mark)).encode()
        for mark in ("2", "nan", "NaN", "inf", "yes please", "-1", "1.0", "\u0661", "=1", "x")
    },
    **{
        f"{mark!r} by a model": codes_csv(code_row(gemini_lead=mark)).encode()
        for mark in ("", "2", "true", "nan", "1e0", " ", "None")
    },
    "a level that is none": codes_csv(code_row(human_comp="true", human_comp_level="x")).encode(),
    "a level without the flag": codes_csv(
        code_row(human_comp="", human_comp_level="mild")
    ).encode(),
}


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


def _first_row(sheet: str, change: Callable[[str], str]) -> str:
    header, first, *rest = sheet.split("\n")
    return "\n".join([header, change(first), *rest])


SHEETS: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda sheet: "",
    "only a header": lambda sheet: sheet.split("\n")[0],
    "no sheet": lambda sheet: "a,b\n1,2\n",
    "latin-1": lambda sheet: sheet.replace("Ada", "Adé").encode("latin-1"),
    "UTF-16": lambda sheet: sheet.encode("utf-16"),
    "NUL": lambda sheet: sheet.replace("Ada", "A\0da"),
    "a row twice": lambda sheet: sheet + sheet.split("\n", 1)[1],
    "another column": lambda sheet: sheet.replace("phatic", "phatik", 1),
    "a column twice": lambda sheet: sheet.replace('"note"', '"phatic"', 1),
    "a column more": lambda sheet: _first_row(sheet, lambda row: row + ',"1"'),
    "no column of items": lambda sheet: sheet.replace('"item"', '"itme"', 1),
    "semicolons": lambda sheet: sheet.replace('","', '";"'),
    "an item of another sample": lambda sheet: sheet.replace('"Ada","1"', '"Ada","99"'),
    "an item 0": lambda sheet: sheet.replace('"Ada","1"', '"Ada","0"'),
    "an item below 0": lambda sheet: sheet.replace('"Ada","1"', '"Ada","-1"'),
    "an item with a fraction": lambda sheet: sheet.replace('"Ada","1"', '"Ada","1.0"'),
    "an item in foreign digits": lambda sheet: sheet.replace('"Ada","1"', '"Ada","\u0661"'),
    "nobody": lambda sheet: sheet.replace('"Ada"', '" "'),
    "an annotator that a terminal obeys": lambda sheet: sheet.replace("Ada", "A\x1b[2Jda"),
    "an annotator of direction marks": lambda sheet: sheet.replace("Ada", "A\u202eda"),
    "an annotator over two lines": lambda sheet: sheet.replace("Ada", "A\nda"),
    "an annotator of 20,000 characters": lambda sheet: sheet.replace("Ada", "A" * 20_000),
    "another sample": lambda sheet: _first_row(sheet, lambda row: '"0' + row[2:]),
    "another sample throughout": lambda sheet: sheet.replace('\n"', '\n"x'),
    "nothing coded": lambda sheet: sheet.replace('"1","for"', '"",""'),
    "another version of the codebook": lambda sheet: sheet.replace(
        sheet.split('"')[27] if False else sheet.split("\n")[1].split('","')[1], "0" * 32
    ),
    **{
        f"the mark {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"{mark}","for"')
            )
        )
        for mark in ("2", "nan", "inf", "-1", "1.0", "1e0", "maybe", "\u0661", "=1", "TRUE()")
    },
    **{
        f"the level {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"1","{mark}"')
            )
        )
        for mark in ("1", "fro", "nan", "pro", "-")
    },
}


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


def _annotation(change: Callable[[dict[str, Any]], Any]) -> Callable[[list[Any]], Any]:
    return lambda tasks: change(tasks[0]["annotations"][0])


def _choice(change: Callable[[dict[str, Any]], Any]) -> Callable[[list[Any]], Any]:
    return _annotation(lambda one: change(one["result"][0]))


EXPORTS: dict[str, Callable[[list[Any]], Any]] = {
    "no tasks": lambda tasks: tasks.clear(),
    "no annotations": lambda tasks: [task.update(annotations=[]) for task in tasks],
    "another sample": lambda tasks: tasks[0]["data"].update(sample="0" * 32),
    "another sample in the second": lambda tasks: tasks[1]["data"].update(sample="0" * 32),
    "a sample that is null": lambda tasks: tasks[0]["data"].update(sample=None),
    "a sample that is a list": lambda tasks: tasks[0]["data"].update(sample=["a"]),
    "a sample that a terminal obeys": lambda tasks: tasks[0]["data"].update(sample="\x1b[2J"),
    "another codebook": lambda tasks: tasks[0]["data"].update(codebook="0" * 32),
    "an item that is not there": lambda tasks: tasks[0]["data"].update(item="99"),
    "an item that is true": lambda tasks: tasks[0]["data"].update(item=True),
    "an item that is a fraction": lambda tasks: tasks[0]["data"].update(item=1.0),
    "an item that is null": lambda tasks: tasks[0]["data"].update(item=None),
    "no data": lambda tasks: tasks[0].pop("data"),
    "data that is a list": lambda tasks: tasks[0].update(data=[]),
    "a task that is null": lambda tasks: tasks.append(None),
    "a task that is a text": lambda tasks: tasks.append("task"),
    "a task twice": lambda tasks: tasks.append(tasks[0]),
    "annotations that are null": lambda tasks: tasks[0].update(annotations=None),
    "annotations that are a mapping": lambda tasks: tasks[0].update(annotations={}),
    "two annotations of one person": lambda tasks: tasks[0]["annotations"].append(
        tasks[0]["annotations"][0]
    ),
    "nobody": _annotation(lambda one: one.update(completed_by=None)),
    "a blank annotator": _annotation(lambda one: one.update(completed_by=" ")),
    "an annotator that is true": _annotation(lambda one: one.update(completed_by=True)),
    "an annotator that is nobody": _annotation(lambda one: one.update(completed_by={})),
    "an annotator that a terminal obeys": _annotation(
        lambda one: one.update(completed_by="\x9b2J")
    ),
    "an address that a terminal obeys": _annotation(
        lambda one: one.update(completed_by={"id": 1, "email": "a\x1b]0;x\x07"})
    ),
    "no result": _annotation(lambda one: one.pop("result")),
    "a result that is null": _annotation(lambda one: one.update(result=None)),
    "cancelled that is a word": _annotation(lambda one: one.update(was_cancelled="yes")),
    "an unknown flag": _choice(lambda one: one.update(from_name="phatik")),
    "a flag that is a number": _choice(lambda one: one.update(from_name=1)),
    "two choices": _choice(lambda one: one["value"].update(choices=["present", "absent"])),
    "no choice": _choice(lambda one: one["value"].update(choices=[])),
    "an unknown choice": _choice(lambda one: one["value"].update(choices=["perhaps"])),
    "a choice that is a number": _choice(lambda one: one["value"].update(choices=[1])),
    "a choice that is null": _choice(lambda one: one["value"].update(choices=[None])),
    "choices that are a text": _choice(lambda one: one["value"].update(choices="present")),
    "one flag twice": _annotation(lambda one: one["result"].append(one["result"][0])),
    "a blank choice": _choice(lambda one: one["value"].update(choices=[" "])),
}


@pytest.mark.parametrize("name", [*EXPORTS, *NO_JSON])
def test_damaged_exports_are_refused(
    name: str, refused: Refused, handed_out: HandedOut, tmp_path: Path
) -> None:
    if name in EXPORTS:
        (tmp_path / "export.json").write_text(handed_out.edited(EXPORTS[name]))
    else:
        (tmp_path / "export.json").write_bytes(NO_JSON[name])
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

_CUSTOMER_EDITS = {
    "no id": ("id: customer_1\n", ""),
    "an empty id": ("customer_1", '""'),
    "an id that is a number": ("customer_1", "1"),
    "an id over two lines": ("customer_1", '"a\\nb"'),
    "an id that a terminal obeys": ("customer_1", '"a\\eb"'),
    "an id of direction marks": ("customer_1", '"\\u202ea"'),
    "an id of 20,000 characters": ("customer_1", "a" * 20_000),
    "the id of a business": ("customer_1", "business_1"),
    "an unknown field": ("name: Mara", "nmae: Mara"),
    "a key twice": ("name: Mara", "name: Mara\nname: Mira"),
    "an item twice": ("{Bun: 3.5}", "{Bun: 3.5, Bun: 4}"),
    "no prices": ("{Bun: 3.5}", "[Bun]"),
    "yes for a price": ("3.5", "yes"),
    "true for a price": ("3.5", "true"),
    "a time for a price": ("3.5", "1:30"),
    "a price in quotation marks": ("3.5", '"3.5"'),
    "a price with a comma": ("{Bun: 3.5}", "{Bun: '3,5'}"),
    "a price with an underscore": ("3.5", "1_0"),
    "a negative price": ("3.5", "-1"),
    "an infinite price": ("3.5", ".inf"),
    "a price that is no number": ("3.5", ".nan"),
    "a price too large": ("3.5", "1e999"),
    "an octal price": ("3.5", "0o17"),
    "a null price": ("3.5", "null"),
    "amenities that are a text": ("[Delivery]", "Delivery"),
    "amenities that are numbers": ("[Delivery]", "[1]"),
    "a tag": ("name: Mara", "name: !!python/name:os.system Mara"),
    "an alias of nothing": ("name: Mara", "name: *mara"),
    "a second document": ("name: Mara", "name: Mara\n---\nid: x"),
    "a tab": ("name: Mara", "\tname: Mara"),
    "NUL": ("Mara", "Ma\0ra"),
    "an escape": ("Mara", "Ma\x1bra"),
    "a bell in a name": ("Mara", '"Ma\\ara"'),
}
_BUSINESS_EDITS = {
    "a rating above 1": ("0.9", "9"),
    "a rating below 0": ("0.9", "-0.1"),
    "a rating that is no number": ("0.9", ".nan"),
    "a rating of words": ("0.9", "good"),
    "an amenity that is a word": ("{Delivery: true}", "{Delivery: yes}"),
    "an amenity that is a number": ("{Delivery: true}", "{Delivery: 1}"),
    "amenities that are a list": ("{Delivery: true}", "[Delivery]"),
    "no description": ("description: We bake.\n", ""),
    "an infinite factor": ("rating: 0.9", "rating: 0.9\nmin_price_factor: .inf"),
    "a negative factor": ("rating: 0.9", "rating: 0.9\nmin_price_factor: -1"),
    "the fields of a customer": ("name: The Oven", "name: The Oven\nrequest: A bun"),
}
_NO_YAML = {
    "empty": b"",
    "a comment": b"# nothing\n",
    "a list": b"- a\n",
    "a text": b"hello\n",
    "a number": b"1\n",
    "latin-1": CUSTOMER.replace("Mara", "Mar\xe8").encode("latin-1"),
    "UTF-16": CUSTOMER.encode("utf-16"),
    "random bytes": bytes(range(256)) * 4,
    "nested lists": b"[" * 100_000,
    "nested mappings": b"{a: " * 100_000,
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((n + 1, n + 1) + (n,) * 7)
        for n in b"abcdefgh"
    ),
}

MARKETS: dict[str, tuple[str, bytes]] = {
    **{
        f"customer: {name}": ("customers/one.yaml", CUSTOMER.replace(*edit).encode())
        for name, edit in _CUSTOMER_EDITS.items()
    },
    **{
        f"business: {name}": ("businesses/one.yaml", BUSINESS.replace(*edit).encode())
        for name, edit in _BUSINESS_EDITS.items()
    },
    **{f"a file that is {name}": ("customers/two.yaml", text) for name, text in _NO_YAML.items()},
    "a .yml with the id of another": ("customers/two.yml", CUSTOMER.encode()),
    "a .YAML that is damaged": ("customers/two.YAML", b"id: ["),
    "a .yml that is damaged": ("customers/two.yml", b"id: ["),
    "a .json in the folder": ("customers/two.json", b"{}"),
    "a file without a suffix": ("customers/two", b"id: x"),
}


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
    _read_or_refused(lambda: read_codes(file, known).results, file.name)


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
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    for table in ("units", "episodes", "seats", "actions", "events"):
        assert query(sound.warehouse, f"SELECT count(*) FROM {table}").rows == [(0,)]
    assert import_data(sound).new == 8


def test_files_that_are_passed_over_are_named(agora: Agora, tmp_path: Path) -> None:
    folder = write_transcripts(tmp_path)
    (folder / "A" / "warroom-A-run03.jsonl").write_text("{}")
    done = agora("import", "transcripts", "transcripts", "--format", "warroom")
    assert "were not read, since they are no .json: warroom-A-run03.jsonl" in done.stdout


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
        done = agora("import", *words)
        assert done.returncode == 0, done.stderr
