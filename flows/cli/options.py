"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

DEFAULT_WAREHOUSE = Path("agora.duckdb")

Format = Literal["table", "csv", "json", "parquet"]

#: What names a study that a command reads.
StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A study file, the name of a study, or the start of a version."
    ),
]

#: Study files that a command plans or runs.
StudyFiles = Annotated[
    list[Path], typer.Argument(metavar="STUDY.yaml", help="One or more study files.")
]

#: A file to write.
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file instead of the terminal."),
]


def _remember(context: typer.Context, warehouse: Path | None) -> Path | None:
    if warehouse is not None:
        context.obj = warehouse
    return warehouse


#: The warehouse, named after the command; it wins over the one named before it.
AfterCommand = Annotated[
    Path | None,
    typer.Option(
        "--warehouse",
        callback=_remember,
        help="The warehouse: one DuckDB file. Also accepted before the command.",
        show_default=False,
    ),
]


def warehouse_of(context: typer.Context) -> Path:
    """The warehouse that a command works on."""
    chosen: Path = context.obj
    return chosen
