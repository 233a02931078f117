"""What commands print: a terminal obeys nothing that came from a model or a file."""

from __future__ import annotations

import sys
from typing import TextIO

from schemas.errors import printable_lines


def say(text: str = "", end: str = "\n", file: TextIO | None = None) -> None:
    """Print a text with every character that a terminal would obey, or not show, written out."""
    print(printable_lines(text), end=end, file=file or sys.stdout)
