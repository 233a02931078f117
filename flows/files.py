"""Files that commands write: whole, or not at all."""

from __future__ import annotations

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
    partial = output.with_name(output.name + ".partial")
    try:
        if output.exists() and not output.is_file():
            output.write_bytes(content)
            return
        partial.write_bytes(content)
        partial.replace(output)
    except OSError as error:
        raise Mistake(
            what="the file cannot be written",
            place=str(output),
            found=error.strerror or str(error),
            fix="name a file in a folder that exists and may be written",
        ) from None
