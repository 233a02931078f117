"""Judges of a yoked message read what its speaker read, and code what was said here alone."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from schemas.codebook import Codebook, Flag
from tasks.coding.items import Item, items_of, messages_of


def row(seq: int, kind: str, actor: str, text: str, data: str = "{}") -> dict[str, Any]:
    return {
        **{"episode_key": "e", "seq": seq, "kind": kind, "actor": actor, "text": text},
        "data": data,
    }


SAID = '{"kind": "say"}'
ROWS = [
    row(0, "say", "s1", "Own one."),
    row(1, "show", "s1", "Donor one.", SAID),
    row(2, "say", "s2", "Own two."),
    row(3, "show", "s2", "Donor two.", SAID),
    row(4, "show", "s2", "votes for bus", '{"kind": "choose"}'),
    row(5, "say", "s1", "Own three."),
    row(6, "show", "s1", "Donor three.", SAID),
]


def items(**fields: Any) -> list[Item]:
    book = Codebook(name="b", flags={"greets": Flag(definition="greets")}, **fields)
    return items_of(messages_of(pl.DataFrame(ROWS), {})["e"], book)


@pytest.mark.parametrize("level", ["message", "turn", "episode"])
def test_only_what_was_said_here_is_coded(level: str) -> None:
    texts = " ".join(item.text for item in items(level=level))
    assert texts.count("Own") == 3
    assert "Donor" not in texts


def test_the_context_is_what_the_speaker_had_read_and_said() -> None:
    found = items(level="message", context=5)
    assert [[said.text for said in item.context] for item in found] == [
        [],
        ["Donor one."],
        ["Own one.", "Donor two."],
    ]


def test_a_pair_is_a_message_and_the_one_that_its_speaker_had_read() -> None:
    found = items(level="pair", context=0)
    assert [(item.seq, item.other_seq) for item in found] == [(2, 1), (5, 3)]
