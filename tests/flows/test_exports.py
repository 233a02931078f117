"""Personas that were exported make the same population again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.exports import export_personas
from schemas.errors import Mistake
from tasks.personas.formats.files import personas_of_file

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

DRAWN = """
name: drawn
models:
  writer: {model: sim/writer, sim: {contradiction: 0.5}}
population:
  size: 12
  targets: {sex: {female: 0.5, male: 0.5}, age: {"30": 0.5, "61": 0.5}}
  traits: {inventory: big_five, intensity: drawn}
  prose: {model: writer, fields: {biography: Who they are., weekday: A weekday.}, reasks: 0}
conditions: {all: {}, few: {population.size: 5}}
"""
LISTED = """
name: listed
population:
  size: 12
  method: {use: fixed, personas: {file: FILE}}
  traits: big_five
"""


async def test_an_export_makes_the_same_population_again(ran: Ran, tmp_path: Path) -> None:
    warehouse = tmp_path / "agora.duckdb"
    (tmp_path / "drawn.yaml").write_text(DRAWN)
    await ran(tmp_path / "drawn.yaml")
    done = export_personas("drawn", tmp_path / "a.jsonl", warehouse, "all")
    export_personas("drawn", tmp_path / "b.parquet", warehouse, "all")
    people = personas_of_file(tmp_path / "a.jsonl", "a.jsonl")
    assert personas_of_file(tmp_path / "b.parquet", "b.parquet") == people
    assert done.n_personas == len(people) == 12
    without = [one for one in people if not one.prose]
    assert 0 < done.n_without_prose == len(without) < 12
    few = export_personas("drawn", tmp_path / "few.jsonl", warehouse, "few")
    assert few.n_personas == 5
    assert personas_of_file(tmp_path / "few.jsonl", "few") == people[:5]
    with pytest.raises(Mistake, match="differ in their population"):
        export_personas("drawn", tmp_path / "c.jsonl", warehouse)
    for number, file in enumerate(("a.jsonl", "b.parquet")):
        (tmp_path / f"listed{number}.yaml").write_text(LISTED.replace("FILE", file))
        await ran(tmp_path / f"listed{number}.yaml")
        again = tmp_path / f"again{number}.jsonl"
        export_personas("listed", again, warehouse)
        assert again.read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_what_was_not_drawn_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "drawn.yaml").write_text(DRAWN)
    study = str(tmp_path / "drawn.yaml")
    with pytest.raises(Mistake, match="are not in the warehouse"):
        export_personas(study, tmp_path / "a.jsonl", tmp_path / "agora.duckdb", "all")
    with pytest.raises(Mistake, match="write few"):
        export_personas(study, tmp_path / "a.jsonl", tmp_path / "agora.duckdb", "fw")
