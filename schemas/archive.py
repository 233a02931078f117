"""What an archive of a study says of itself: its manifest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.base import Record
from schemas.source import Source
from schemas.tables.column import Count, Key, Name

#: Name of the file that holds the manifest.
MANIFEST = "manifest.json"
#: Names of the files that stand beside those of tables.
BESIDE = ("study.yaml", "study.json", "load.sql", "README.md")

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ColumnNote(Record):
    """A column of a table, for whoever has the archive and nothing else."""

    name: Name
    type: str = Field(description="Its type in DuckDB.")
    may_be_missing: bool
    unit: str | None = Field(None, description="Unit of a quantity.")
    about: str


class TableNote(Record):
    """A table of an archive; its rows are in the file ``TABLE.parquet``, where it has any."""

    table: Name
    about: str
    key: tuple[str, ...]
    columns: tuple[ColumnNote, ...]
    rows: Count
    sha256: Sha256 | None = Field(None, description="Digest of the file; null: no rows, no file.")


class SourceNote(Source):
    """Something that others made, which the study uses, as it was declared."""

    what: str = Field(description="Where the study names it, or what was imported.")


class Manifest(Record):
    """What is in an archive, and with what it was made."""

    format: Literal["agora-archive/1"] = "agora-archive/1"
    study: Name
    study_version: Key
    units: Count = Field(description="Units that the version consists of, imported ones included.")
    units_done: Count
    code_version: str = Field(description="Version of Agora that wrote the archive.")
    schema_version: Name = Field(description="Last migration of the schema of its tables.")
    cite: str = Field(description="How to cite Agora; cite the study's authors besides.")
    sources: tuple[SourceNote, ...]
    tables: tuple[TableNote, ...]
    files: dict[str, Sha256] = Field(description="Digests of the other files.")
    left_out: tuple[str, ...] = Field(description="Tables whose rows are part of no version.")
