"""Codes of the founding study: 609 messages coded by a human and two models."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import polars as pl

from schemas.codebook import Codebook
from schemas.errors import Mistake, nearest
from schemas.unit import Result
from tasks.coding.rows import Code, CoderKind, imported_results
from tasks.importers.problems import data_text, name_of, raised_together, strict_csv
from tasks.importers.warroom import COLLECTION
from tasks.importers.warroom_placeholders import CodedMessage, placeholder
from tasks.studies.strict import validated
from tasks.studies.yamltext import document

FLAGS = ("phatic", "meta", "lead", "arch", "agree", "comp")
KINDS: Mapping[str, CoderKind] = {"human": "human", "gemini": "model", "sonnet": "model"}
MARKS = {
    "human": {"true": 1.0, "false": 0.0, "": 0.0},
    "gemini": {"1": 1.0, "0": 0.0},
    "sonnet": {"1": 1.0, "0": 0.0},
}
COLUMNS = (
    "id",
    "series",
    "agent",
    "round",
    *(f"human_{flag}" for flag in FLAGS),
    "human_comp_level",
    *(f"{coder}_{flag}" for coder in ("gemini", "sonnet") for flag in FLAGS),
)
_ID = re.compile(r"(?P<run>[^|]+)\|(?P<name>[^|]+)\|R(?P<round>[0-9]{1,6})")
_MINUTE = "%Y-%m-%d-%Hh%M"
_DATED = re.compile(r"(?P<minute>\d{4}-\d\d-\d\d-\d\dh\d\d)-S(?P<series>\w+)-run\d+")


@dataclass(frozen=True)
class Known:
    """What the warehouse holds of a collection.

    Attributes:
        episodes: Columns ``episode_key, series, label, status, recorded_at``.
        seats: Columns ``episode_key, seat, name``.
        messages: Messages that are not empty; columns ``episode_key, seq, round, actor``.
    """

    episodes: pl.DataFrame
    seats: pl.DataFrame
    messages: pl.DataFrame


@dataclass(frozen=True)
class ImportedCodes:
    """What a file of codes gave.

    Attributes:
        results: One unit per episode and coder, and before them one per placeholder episode.
        n_items: Messages that the file codes.
        n_codes: Judgements.
        placeholders: Messages by series whose run was not imported; their episodes have the
            status ``placeholder`` and hold no text.
    """

    results: list[Result]
    n_items: int
    n_codes: int
    placeholders: Mapping[str, int]


@cache
def shipped_codebook() -> Codebook:
    """The codebook of the founding study, as ``studies/codebooks/warroom.yaml`` has it."""
    text = resources.files("tasks.importers").joinpath("warroom_codebook.yaml").read_text("utf-8")
    return validated(Codebook, document(text, "warroom_codebook.yaml").value)


def codes_of(
    path: Path,
    items: Sequence[CodedMessage],
    known: Known,
    codebook: Codebook,
    collection: str = COLLECTION,
) -> ImportedCodes:
    """The codes of messages, at the messages of the runs that were imported.

    Args:
        path: The file that they come from.
        items: The coded messages.
        known: The imported runs that the codes are about.
        codebook: Codebook that they were made by.
        collection: Collection of the placeholder episodes.

    Raises:
        Mistake: A message is not in a run that was imported; nothing is given then.
        Mistakes: Several are not.
    """
    runs = _Runs(known)
    codes: dict[tuple[str, str], list[Code]] = defaultdict(list)
    labels: dict[str, str] = {}
    problems: list[Mistake] = []
    absent: dict[tuple[str, str], list[CodedMessage]] = defaultdict(list)
    for item in items:
        episode = runs.episode(item)
        if episode is None:
            absent[item.series, item.run].append(item)
            continue
        seq = runs.seq(episode, item)
        if seq is None:
            problems.append(_unknown(path, item))
            continue
        labels[episode] = item.run
        _append(codes, episode, seq, item)
    if problems:
        raise raised_together(problems)
    results = []
    counts: dict[str, int] = defaultdict(int)
    for (series, run), missing in sorted(absent.items()):
        result, seqs = placeholder(series, run, missing, collection, _minute(run))
        results.append(result)
        labels[result.unit.key] = run
        counts[series] += len(missing)
        for item in missing:
            _append(codes, result.unit.key, seqs[item.place], item)
    return ImportedCodes(
        results=results + imported_results(codes, KINDS, codebook, labels),
        n_items=len(items),
        n_codes=sum(map(len, codes.values())),
        placeholders=dict(counts),
    )


def _minute(run: str) -> dt.datetime | None:
    """When a run took place whose name is a date.

    Example:
        >>> print(_minute("2026-03-07-16h41-SK1-run01"), _minute("K1-run01"))
        2026-03-07 16:41:00+00:00 None
    """
    dated = _DATED.fullmatch(run)
    return dt.datetime.strptime(dated["minute"], _MINUTE).replace(tzinfo=dt.UTC) if dated else None


def _append(
    codes: dict[tuple[str, str], list[Code]], episode: str, seq: int, item: CodedMessage
) -> None:
    for coder, values in item.codes.items():
        codes[episode, coder].extend(Code(seq, flag, value) for flag, value in values.items())


class _Runs:
    """Finds the message that an id means."""

    def __init__(self, known: Known) -> None:
        episodes = known.episodes.filter(pl.col("status") != "placeholder")
        self._by_label: dict[tuple[str, str], str] = {}
        self._by_minute: dict[tuple[str, str], list[str]] = defaultdict(list)
        columns = episodes.select("episode_key", "series", "label", "recorded_at")
        for key, series, label, recorded in columns.iter_rows():
            self._by_label[series, label] = key
            if isinstance(recorded, dt.datetime):
                self._by_minute[series, f"{recorded:{_MINUTE}}"].append(key)
        named = known.messages.join(
            known.seats.select("episode_key", pl.col("seat").alias("actor"), "name"),
            on=["episode_key", "actor"],
        )
        self._seqs = {
            (key, name, number): seq
            for key, name, number, seq in named.select(
                "episode_key", "name", "round", "seq"
            ).iter_rows()
        }

    def episode(self, item: CodedMessage) -> str | None:
        if found := self._by_label.get((item.series, item.run)):
            return found
        dated = _DATED.fullmatch(item.run)
        found_then = self._by_minute.get((item.series, dated["minute"]), []) if dated else []
        return found_then[0] if len(found_then) == 1 else None

    def seq(self, episode: str, item: CodedMessage) -> int | None:
        return self._seqs.get((episode, item.name, item.round))


def coded_messages(path: Path, codebook: Codebook) -> list[CodedMessage]:
    """The messages that ``human_coding_results.csv`` codes.

    The human marked only what is present, so a blank is 0. ``human_comp_level`` becomes the flag
    ``comp_level``, coded where ``comp`` is present and a level was given.

    Args:
        path: The file.
        codebook: Codebook that the codes were made by.

    Raises:
        Mistake: A column is missing, a value is none of its column's, or an id is malformed or
            there twice.
        Mistakes: Several of these.
    """
    header, rows = strict_csv(data_text(path), str(path))
    for column in COLUMNS:
        if column not in header:
            close = nearest(column, header)
            raise Mistake(
                what=f"there is no column {column}",
                place=f"{path}:1",
                found=f"a column {close}" if close else ", ".join(header) or "an empty file",
                expected=", ".join(COLUMNS),
                fix="take the file as it was published",
            )
    for flag in (*FLAGS, "comp_level"):
        if flag not in codebook.flags:
            raise Mistake(
                what=f"codebook {codebook.name} has no flag {flag}",
                place=str(path),
                found=", ".join(codebook.flags),
                fix="name the codebook that these codes were made by",
            )
    if not rows:
        raise Mistake(what="there are no codes here", place=str(path), found="only a header")
    items: list[CodedMessage] = []
    problems: list[Mistake] = []
    lines: dict[str, int] = {}
    for row in rows:
        try:
            item = _item(path, row.line, row.cells, codebook)
            if item.place in lines:
                raise Mistake(
                    what="this message is coded twice",
                    place=f"{path}:{item.line}: id",
                    found=f"{item.place}, also in line {lines[item.place]}",
                    fix="keep one of the two lines",
                )
            lines[item.place] = item.line
            items.append(item)
        except Mistake as problem:
            problems.append(problem)
    if problems:
        raise raised_together(problems)
    return items


def _item(path: Path, line: int, row: Mapping[str, str], codebook: Codebook) -> CodedMessage:
    matched = _ID.fullmatch(row["id"])
    if matched is None:
        raise Mistake(
            what="this id does not name a message",
            place=f"{path}:{line}: id",
            found=repr(row["id"]),
            expected="RUN|NAME|Rn, such as A-run07|Agent-H|R10",
            fix="take the line as it was published",
        )
    codes: dict[str, dict[str, float]] = {}
    for coder, marks in MARKS.items():
        values = codes[coder] = {}
        for flag in FLAGS:
            mark = row[f"{coder}_{flag}"].strip().lower()
            if mark not in marks:
                raise _bad_value(path, line, f"{coder}_{flag}", mark, list(marks))
            values[flag] = marks[mark]
    level = row["human_comp_level"].strip()
    if level:
        number = codebook.flags["comp_level"].number(level)
        if number is None:
            raise _bad_value(
                path, line, "human_comp_level", level, codebook.flags["comp_level"].levels
            )
        codes["human"]["comp_level"] = number
    return CodedMessage(
        line=line,
        run=name_of(matched["run"], f"{path}:{line}: id"),
        series=name_of(row["series"], f"{path}:{line}: series"),
        name=name_of(matched["name"], f"{path}:{line}: id"),
        round=int(matched["round"]),
        model=name_of(row["agent"] or matched["name"], f"{path}:{line}: agent"),
        codes=codes,
    )


def _bad_value(path: Path, line: int, column: str, found: str, known: Sequence[str]) -> Mistake:
    return Mistake(
        what="this is no code",
        place=f"{path}:{line}: {column}",
        found=repr(found),
        expected="one of " + ", ".join(repr(mark) for mark in known),
        fix="take the line as it was published",
    )


def _unknown(path: Path, item: CodedMessage) -> Mistake:
    return Mistake(
        what="these codes are for a message that the imported run does not have",
        place=f"{path}:{item.line}: id",
        found=item.place,
        expected=f"a message of series {item.series} as imported",
        fix="import the transcripts that the codes were made of",
    )
