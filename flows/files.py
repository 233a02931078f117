"""Files that commands write: whole, or not at all."""

from __future__ import annotations

import contextlib
import secrets
import sys
from pathlib import Path

from schemas.errors import Mistake


def write_out(content: bytes, output: Path | None) -> None:
    """Write to a file as a whole, or to standard output.

    What is no regular file, such as a device or a pipe, is written into and never replaced.

    Raises:
        Mistake: The file cannot be written.
    """
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    # A new file of a name that nobody could have put a link under.
    partial = output.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        if output.exists() and not output.is_file():
            output.write_bytes(content)
            return
        with partial.open("xb") as file:
            file.write(content)
        partial.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise Mistake(
            what="the file cannot be written",
            place=str(output),
            found=error.strerror or str(error),
            fix="name a file in a folder that exists and may be written",
        ) from None
