"""Mistakes in files that were brought in from outside, with file and place."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.counts import counted
from schemas.errors import AgoraError, Mistake, Mistakes
from schemas.names import Name
from tasks.files import MAX_DATA_BYTES, text_of

Model = TypeVar("Model", bound=BaseModel)

#: Tags of the unions in the formats that are read; no field of theirs has such a name.
UNION_TAGS = frozenset({"spoken", "typed", "marker"})


def parsed_json(path: Path, model: type[Model], what: str) -> Model:
    """The content of a JSON file as a model.

    Args:
        path: The file.
        model: What it must hold.
        what: What a person would call it, such as ``transcript``.

    Raises:
        Mistake: The file is no JSON, or lacks a field, or a field has the wrong type; the message
            names the file and the first place that is wrong.
    """
    data = strict_json(data_text(path), str(path), what)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise from_validation(path, error, what) from None


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def strict_json(text: str, place: str, what: str) -> Any:
    """The data in a JSON text, read as the standard has it and not as Python is lenient about it.

    Args:
        text: The text.
        place: Where it comes from, for messages.
        what: What a person would call it, such as ``transcript``.

    Raises:
        Mistake: It is no JSON, names a field of an object twice, holds ``NaN``, an infinite number,
            a whole number beyond 64 bits, a NUL or half a character (a lone surrogate), or nests
            too deeply.

    Example:
        >>> strict_json('{"a": [1, 2.5]}', "x.json", "file")
        {'a': [1, 2.5]}
    """

    def damaged(found: str, expected: str) -> Mistake:
        return Mistake(
            what=f"this {what} is damaged",
            place=place,
            found=found,
            expected=expected,
            fix="export it again, or take the file out of the folder",
        )

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise damaged(f"field {twice!r} twice in one object", "each field once")
        return fields

    def finite(number: str) -> float:
        value = float(number)
        if not math.isfinite(value):
            raise damaged(f"the number {number}", "a number that a computer can hold")
        return value

    def whole(number: str) -> int:
        value = int(number)
        if not -(2**63) <= value < 2**63:
            raise damaged(f"the number {cut(number)}", "a whole number of at most 64 bits")
        return value

    def constant(name: str) -> NoReturn:
        raise damaged(name, "a number, or null where there is none")

    if _ESCAPED_NUL.search(text):
        raise damaged("a NUL character", "text")
    try:
        data = json.loads(
            text,
            object_pairs_hook=once,
            parse_float=finite,
            parse_int=whole,
            parse_constant=constant,
        )
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise Mistake(
            what=f"this {what} is no JSON",
            place=f"{place}:{error.lineno}",
            found=error.msg,
            expected="a whole JSON object",
            fix="export it again; the file may have been cut short",
        ) from None
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.end].encode("unicode_escape").decode()
        raise damaged(f"half a character: {half}", "whole characters") from None
    except RecursionError:
        raise damaged("values within values, too deep to read", "a few levels") from None
    except ValueError as error:  # whole numbers of thousands of digits
        raise damaged(str(error).partition(";")[0], "numbers of ordinary size") from None
    return data


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row of a CSV file.

    Attributes:
        line: Line of the file that it ends in, from 1.
        cells: Text by column.
    """

    line: int
    cells: Mapping[str, str]


def strict_csv(text: str, place: str) -> tuple[tuple[str, ...], list[CsvRow]]:
    r"""The columns and rows of a CSV text, every row with a cell for every column.

    Args:
        text: The text; the first row names the columns.
        place: Where it comes from, for messages.

    Raises:
        Mistake: It is no CSV, names a column twice, or a row has more or fewer cells than there
            are columns.

    Example:
        >>> strict_csv("item,meta\n1,yes\n", "codes.csv")
        (('item', 'meta'), [CsvRow(line=2, cells={'item': '1', 'meta': 'yes'})])
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[CsvRow] = []
    header: tuple[str, ...] = ()
    try:
        header = tuple(next(reader, ()))
        twice = next((name for name in header if header.count(name) > 1), None)
        if twice is not None:
            raise Mistake(
                what="a column is named twice",
                place=f"{place}:1",
                found=twice,
                fix="keep one of the two columns",
            )
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise Mistake(
                    what="a row has another number of cells than there are columns",
                    place=f"{place}:{reader.line_num}",
                    found=counted(len(cells), "cell"),
                    expected=counted(len(header), "cell"),
                    fix="save the file as CSV again, with texts in quotation marks",
                )
            rows.append(CsvRow(reader.line_num, dict(zip(header, cells, strict=True))))
    except csv.Error as error:
        raise Mistake(
            what="not readable as CSV",
            place=f"{place}:{max(1, reader.line_num)}",
            found=str(error),
            fix="save the file as CSV again, with texts in quotation marks",
        ) from None
    return header, rows


def data_text(path: Path) -> str:
    """The text of a file of data.

    Raises:
        Mistake: It cannot be read, is too large, or is no UTF-8 text.
    """
    return text_of(path, most_bytes=MAX_DATA_BYTES)


def from_validation(path: Path, error: ValidationError, what: str) -> Mistake:
    """The first thing that is wrong with a file, as one mistake."""
    first = error.errors(include_url=False)[0]
    more = error.error_count() - 1
    return Mistake(
        what=f"this {what} is damaged" + (f" (and {more} more)" if more else ""),
        place=f"{path}: {dotted(_in_file(first['loc']))}",
        found=_shown(first),
        expected=first["msg"],
        fix="export it again, or take the file out of the folder",
    )


def name_of(text: str, place: str) -> str:
    """A text that is to name something, as names in a study are.

    Raises:
        Mistake: It is empty or long, or holds what cannot be seen.

    Example:
        >>> name_of("warroom", "--collection")
        'warroom'
    """
    try:
        return _NAME.validate_python(text)
    except ValidationError as error:
        (problem,) = error.errors(include_url=False)
        raise Mistake(
            what="this cannot be a name",
            place=place,
            found=cut(repr(text)),
            expected=problem["msg"].removeprefix("Value error, "),
            fix="give it a name of at most 80 characters that can be seen",
        ) from None


_NAME = TypeAdapter(Name)


def cut(text: str) -> str:
    """A text as messages quote it."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def dotted(location: Iterable[int | str]) -> str:
    """A place in nested data, as people write it.

    Example:
        >>> dotted(("messages", 3, "text"))
        'messages[3].text'
    """
    out = ""
    for part in location:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else part
    return out


def _in_file(location: tuple[int | str, ...]) -> list[int | str]:
    """A place without the tags by which pydantic tells the shapes of a union apart."""
    return [
        part
        for place, part in enumerate(location)
        if not (isinstance(part, str) and part in UNION_TAGS and place > 0)
    ]


def _shown(error: Any) -> str:
    if error["type"] == "missing":
        return "nothing"
    return cut(repr(error["input"]))


def raised_together(problems: Sequence[Mistake]) -> AgoraError:
    """One error for one or several mistakes."""
    return problems[0] if len(problems) == 1 else Mistakes(mistakes=list(problems))
