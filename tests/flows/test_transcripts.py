"""Episodes as people read them, played and read through the command's function."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli.read import print_episode
from flows.cli.transcript import Transcript, transcript_lines
from schemas.errors import Mistake
from warehouse.queries.transcript import (
    ProbeAnswer,
    SeatOfEpisode,
    TranscriptEvent,
    UnusableAction,
)
from warehouse.reader import reader

from .conftest import Ran

STUDY = """
name: swaps
models: {loud: {model: sim/talkative}, shy: {model: sim/reserved}, judge: {model: sim/judge}}
episode:
  environment: discussion
  brief: Talk about the bus line.
  rounds: 4
  seats: [loud, shy, loud]
  names: [Ann, Bob, Cem]
  interventions:
    - {do: swap, seats: [1, 2], at: {after_rounds: 1}}
    - {do: replace, seat: 3, model: shy, at: {after_rounds: 2}}
    - {do: rename, names: [X, Y, Z], notice: true, at: {after_rounds: 3}}
    - {do: inject, text: Hurry., to: 2, at: {every_rounds: 3}}
  probes: [{name: mood, ask: "How are you?", answer: {scale: [1, 5]}, at: [end]}]
conditions: {only: {}, longer: {rounds: 5}}
coding: {codebook: codebook.yaml, judges: [judge], adjudication: {use: union}}
"""


@pytest.fixture
async def warehouse(tmp_path: Path, study_file: Path, ran: Ran) -> Path:
    """A warehouse with a study in which names and models change."""
    path = tmp_path / "swaps.yaml"
    path.write_text(STUDY, encoding="utf-8")
    await ran(path)
    return tmp_path / "agora.duckdb"


async def test_an_episode_is_read_with_the_names_and_models_of_each_moment(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "(select episode_key from v_episodes where condition = 'only')"
    with reader(warehouse) as reading:
        shown = reading.answer(
            f"select seat, name, model from v_messages where episode_key = {key} order by seq"
        ).rows
        (flagged,) = reading.answer(
            f"select list(distinct flag) from labels where value > 0 and episode_key = {key}"
        ).rows
        last = f"where episode_key = {key} and round = 3"
        labelled, coded = (
            {
                tuple(row)
                for row in reading.answer(f"select seat, name, model from {view} {last}").rows
            }
            for view in ("v_labels", "v_codes")
        )
    loud, shy = "loud", "shy"
    assert labelled == coded == {("s1", "X", loud), ("s2", "Y", shy), ("s3", "Z", shy)}
    assert [tuple(row) for row in shown] == [
        *(("s1", "Ann", loud), ("s2", "Bob", shy), ("s3", "Cem", loud)),
        *(("s1", "Bob", loud), ("s2", "Ann", shy), ("s3", "Cem", loud)),
        *(("s1", "Bob", loud), ("s2", "Ann", shy), ("s3", "Cem", shy)),
        *(("s1", "X", loud), ("s2", "Y", shy), ("s3", "Z", shy)),
    ]
    with reader(warehouse) as reading:
        done = reading.answer(
            "select condition, round, kind, dose, target, text, seats_exposed, prompts "
            "from v_interventions where condition = 'only' order by seq"
        ).rows
    everyone = ["s1", "s2", "s3"]
    assert [tuple(row) for row in done] == [
        ("only", 1, "swap", 1, None, None, [], 0),
        ("only", 2, "replace", 1, "s3", None, [], 0),
        ("only", 3, "rename", 1, None, done[2][5], everyone, 6),
        ("only", 3, "inject", 1, None, "Hurry.", ["s2"], 2),
    ]
    print_episode("swaps", warehouse, seen=True)
    out = capsys.readouterr().out
    assert out.startswith("swaps  discussion  only  episode 1 (1 in all)\n  Talk about the bus")
    told = " ".join(out.split())
    for words in ("(intervention swap", "model shy, replaced loud", "Bob is now X", "round 4 "):
        assert words in told
    assert "(asked in private, mood: Ann: " in out.partition("\nend\n")[2]
    assert "\n   0  Ann  " in out
    assert "< had seen nothing" in out
    assert "< had seen 0-2, 4" in out
    for flag in flagged[0]:
        assert flag in out
    print_episode("swaps", warehouse, "longer", 1)
    assert "round 5" in capsys.readouterr().out


async def test_an_episode_that_is_not_there_is_named_with_those_that_are(warehouse: Path) -> None:
    with pytest.raises(Mistake, match="only, longer"):
        print_episode("swaps", warehouse, "onyl")
    with pytest.raises(Mistake, match="one of the 1 from 1 to 1"):
        print_episode("swaps", warehouse, "only", 2)


def test_silence_private_words_notes_and_probes_are_shown_where_they_happened() -> None:
    def event(seq: int, turn: int, **changes: object) -> TranscriptEvent:
        row = {"kind": "say", "seat": "s1", "name": "Ann", "target_name": None, "item": None}
        row |= {"value": None, "text": "Hello\x1b[31m", "data": "{}", "audience": "everyone"}
        row |= {"seen_by": None, "seen": None, "seq": seq, "turn": turn, "round": 0}
        return TranscriptEvent(**(row | changes))  # type: ignore[arg-type]

    noted: dict[str, object] = {"kind": "state", "phase": "memory", "seen_by": ["Ann"]}
    transcript = Transcript(
        seats=[SeatOfEpisode("s1", "Ann", "buyer", "a", "sim/a", None)],
        events=[
            event(0, 0),
            event(1, 2, kind="offer", item="s1", value=4.5, seen_by=["Ann", "Ben"], text=None),
            event(2, 2, kind="bid", target_name="Ben", seen_by=["Ann", "Ben"], text=None),
            event(
                3, 2, **noted, item="importance", data='{"seqs": [0], "ratings": [7]}', text=None
            ),
            event(4, 2, **noted, item="summary", data='{"seqs": [0]}', text="Hello was said."),
        ],
        unusable=[UnusableAction(1, 0, "Ben", "turn", 3, False, True)],
        answers=[
            ProbeAnswer(1, 0, "mood", "mood", "Ann", 4.0, None),
            ProbeAnswer(1, 0, "mood", "mood", "Ben", None, None),
        ],
    )
    assert list(transcript_lines(transcript, 80)) == [
        "",
        "round 1",
        "   0  Ann  Hello\\x1b[31m",
        "           (asked in private, mood: Ann: 4; Ben: no usable answer)",
        "      Ben  (no usable answer in 3 attempts: no action)",
        "   1  Ann  (offer Ann 4.5)  [only to Ben]",
        "   2  Ann  (bid to Ben)",
        "   3  Ann  (noted importance ratings 7)  [seen by no other seat]",
        "   4  Ann  (noted summary) Hello was said.  [seen by no other seat]",
    ]


def test_what_was_written_earlier_stands_where_it_was_published_under_its_phase() -> None:
    def said(seq: int, round_: int, turn: int, seat: str, phase: str) -> TranscriptEvent:
        return TranscriptEvent(
            seq=seq,
            round=round_,
            turn=turn,
            kind="say",
            seat=seat,
            name=seat,
            target_name=None,
            item=None,
            value=None,
            text=f"words {seq}",
            data="{}",
            audience="everyone",
            seen_by=None,
            seen=None,
            phase=phase,
        )

    events = [
        said(0, 0, 1, "s2", "opening"),
        said(1, 0, 0, "s1", "opening"),
        said(2, 1, 2, "s1", "rebuttal"),
    ]
    lines = list(transcript_lines(Transcript(seats=(), events=events), 80))
    assert [line.strip() for line in lines] == [
        "",
        "round 1",
        "-- opening",
        "0  s2  words 0",
        "1  s1  words 1",
        "",
        "round 2",
        "-- rebuttal",
        "2  s1  words 2",
    ]
