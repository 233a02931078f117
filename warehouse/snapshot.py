"""A copy of a warehouse as it is at one moment, while runs go on: for backups and other tools."""

from __future__ import annotations

import os
import secrets
from contextlib import closing
from pathlib import Path

from schemas.errors import Mistake
from warehouse.connection import Missing, connection
from warehouse.shared import SharedWarehouse
from warehouse.storage import storage_of
from warehouse.store import Warehouse


def snapshot(path: Path, target: Path) -> int:
    """Bytes of the copy, which is one whole DuckDB file, or not there.

    Commits wait while it is copied; nothing else does. Whoever owns the warehouse copies it.

    Args:
        path: The warehouse.
        target: A file that is not there.

    Raises:
        Mistake: The file is there already or cannot be written, or the warehouse cannot be used.
    """
    if target.exists() or target.is_symlink():
        raise Mistake(
            what="a snapshot is never written over what is there",
            place=str(target),
            fix="name another file, such as one with the date in its name",
        )
    owned = storage_of(path).owned
    if owned and not path.exists():
        raise Missing(what="there is no warehouse here", place=str(path), fix="name another file")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}.partial")
    beside = draft.with_name(draft.name + ".wal")
    try:
        with SharedWarehouse(path) if owned else Warehouse.open(path) as warehouse:
            warehouse.copy_to(draft)
        with closing(connection(draft)) as opened:
            opened.execute("CHECKPOINT")
        os.link(draft, target)  # unlike a renaming, it replaces nothing that came meanwhile
        return target.stat().st_size
    except OSError as error:
        raise Mistake(
            what="the snapshot cannot be written",
            place=str(target),
            found=error.strerror or str(error),
            fix="name a file in a folder that may be written",
        ) from None
    finally:
        for file in (draft, beside):
            file.unlink(missing_ok=True)
