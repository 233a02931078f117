"""``agora gc`` and ``agora doctor``: what they print."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from flows.cli.table import table
from flows.cli.terminal import say
from schemas.counts import counted
from schemas.errors import Mistake

if TYPE_CHECKING:
    from flows.leftovers import Leftovers


def _journals(found: Leftovers) -> str:
    """What the journals hold, in one line."""
    files = f"Journals: {counted(found.journals, 'file')}, {found.journal_bytes / 1e6:,.1f} MB"
    waiting = f"{counted(found.waiting, 'unit')} that the next run of the study uses"
    held = [
        words
        for number, words in (
            (found.waiting, waiting),
            (found.settled, counted(found.settled, "done unit")),
        )
        if number
    ]
    return f"{files}; answers of {', and of '.join(held)}." if held else f"{files}; no answers."


def print_leftovers(warehouse: Path, *, remove: bool, paid: bool) -> None:
    """Print what nothing needs any more, and remove it where that is wanted.

    Raises:
        Mistake: The warehouse cannot be read, or is to be changed and another process has it.
    """
    from flows.leftovers import leftovers, remove_leftovers

    if paid and not remove:
        raise Mistake(what="--paid says what --remove removes", place="--paid", fix="add --remove")
    found = leftovers(warehouse)
    if found.units:
        lines = [
            (
                f"{one.stage}: {one.step}",
                f"{one.units:,}",
                f"{one.rows:,}",
                f"{one.calls:,}",
                "-" if one.usd is None else f"${one.usd:,.2f}",
                f"{one.paid:,}",
            )
            for one in found.units
        ]
        columns = ["units that no version refers to", "units", "rows", "calls", "cost", "paid"]
        say(table(columns, lines), end="")
    else:
        say("Every unit is part of a version.")
    if found.journals:
        say(_journals(found))
    if not remove:
        if found.units or found.settled:
            say("Nothing was removed. To remove them: agora gc --remove")
        if any(one.paid for one in found.units):
            say("Units with calls that cost money stay unless --paid is added, too.")
        return
    gone = remove_leftovers(warehouse, paid=paid)
    kept = 0 if paid else sum(one.paid for one in found.units)
    rows = ", ".join(f"{number:,} of {name}" for name, number in gone.items())
    say(f"Removed: {rows or 'nothing'}.")
    if kept:
        say(f"Kept {counted(kept, 'unit')} whose calls cost money: agora gc --remove --paid")


def print_findings(warehouse: Path, study: str | None, allowed: Sequence[Path], form: str) -> bool:
    """Print what is wrong and what to do, a line each; whether nothing is.

    Raises:
        Mistake: There is no such study.
        Mistakes: The study file has mistakes in it.
    """
    from flows.doctor import examined

    findings = list(examined(warehouse, study, allowed))
    sound = all(one.sound for one in findings)
    if form == "json":
        plain = [dataclasses.asdict(one) for one in findings]
        say(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode())
        return sound
    for one in findings:
        fix = "" if one.sound else f" -> {one.fix}"
        say(f"{'ok   ' if one.sound else 'WRONG'}  {one.about}: {one.found}{fix}")
    return sound
