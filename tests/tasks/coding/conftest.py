"""Small transcripts, codebooks and code frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.codebook import Codebook, Flag
from schemas.keys import digest
from schemas.study.coding import HumanSpec
from tasks.coding.sampling import draw_sample
from tasks.coding.sheet import Sheet, coding_sheet
from tasks.studies.yamltext import document

CODEBOOKS = Path(__file__).resolve().parents[3] / "studies" / "codebooks"


def shipped(name: str) -> Codebook:
    return Codebook.model_validate(
        document((CODEBOOKS / f"{name}.yaml").read_text(encoding="utf-8"), "").value
    )


def events_of(texts: dict[str, list[tuple[str, str]]]) -> pl.DataFrame:
    """Say events: episode -> (seat, text)."""
    return pl.DataFrame(
        [
            {
                "episode_key": digest(episode),
                "seq": seq,
                "round": seq // 2,
                "actor": seat,
                "kind": "say",
                "text": text,
            }
            for episode, said in texts.items()
            for seq, (seat, text) in enumerate(said)
        ],
        schema={
            "episode_key": pl.String,
            "seq": pl.Int64,
            "round": pl.Int64,
            "actor": pl.String,
            "kind": pl.String,
            "text": pl.String,
        },
    )


def seats_of(episodes: list[str], names: dict[str, str]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"episode_key": digest(episode), "seat": seat, "name": name, "from_seq": 0}
        for episode in episodes
        for seat, name in names.items()
    ]
    return pl.DataFrame(rows)


@pytest.fixture
def sheet_of() -> Callable[..., tuple[pl.DataFrame, Sheet]]:
    """A drawn sample of a small transcript, with its sheet."""

    def made(codebook: Codebook, texts: list[tuple[str, str]]) -> tuple[pl.DataFrame, Sheet]:
        events = events_of({"e": texts})
        seats = seats_of(["e"], {"s1": "Ada", "s2": "Bob"})
        spec = HumanSpec(sample=len(texts), stratify=())
        sample = draw_sample(events, spec, codebook)
        return sample, coding_sheet(sample, codebook, events, seats)

    return made


@pytest.fixture
def codebook_named() -> Callable[[str], Codebook]:
    return shipped


@pytest.fixture
def make_events() -> Callable[..., pl.DataFrame]:
    return events_of


@pytest.fixture
def make_seats() -> Callable[..., pl.DataFrame]:
    return seats_of


@pytest.fixture
def two_flags() -> Codebook:
    return Codebook(
        name="two",
        context=1,
        flags={
            "thanks": Flag(definition="thanks somebody"),
            "stance": Flag(
                definition="position", levels=("against", "neither", "for"), scale="ordinal"
            ),
        },
    )
