"""The ways in which a lake cannot be used, told as mistakes."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from schemas.errors import Mistake
from schemas.lake import LakeFile

#: What stands before a statement that PostgreSQL refused, and before its own words.
_ASKED, _ANSWERED = 'Failed to execute query "', '": ERROR: '
#: So much is told of what DuckDB and PostgreSQL say.
MOST_CHARACTERS = 400

#: What PostgreSQL's library says, and what to do about it.
_FIXES = (
    ('database "', "make the database (createdb), or correct dbname"),
    ('role "', "correct user, or have the role made (createuser)"),
    ("password", "put the password into ~/.pgpass or the variable PGPASSWORD"),
    ("permission denied", "have the role allowed to make a schema in the database"),
)


def no_extensions(path: Path, error: Exception) -> Mistake:
    """The mistake of a lake where DuckDB's extensions for it are not installed."""
    return Mistake(
        what="a lake needs two extensions of DuckDB that are not installed",
        place=str(path),
        found=str(error),
        expected="packages duckdb-extension-ducklake and duckdb-extension-postgres-scanner "
        f"{duckdb.__version__}",
        fix="install Agora with its extra: pip install 'agora-lab[lake]'",
    )


def unreachable(path: Path, lake: LakeFile, error: duckdb.Error) -> Mistake:
    """The mistake of a catalogue that does not let this process in."""
    found = _words(error)
    fix = next(
        (fix for words, fix in _FIXES if words in found),
        "start PostgreSQL, or correct host and port",
    )
    return Mistake(
        what="the lake's catalogue cannot be opened",
        place=str(path),
        found=found,
        expected=f"database {lake.dbname} of a PostgreSQL that answers",
        fix=fix,
    )


def broken(path: Path, error: duckdb.Error) -> Mistake:
    """The mistake of a lake that could not be read or written while it was open."""
    found = _words(error)
    if "lock timeout" in found:
        return Mistake(
            what="another process has kept its turn to write the lake for too long",
            place=str(path),
            found=found,
            fix="see which it is (SELECT * FROM pg_locks WHERE locktype = 'advisory'), and end it",
        )
    if "permission denied" in found:
        return Mistake(
            what="this role of PostgreSQL may not write the lake; it is as it was before",
            place=str(path),
            found=found,
            fix="name another user in the lake's file, or have this one allowed to; a role that "
            "may only read can query",
        )
    return Mistake(
        what="the lake cannot be read or written; it is as it was before",
        place=str(path),
        found=found,
        fix="see that PostgreSQL answers and that the data folder is there and has room, and run "
        "again; what was answered is kept in the journal",
    )


def other_folder(path: Path, on_record: str, folder: Path) -> Mistake:
    """The mistake of a file that names another folder than the lake was made with."""
    return Mistake(
        what="the lake was made with another data folder",
        place=f"{path}: data",
        found=str(folder),
        expected=on_record,
        fix="write that folder, or give the lake another name",
    )


def unusable_folder(path: Path, folder: Path, *, new: bool, read_only: bool) -> Mistake | None:
    """What is wrong with the data folder, if anything is; a new lake has an empty one or none."""
    place = f"{path}: data"
    if folder.exists() and not folder.is_dir():
        return Mistake(what="the lake's data is no folder", place=place, found=str(folder))
    if new and not folder.exists():
        if folder.parent.is_dir() and os.access(folder.parent, os.W_OK):
            return None
        return Mistake(
            what="the lake's data folder cannot be made",
            place=place,
            found=f"{folder.parent} is missing or read-only for this user",
            fix="make it, or name another",
        )
    if not folder.exists() or not os.access(folder, os.R_OK if read_only else os.W_OK):
        return Mistake(
            what=f"the lake's data folder cannot be {'read' if read_only else 'written'}",
            place=place,
            found=str(folder) if folder.exists() else f"there is no {folder}",
            fix="mount it, or change its permissions",
        )
    if new and any(folder.iterdir()):
        return Mistake(
            what="the folder of a new lake holds something already",
            place=place,
            found=str(folder),
            expected="an empty folder, or none",
            fix="name another",
        )
    return None


def _words(error: duckdb.Error) -> str:
    """What was said, on one line, without how it was asked: a statement holds rows."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = " ".join(lines) or type(error).__name__
    if _ASKED in said:
        said = (
            said.rpartition(_ANSWERED)[2].strip()
            if _ANSWERED in said
            else said.partition(_ASKED)[0]
        )
    said = said.partition("connection to server ")[2] or said
    return said if len(said) <= MOST_CHARACTERS else f"{said[:MOST_CHARACTERS]}..."
