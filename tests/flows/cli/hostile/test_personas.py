"""Damaged files of personas: each is refused by one message that names the file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest

from ...conftest import Agora
from .conftest import Refused

STUDY = """\
name: people
population:
  size: 2
  method: {{use: fixed, personas: {{file: {file}}}}}
  traits: big_five
"""
ANN = {"name": "Ann", "attributes": {"job": "cook"}, "traits": {"openness": 0.5}}
STRONG = {"openness": {"depth": 1}}
BEN = {"name": "Ben", "attributes": {"job": "nurse"}}


def lines(*personas: object) -> bytes:
    """A file of JSON Lines."""
    return "\n".join(json.dumps(one) for one in personas).encode()


def table(**columns: list[object]) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


SOUND = lines(ANN, BEN)
DAMAGED: dict[str, tuple[str, bytes]] = {
    "empty": ("a.jsonl", b""),
    "blank lines": ("a.jsonl", b"\n \n"),
    "no json": ("a.jsonl", b"hello\n"),
    "cut short": ("a.jsonl", SOUND[:-4]),
    "a list of personas": ("a.jsonl", json.dumps([ANN, BEN]).encode()),
    "a persona over two lines": ("a.jsonl", json.dumps(ANN, indent=1).encode()),
    "NaN": ("a.jsonl", SOUND.replace(b"0.5", b"NaN")),
    "infinite": ("a.jsonl", SOUND.replace(b"0.5", b"1e999")),
    "a field twice": ("a.jsonl", SOUND.replace(b'"name": "Ann"', b'"name": "Ann", "name": "Al"')),
    "half a character": ("a.jsonl", SOUND.replace(b"cook", b"\\ud800")),
    "an escaped NUL": ("a.jsonl", SOUND.replace(b"cook", b"a\\u0000b")),
    "a NUL": ("a.jsonl", SOUND.replace(b"cook", b"a\0b")),
    "deep": ("a.jsonl", b"[" * 100_000),
    "deep and closed": ("a.jsonl", SOUND.replace(b'"cook"', b"[" * 9_000 + b"]" * 9_000)),
    "UTF-16": ("a.jsonl", SOUND.decode().encode("utf-16")),
    "latin-1": ("a.jsonl", SOUND.replace(b"cook", b"caf\xe9")),
    "a number for a text": ("a.jsonl", SOUND.replace(b'"cook"', b"3")),
    "true for a score": ("a.jsonl", SOUND.replace(b"0.5", b'"tall"')),
    "an empty value": ("a.jsonl", SOUND.replace(b"cook", b"")),
    "a name that a terminal obeys": ("a.jsonl", SOUND.replace(b"Ann", b"\\u001b[2J")),
    "a name of 20,000 characters": ("a.jsonl", SOUND.replace(b"Ann", b"A" * 20_000)),
    "an attribute that a terminal obeys": ("a.jsonl", SOUND.replace(b"job", b"j\\u202eb")),
    "an unknown field": ("a.jsonl", lines({**ANN, "gender": "female"}, BEN)),
    "an attribute that one lacks": ("a.jsonl", lines(ANN, {"name": "Ben"})),
    "a trait of no inventory": ("a.jsonl", lines({**ANN, "traits": {"humour": 1}}, BEN)),
    "an intensity of one alone": (
        "a.jsonl",
        lines({**ANN, "intensity": {"openness": {"depth": 1}}}, BEN),
    ),
    "a name that one lacks": ("a.jsonl", lines(ANN, {"attributes": {"job": "nurse"}})),
    "three personas": ("a.jsonl", lines(ANN, BEN, BEN)),
    "no Parquet": ("a.parquet", SOUND),
    "Parquet cut short": ("a.parquet", table(name=["Ann", "Ben"])[:-9]),
    "Parquet of something else": ("a.parquet", table(name=["Ann", "Ben"], age=[1, 2])),
    "Parquet without rows": ("a.parquet", table(name=[])),
    "Parquet with a list": ("a.parquet", table(**{"attributes.job": [["cook"], ["nurse"]]})),
    "Parquet with numbers": ("a.parquet", table(**{"attributes.job": [1, 2]})),
    "no specification": ("a.json", lines(ANN)),
    "a specification that is a number": ("a.json", b"[1, 2]"),
    "a specification of a list": ("a.json", b'{"type": "TinyPerson", "persona": []}'),
    "a specification without a name for a field": ("a.json", b'{"persona": {"": "x"}}'),
    "a specification cut short": ("a.json", b'{"persona": {"name": "Ann"'),
    "a suffix of another format": ("a.csv", b"name\nAnn\n"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_of_personas_is_refused(name: str, refused: Refused, tmp_path: Path) -> None:
    file, content = DAMAGED[name]
    (tmp_path / file).write_bytes(content)
    (tmp_path / "people.yaml").write_text(STUDY.format(file=file))
    message = refused("plan", "people.yaml")
    assert file in message or "people.yaml:" in message


@pytest.mark.parametrize("file", ["../a.jsonl", "/etc/passwd", "nothing.jsonl", "."])
def test_personas_come_from_files_beside_the_study_alone(
    file: str, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "people.yaml").write_text(STUDY.format(file=file))
    refused("plan", "people.yaml")


def test_a_sound_file_is_planned(agora: Agora, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(ANN, BEN))
    (tmp_path / "people.yaml").write_text(STUDY.format(file="a.jsonl"))
    assert agora("plan", "people.yaml").returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        ["people.yaml", "a.csv"],
        ["people.yaml", "a.jsonl"],
        ["nobody", "a.jsonl"],
        ["people.yaml", "a.jsonl", "--condition", "x\x1b[2J"],
    ],
)
def test_an_export_that_cannot_be_is_refused(
    words: list[str], refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "b.jsonl").write_bytes(lines(ANN, BEN))
    (tmp_path / "people.yaml").write_text(STUDY.format(file="b.jsonl"))
    refused("export", "personas", *words)
