"""Files that commands write: whole, or not at all."""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
from pathlib import Path

from schemas.errors import Mistake

#: How the names of temporary folders end that Prefect's process worker makes.
WORKER = "prefect"


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


def make_folder(folder: Path) -> None:
    """Make a folder that files are written to, if it is not there.

    Raises:
        Mistake: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Mistake(
            what="the folder cannot be made",
            place=str(folder),
            found=error.strerror or str(error),
            fix="name a folder in one that may be written",
        ) from None


def refuse_temporary(**paths: Path | None) -> None:
    """Refuse relative paths in the working directory that a Prefect worker makes for each run.

    The worker removes that folder when the run has ended, with all that was written there.

    Args:
        **paths: Paths by their place in the parameters; ``None`` stands for a file in the working
            directory.

    Raises:
        Mistake: The working directory is such a folder, and a path is relative to it.
    """
    here = Path.cwd()
    if here.parent != Path(tempfile.gettempdir()).resolve() or not here.name.endswith(WORKER):
        return
    for place, path in paths.items():
        if path is None or not path.is_absolute():
            raise Mistake(
                what="the path is relative to a temporary folder of Prefect's worker",
                place=f"request: {place}",
                found="none" if path is None else str(path),
                expected="a path in full",
                fix="write it in full, or deploy with job_variables={'working_dir': FOLDER}",
            )
