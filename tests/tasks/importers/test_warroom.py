"""Transcripts of the founding study as episodes."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import AgoraError, Mistake
from schemas.tables import TABLES
from schemas.unit import Result
from tasks.coding.labels_in_text import opening_label
from tasks.importers.warroom import FLAGGED_REPLY, read_transcripts

Frame = Callable[[list[Result], str], pl.DataFrame]
NON_EMPTY = {
    "A": 1506,
    "B": 1074,
    "F": 144,
    "G": 1498,
    "H": 1050,
    "I": 767,
    "J": 1450,
    "K1": 1049,
    "K3": 1083,
}


@pytest.fixture(scope="session")
def events(transcripts: list[Result], frame: Frame) -> pl.DataFrame:
    series = frame(transcripts, "episodes").select("episode_key", "series", "label")
    return frame(transcripts, "events").join(series, on="episode_key")


def test_messages_are_the_non_empty_texts_of_agents(events: pl.DataFrame) -> None:
    said = events.filter(pl.col("kind") == "say")
    assert dict(said.group_by("series").len().iter_rows()) == NON_EMPTY
    assert not said["text"].str.strip_chars().eq("").any()


def test_error_lines_are_chance_and_never_messages(events: pl.DataFrame) -> None:
    errors = events.filter(pl.col("text").str.starts_with("⚠"))
    assert set(errors["kind"]) == {"chance"}
    assert errors.filter(pl.col("item") == FLAGGED_REPLY)["series"].to_list() == ["A"]
    per_run = events.group_by("series", "label").agg((pl.col("item") == "crash_notice").sum())
    doses = {
        name: set(per_run.filter(pl.col("series") == name)["item"]) for name in ("A", "B", "G")
    }
    assert doses == {"A": {2}, "B": {0}, "G": {1}}


def test_empty_completions_are_kept_apart(events: pl.DataFrame) -> None:
    empty = events.filter(pl.col("item") == "empty_completion")
    assert set(empty["kind"]) == {"ask"}
    assert empty.height == 514


def test_lines_without_words_of_an_agent_are_absences(
    transcripts: list[Result], frame: Frame, events: pl.DataFrame
) -> None:
    actions = frame(transcripts, "actions")
    asked = events.filter(pl.col("actor").str.starts_with("s"))
    assert actions.height == asked.height
    said = actions.filter(pl.col("valid"))
    assert said.height == sum(NON_EMPTY.values())
    assert (actions["absent"] == ~actions["valid"]).all()


def test_runs_that_stopped_early_are_incomplete(transcripts: list[Result], frame: Frame) -> None:
    episodes = frame(transcripts, "episodes")
    b = episodes.filter(pl.col("series") == "B")
    assert Counter(b["completed_rounds"]) == {6: 8, 8: 7, 10: 2, 11: 4}
    assert Counter(b["status"]) == {"incomplete": 17, "terminated": 4}
    planned = dict(episodes.group_by("series").agg(pl.col("planned_rounds").max()).iter_rows())
    assert planned["A"] == 11
    assert planned["F"] == 1
    assert planned["J"] == 21


def test_isolated_runs_show_each_message_to_its_speaker_only(events: pl.DataFrame) -> None:
    said = events.filter((pl.col("series") == "F") & (pl.col("kind") == "say"))
    assert (said["audience"] == said["actor"]).all()


def test_position_name_and_model_are_three_columns(transcripts: list[Result], frame: Frame) -> None:
    seats = frame(transcripts, "seats").join(
        frame(transcripts, "episodes").select("episode_key", "series"), on="episode_key"
    )
    first = seats.filter((pl.col("series") == "A") & (pl.col("position") == 1)).row(0, named=True)
    assert (first["name"], first["model"]) == ("Agent-A", "LLaMA 3.3 70B")
    assert first["model_id"] == "llama-3.3-70b-versatile"
    clones = seats.filter(pl.col("series") == "B")
    assert clones["model"].unique().to_list() == ["LLaMA 3.3 70B"]
    assert clones["name"].n_unique() == 8


def test_every_row_is_one_of_its_table(transcripts: list[Result]) -> None:
    for result in transcripts[::15]:
        for table, rows in result.rows.items():
            for row in rows:
                TABLES[table].model_validate(row)


def test_the_same_files_give_the_same_units(warroom: Path) -> None:
    folder = warroom / "transcripts" / "F"
    one, other = read_transcripts(folder), read_transcripts(folder)
    assert [result.unit.key for result in one] == [result.unit.key for result in other]
    assert one == other


def test_about_one_self_label_in_five_names_another_agent(
    transcripts: list[Result], frame: Frame
) -> None:
    seats = frame(transcripts, "seats")
    counts: Counter[tuple[str, bool]] = Counter()
    for result in transcripts:
        names = {seat["seat"]: seat["name"] for seat in result.rows["seats"]}
        for event in result.rows["events"]:
            if event["kind"] != "say":
                continue
            label = opening_label(event["text"], tuple(names.values()))
            if label is not None:
                counts[result.unit.condition, label.name != names[event["actor"]]] += 1
    assert seats.height == 8 * len(transcripts)
    assert (counts["A", True], counts["A", False]) == (124, 490)
    assert (counts["K3", True], counts["K3", False]) == (87, 1)


@pytest.fixture
def folder(warroom: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "transcripts" / "F"
    copy.mkdir(parents=True)
    for path in sorted((warroom / "transcripts" / "F").glob("*.json"))[:3]:
        shutil.copyfile(path, copy / path.name)
    return copy.parent


def changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    path = sorted(folder.rglob("*.json"))[1]
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def no_text(data: dict[str, Any]) -> None:
    del data["conversation"]["messages"][2]["text"]


def round_in_words(data: dict[str, Any]) -> None:
    data["conversation"]["messages"][2]["round"] = "zero"


def stranger(data: dict[str, Any]) -> None:
    data["conversation"]["messages"][2]["agent_nickname"] = "Agent-Z"


def no_series(data: dict[str, Any]) -> None:
    del data["condition"]["series"]


def said_twice(data: dict[str, Any]) -> None:
    lines = data["conversation"]["messages"]
    number = next(n for n, line in enumerate(lines) if line["sender"] not in {"user", "system"})
    lines.insert(number, dict(lines[number]))


def round_goes_back(data: dict[str, Any]) -> None:
    lines = data["conversation"]["messages"]
    spoken = [line for line in lines if line["sender"] not in {"user", "system"}]
    spoken[0]["round"] = spoken[-1]["round"] + 1


def agent_marked_as_user(data: dict[str, Any]) -> None:
    data["conversation"]["messages"][2]["sender"] = "user"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (said_twice, "conversation:"),
        (round_goes_back, "conversation:"),
        (agent_marked_as_user, "conversation.messages[2]:"),
        (no_text, "conversation.messages[2].text:"),
        (round_in_words, "conversation.messages[2].round:"),
        (stranger, "conversation.messages[2]"),
        (no_series, "condition.series"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_place(
    folder: Path, change: Callable[[dict[str, Any]], None], place: str
) -> None:
    path = changed(folder, change)
    with pytest.raises(Mistake) as refused:
        read_transcripts(folder)
    assert f"{path}: {place}" in str(refused.value)


def test_a_file_cut_short_is_refused_with_its_line(folder: Path) -> None:
    path = sorted(folder.rglob("*.json"))[0]
    path.write_text(path.read_text(encoding="utf-8")[:2000], encoding="utf-8")
    with pytest.raises(Mistake, match="is no JSON") as refused:
        read_transcripts(folder)
    assert f"{path}:" in str(refused.value)


def test_all_damaged_files_are_named_at_once(folder: Path) -> None:
    paths = sorted(folder.rglob("*.json"))
    for path in paths[:2]:
        path.write_text("{}", encoding="utf-8")
    with pytest.raises(AgoraError) as refused:
        read_transcripts(folder)
    assert all(str(path) in str(refused.value) for path in paths[:2])


def test_a_run_that_is_there_twice_is_refused(folder: Path) -> None:
    path = sorted(folder.rglob("*.json"))[0]
    other = folder / "again" / path.name
    other.parent.mkdir()
    shutil.copyfile(path, other)
    with pytest.raises(Mistake, match="twice"):
        read_transcripts(folder)


def test_a_folder_without_transcripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no transcripts"):
        read_transcripts(tmp_path)
