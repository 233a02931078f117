"""An archive that somebody made: opened and checked before anything of it is used.

No path is taken from the archive: names of files follow from the names of tables, and a file is
opened in the archive's folder alone, through no link.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import duckdb
import polars as pl
from pydantic import ValidationError

from schemas.archive import BESIDE, MANIFEST, Manifest
from schemas.errors import Mistake
from schemas.tables import TABLES, Row
from warehouse.archives.parquet import Unreadable, parquet_rows
from warehouse.archives.writing import file_of, schema_version
from warehouse.projections.columns import columns_of
from warehouse.queries.of_version import tables_of_versions

#: Bytes that a manifest may have, at most.
MOST_MANIFEST_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Stored:
    """What an import of an archive stored.

    Attributes:
        new: Units that were stored.
        held: Units that were there already.
    """

    new: int
    held: int


@dataclass(frozen=True)
class Archive:
    """An archive whose files are what its manifest says.

    Attributes:
        folder: Its folder.
        manifest: What it says of itself.
    """

    folder: Path
    manifest: Manifest

    def tables(self) -> tuple[type[Row], ...]:
        """The tables that it has rows of, in an order in which references resolve."""
        filled = {note.table for note in self.manifest.tables if note.rows}
        return tuple(row for row in tables_of_versions() if row.table.name in filled)

    def rows(self, row: type[Row], reading: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
        """The rows of a table, some at a time.

        Args:
            row: The table.
            reading: See :func:`warehouse.archives.parquet.decoding`.

        Raises:
            Mistake: The file is no table of that kind, or holds other rows than the manifest says.
        """
        name = file_of(row)
        expected = next(note.rows for note in self.manifest.tables if note.table == row.table.name)
        with opened(self.folder, name) as file:
            try:  # the open file itself is read, whatever its name leads to by now
                path = f"/dev/fd/{file.fileno()}"
                yield from parquet_rows(reading, path, columns_of(row), expected)
            except Unreadable as error:
                raise _damaged(self.folder / name, error.found, error.expected) from error


def archive_of(folder: Path) -> Archive:
    """The archive in a folder; every digest in its manifest has been checked.

    Raises:
        Mistake: It is none, is damaged, or was written with another schema.
    """
    manifest = manifest_of(folder)
    known = {row.table.name for row in tables_of_versions()}
    if {note.table for note in manifest.tables} != known or len(manifest.tables) != len(known):
        raise _damaged(folder / MANIFEST, "other tables", f"the {len(known)} tables of Agora")
    for note in manifest.tables:
        if (note.rows == 0) != (note.sha256 is None):
            raise _damaged(folder / MANIFEST, f"{note.table}: {note.rows} rows", "one digest each")
        if note.sha256 is not None:
            _check(folder, file_of(TABLES[note.table]), note.sha256)
    for name, digest in manifest.files.items():
        if name not in BESIDE:
            raise _damaged(folder / MANIFEST, f"a file {name}", ", ".join(BESIDE))
        _check(folder, name, digest)
    return Archive(folder, manifest)


def manifest_of(folder: Path) -> Manifest:
    """What the archive in a folder says of itself; nothing else of it has been read.

    Raises:
        Mistake: It is none, or was written with another schema.
    """
    if not folder.is_dir():
        raise Mistake(
            what="this is no archive",
            place=str(folder),
            expected="a folder that agora export STUDY FOLDER wrote",
            fix="unpack it first, if it is one file",
        )
    manifest = _manifest(folder)
    if manifest.schema_version != schema_version():
        raise Mistake(
            what="the archive was written with another schema of the tables",
            place=str(folder),
            found=f"{manifest.schema_version}, by agora {manifest.code_version}",
            expected=schema_version(),
            fix="import it with that version of agora, and upgrade that warehouse; or read its "
            "files with DuckDB, as its README.md says",
        )
    return manifest


@contextmanager
def opened(folder: Path, name: str) -> Iterator[BufferedReader]:
    """A regular file that lies in a folder itself; no link is followed.

    Raises:
        Mistake: There is none, or it cannot be read.
    """
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        found = "a link" if (folder / name).is_symlink() else error.strerror or str(error)
        raise _damaged(folder / name, found, "a file of the archive") from None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _damaged(folder / name, "no regular file", "a file of the archive")
        yield file


def _manifest(folder: Path) -> Manifest:
    with opened(folder, MANIFEST) as file:
        text = file.read(MOST_MANIFEST_BYTES + 1)
    if len(text) > MOST_MANIFEST_BYTES:
        raise _damaged(folder / MANIFEST, f"more than {MOST_MANIFEST_BYTES:,} bytes", "a manifest")
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _damaged(folder / MANIFEST, f"{where}: {first['msg']}", "a manifest") from None


def _check(folder: Path, name: str, digest: str) -> None:
    with opened(folder, name) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        raise _damaged(folder / name, f"SHA-256 {found}", f"SHA-256 {digest}")


def _damaged(place: Path, found: str, expected: str) -> Mistake:
    return Mistake(
        what="the archive is damaged or was changed; nothing was imported",
        place=str(place),
        found=found,
        expected=expected,
        fix="get it again from where it was made",
    )
