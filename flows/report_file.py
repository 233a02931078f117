"""``agora report``: a study's report as one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.files import write_out
from flows.naming import SHORT
from flows.study_references import named
from schemas.errors import Mistake


def write_report(
    study: str, warehouse: Path, output: Path | None, allowed: Sequence[Path] = ()
) -> Path:
    """Write the report of a study; gives the file that it was written to.

    Args:
        study: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.
        output: File to write; ``NAME-report.html`` in the working directory if left out.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, it has not been run, or a file cannot be used.
        Mistakes: The study file has mistakes in it.
    """
    found = named(study, warehouse, allowed)
    if not found.recorded:
        raise Mistake(
            what="this version of the study has not been run, so there is nothing to report",
            place=f"{found.study.name} {found.version[:SHORT]}",
            fix=f"agora run {found.path}",
        )
    from flows.reporting import report_data
    from tasks.report.page import page
    from warehouse.reader import reader

    with reader(warehouse) as reading:
        data = report_data(found.study, found.version, reading)
    target = output or Path(f"{found.study.name}-report.html")
    write_out(page(data).encode(), target)
    return target
