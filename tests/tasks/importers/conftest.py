"""The founding study's data, read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from schemas.codebook import Codebook
from schemas.unit import Result
from tasks.importers.warroom import read_transcripts
from tasks.importers.warroom_codes import (
    ImportedCodes,
    Known,
    coded_messages,
    codes_of,
    shipped_codebook,
)


def frame_of(results: list[Result], table: str) -> pl.DataFrame:
    """Rows of a table in some results, columns of JSON left out."""
    return pl.DataFrame(
        [
            {name: value for name, value in row.items() if name not in {"data", "params", "spec"}}
            for result in results
            for row in result.rows.get(table, ())
        ],
        infer_schema_length=None,
    )


def known_of(results: list[Result]) -> Known:
    events = frame_of(results, "events")
    return Known(
        episodes=frame_of(results, "episodes"),
        seats=frame_of(results, "seats"),
        messages=events.filter(pl.col("kind") == "say"),
    )


@pytest.fixture(scope="session")
def frame() -> Callable[[list[Result], str], pl.DataFrame]:
    return frame_of


@pytest.fixture(scope="session")
def warroom(shared: Path) -> Path:
    return shared / "data" / "warroom"


@pytest.fixture(scope="session")
def transcripts(warroom: Path) -> list[Result]:
    return read_transcripts(warroom / "transcripts")


@pytest.fixture(scope="session")
def known(transcripts: list[Result]) -> Known:
    return known_of(transcripts)


@pytest.fixture(scope="session")
def imported(warroom: Path, known: Known) -> ImportedCodes:
    return codes_in(warroom / "human_coding_results.csv", known)


def codes_in(path: Path, known: Known, codebook: Codebook | None = None) -> ImportedCodes:
    """The codes in a file."""
    book = codebook or shipped_codebook()
    return codes_of(path, coded_messages(path, book), known, book)
