"""The coding sheet: what people are shown of a sample, and its CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from schemas.codebook import Codebook
from schemas.errors import Mistake, nearest
from schemas.unit import Result
from tasks.coding.items import Said, known_to, messages_of, names_of
from tasks.coding.sheet_values import Marked, results_of_marks
from tasks.importers.problems import data_text, strict_csv

FIXED = ("sample", "codebook", "annotator", "item")
SHOWN = ("context", "speaker", "text")
NOTE = "note"


@dataclass(frozen=True, slots=True)
class SheetItem:
    """An item as an annotator sees it: no condition, no codes, the speaker only where allowed."""

    position: int
    text: str
    speaker: str
    context: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A sample, ready to be coded."""

    sample_key: str
    codebook: Codebook
    items: tuple[SheetItem, ...]


def coding_sheet(
    sample: pl.DataFrame, codebook: Codebook, events: pl.DataFrame, seats: pl.DataFrame
) -> Sheet:
    """The sheet of a sample.

    Args:
        sample: Rows of ``samples``.
        codebook: The codebook that it is coded by.
        events: Rows of ``events`` of the episodes of the sample.
        seats: Rows of ``v_seats_over_time`` of these episodes.

    Raises:
        Mistake: A message of the sample has no text here.
    """
    masked = any(flag.mask_speaker for flag in codebook.flags.values())
    messages = messages_of(events, names_of(seats))
    places = {
        episode: {said.seq: place for place, said in enumerate(of_episode)}
        for episode, of_episode in messages.items()
    }
    items = []
    columns = sample.sort("position").select("position", "episode_key", "seq")
    for position, episode, seq in columns.iter_rows():
        place = places.get(episode, {}).get(seq)
        if place is None:
            raise Mistake(
                what="a message of the sample has no text here",
                place=f"item {position}",
                found=f"event {seq} of episode {episode[:8]}",
                fix="draw the sample from messages that are not empty",
            )
        said = messages[episode][place]
        before: Sequence[Said] = messages[episode][:place] if codebook.context else []
        if any(one.shown for one in messages[episode]):
            before = known_to(said.actor, before)
        before = before[-codebook.context :]
        items.append(
            SheetItem(
                position,
                said.text,
                "" if masked else said.name,
                tuple(_shown(earlier, masked) for earlier in before),
            )
        )
    return Sheet(sample.item(0, "sample_key"), codebook, tuple(items))


def coding_sheet_csv(sheet: Sheet, annotator: str = "") -> str:
    """The sheet as CSV: fill in the annotator and one column for each flag."""
    out = io.StringIO()
    # Everything in quotation marks: a lone carriage return would end the row otherwise.
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    flags = list(sheet.codebook.flags)
    writer.writerow([*FIXED, *SHOWN, *map(_no_formula, flags), NOTE])
    for item in sheet.items:
        fixed = [sheet.sample_key, sheet.codebook.digest, annotator, item.position]
        shown = ["\n\n".join(item.context), item.speaker, item.text]
        writer.writerow([*fixed, *map(_no_formula, shown), *([""] * len(flags)), ""])
    return out.getvalue()


def read_coding_sheet(
    path: Path, sample: pl.DataFrame, codebook: Codebook, coder: str | None = None
) -> list[Result]:
    """The codes on a filled-in sheet, of one or several annotators; one unit per episode and coder.

    Args:
        path: The CSV, as handed out or as the page exported it.
        sample: Rows of ``samples`` of the sample that was handed out.
        codebook: The codebook that it was to be coded by.
        coder: Name under which the codes are kept instead of the annotator's own.

    Raises:
        Mistake: A column is missing or unknown, or a line is wrong; see
            :func:`tasks.coding.sheet_values.results_of_marks`. The message names the line.
        Mistakes: Several lines are wrong; nothing is given then.
    """
    header, rows = strict_csv(data_text(path), str(path))
    titles = {
        flag: title if (title := _no_formula(flag)) in header else flag for flag in codebook.flags
    }
    _check_header(path, header, list(titles.values()))
    marked = [
        Marked(
            place=f"{path}:{row.line}",
            annotator=row.cells["annotator"].strip(),
            sample=row.cells["sample"].strip(),
            codebook=row.cells["codebook"].strip(),
            item=row.cells["item"].strip(),
            marks={flag: row.cells[title] for flag, title in titles.items()},
        )
        for row in rows
    ]
    return results_of_marks(path, marked, sample, codebook, coder)


def _check_header(path: Path, header: Sequence[str], flags: Sequence[str]) -> None:
    known = (*FIXED, *SHOWN, *flags, NOTE)
    for name in header:
        if name not in known:
            close = nearest(name, known)
            raise Mistake(
                what="this column does not belong to a coding sheet of this codebook",
                place=f"{path}:1",
                found=name,
                expected="one of " + ", ".join(known),
                fix=f"write {close}" if close else "take it out",
            )
    for name in (*FIXED, *flags):
        if name not in header:
            raise Mistake(
                what=f"there is no column {name}",
                place=f"{path}:1",
                found=", ".join(header) or "an empty file",
                expected=", ".join((*FIXED, *flags)),
                fix="leave the columns as they were handed out",
            )


def _shown(said: Said, masked: bool) -> str:
    return said.text if masked else f"{said.name}: {said.text}"


#: Beginnings of cells that spreadsheets calculate, or read past to something that they calculate.
_FORMULA = re.compile(r"[\s\x00-\x1f|'\"]*[=+@\-\uff1d\uff0b\uff20\uff0d]|[\t\r\n]")


def _no_formula(text: str) -> str:
    r"""A text that spreadsheets show and do not calculate.

    Example:
        >>> _no_formula("=1+1"), _no_formula("\t @SUM(1)"), _no_formula("a = b")
        ("'=1+1", "'\t @SUM(1)", 'a = b')
    """
    text = text.replace("\0", "␀")  # which no program reads past
    return f"'{text}" if _FORMULA.match(text) else text
