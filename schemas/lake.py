"""The file that names a lake: a warehouse that several machines may write at once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Record

#: A word of a connection to PostgreSQL.
Word = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]


class LakeFile(Record):
    """A lake: rows in Parquet files of a folder, and PostgreSQL, which knows which files count.

    What is left out of ``host``, ``port`` and ``user`` is taken as PostgreSQL's own programs take
    it: from ``PGHOST``, ``PGPORT`` and ``PGUSER``. A password is never here; it comes from
    ``PGPASSWORD`` or ``~/.pgpass``.
    """

    warehouse: Literal["ducklake"] = Field(description="What kind of warehouse this is.")
    catalogue: Literal["postgres"] = Field(description="What keeps the list of its files.")
    dbname: Word = Field(description="Database of the catalogue. It must exist.")
    name: str = Field(
        "agora",
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="Schema of the database that is the lake's alone; it is made with the lake.",
    )
    host: Word | None = Field(None, description="Host, or folder of a Unix socket.")
    port: int | None = Field(None, ge=1, le=65535, description="Port.")
    user: Word | None = Field(None, description="Role of the database.")
    data: Word = Field(
        description="Folder of the Parquet files, which every process finds under the same path. "
        "A relative path starts at this file."
    )
