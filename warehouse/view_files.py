"""The files that hold the views, and their digest; they are read without any table model."""

from __future__ import annotations

import hashlib
from pathlib import Path

VIEWS = Path(__file__).parent / "views"


def view_texts(folder: Path = VIEWS) -> list[str]:
    """The statements of every file, in the order in which they are to be made."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))]


def files_digest(folder: Path = VIEWS) -> str:
    """A digest of the files: a warehouse whose views were made of others is an older one."""
    return hashlib.sha256("\n".join(view_texts(folder)).encode()).hexdigest()
