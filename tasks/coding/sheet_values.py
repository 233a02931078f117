"""What people write on a coding sheet, as values of ``codes``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from schemas.codebook import Codebook, Flag
from schemas.errors import Mistake, nearest
from schemas.unit import Result
from tasks.coding.rows import Code, imported_results
from tasks.importers.problems import cut, name_of, raised_together

YES = ("1", "true", "yes", "present")
NO = ("0", "false", "no", "absent")


@dataclass(frozen=True, slots=True)
class Marked:
    """One annotator's marks on one item, as they were written.

    Attributes:
        place: File and line, or file and task.
        annotator: Who coded.
        sample: Sample that the sheet names.
        codebook: Version of the codebook that the sheet names.
        item: Number of the item.
        marks: What was written, by flag; blank where it was not coded.
    """

    place: str
    annotator: str
    sample: str
    codebook: str
    item: str
    marks: Mapping[str, str]


def value_of(mark: str, flag: Flag) -> float | None:
    """The value of a mark, or nothing if it is none of the flag's.

    Example:
        >>> value_of("Yes", Flag(definition="phatic"))
        1.0
        >>> value_of("for", Flag(definition="stance", levels=("against", "for")))
        1.0
        >>> value_of("maybe", Flag(definition="phatic")) is None
        True
    """
    plain = mark.strip().lower()
    if not flag.levels:
        return 1.0 if plain in YES else 0.0 if plain in NO else None
    levels = {level.lower(): float(place) for place, level in enumerate(flag.levels)}
    return levels.get(plain)


def results_of_marks(
    path: Path,
    marked: Sequence[Marked],
    sample: pl.DataFrame,
    codebook: Codebook,
    coder: str | None = None,
) -> list[Result]:
    """Codes of annotators, one unit per episode and annotator.

    A blank is an item that was not coded, not an absent flag.

    Args:
        path: The file.
        marked: What was written.
        sample: Rows of ``samples`` of the sample that was handed out.
        codebook: The codebook that it was to be coded by.
        coder: Name under which the codes are kept instead of the annotator's own, as that of a
            second coding by the same person.

    Raises:
        Mistake: An item is not in the sample or coded twice by one annotator, the sheet was made
            for another sample or another version of the codebook, or a mark is none of its flag's.
        Mistakes: Several of these.
    """
    if coder is not None:
        marked = _renamed(path, marked, coder)
    rows = {
        str(position): (episode, seq)
        for position, episode, seq in sample.select("position", "episode_key", "seq").iter_rows()
    }
    key = sample.item(0, "sample_key")
    codes: dict[tuple[str, str], list[Code]] = defaultdict(list)
    seen: dict[tuple[str, str], str] = {}
    problems: list[Mistake] = []
    for one in marked:
        try:
            _check(one, key, codebook, rows, seen)
            episode, seq = rows[one.item]
            codes[episode, one.annotator].extend(_codes(one, seq, codebook))
        except Mistake as problem:
            problems.append(problem)
    if problems:
        raise raised_together(problems)
    if not any(codes.values()):
        raise Mistake(
            what="nothing is coded on this sheet",
            place=str(path),
            fix="fill in the columns of the flags",
        )
    filled = {place: found for place, found in codes.items() if found}
    return imported_results(filled, {coder: "human" for _, coder in filled}, codebook, {})


def _renamed(path: Path, marked: Sequence[Marked], coder: str) -> list[Marked]:
    """The marks of one annotator under another name.

    Raises:
        Mistake: There are several annotators.
    """
    annotators = list(dict.fromkeys(one.annotator for one in marked))
    if len(annotators) > 1:
        raise Mistake(
            what="several people coded this file, so one name cannot stand for them",
            place=str(path),
            found=", ".join(annotators),
            fix="leave --coder out, or import one person at a time",
        )
    return [replace(one, annotator=coder) for one in marked]


def _check(
    one: Marked,
    key: str,
    codebook: Codebook,
    rows: Mapping[str, object],
    seen: dict[tuple[str, str], str],
) -> None:
    if one.sample != key:
        raise Mistake(
            what="this sheet was made for another sample",
            place=one.place,
            found=cut(one.sample),
            expected=key,
            fix="import it beside the sample that it was made for",
        )
    if one.codebook != codebook.digest:
        raise Mistake(
            what="these codes were made with another version of the codebook",
            place=one.place,
            found=cut(one.codebook) or "nothing",
            expected=f"{codebook.digest} ({codebook.name})",
            fix="code the sample again with this version, or import with the codebook of the sheet",
        )
    if not one.annotator.strip():
        raise Mistake(
            what="nobody is named as the annotator",
            place=one.place,
            expected="a name, the same in every line of one person",
        )
    name_of(one.annotator, one.place)
    if one.item not in rows:
        raise Mistake(
            what="these codes are for an item that is not in the sample",
            place=one.place,
            found=cut(repr(one.item)),
            expected=f"a number from 1 to {len(rows)}",
            fix="leave the column item as it was handed out",
        )
    place = (one.annotator, one.item)
    if place in seen:
        raise Mistake(
            what=f"{one.annotator} coded item {one.item} twice",
            place=one.place,
            found=f"also in {seen[place]}",
            fix="keep one of the two",
        )
    seen[place] = one.place


def _codes(one: Marked, seq: int, codebook: Codebook) -> Sequence[Code]:
    codes = []
    for name, mark in one.marks.items():
        if not mark.strip():
            continue
        value = value_of(mark, codebook.flags[name])
        if value is None:
            known = codebook.flags[name].levels or ("1", "0")
            close = nearest(mark, known)
            raise Mistake(
                what=f"this is not a value of {name}",
                place=one.place,
                found=cut(repr(mark)),
                expected="one of " + ", ".join(known) + ", or blank",
                fix=f"write {close}" if close else "",
            )
        codes.append(Code(seq, name, value))
    return codes
