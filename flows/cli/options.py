"""Options and arguments that several commands share."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer
from typer.core import TyperCommand

from schemas.errors import Mistake, nearest
from schemas.unit import STAGES, Stage
from tasks.files import missing

DEFAULT_WAREHOUSE = Path("agora.duckdb")

Format = Literal["table", "csv", "json", "parquet"]

#: What commands are for, as ``agora --help`` groups them.
STUDY, LOOK, DATA, UPKEEP = (
    "Work on a study",
    "Look at results",
    "Bring in and give away",
    "Operate",
)

#: Stages that a command works, in place of all.
StageNames = Annotated[
    list[str] | None,
    typer.Option(
        "--stage",
        help=f"Run only this stage: {', '.join(STAGES)}. Repeat the option for several stages.",
    ),
]


def stages_of(names: list[str] | None) -> tuple[Stage, ...]:
    """The stages that the option names.

    Raises:
        Mistake: There is no such stage.
    """
    for name in names or ():
        if name not in STAGES:
            close = nearest(name, STAGES)
            raise Mistake(
                what="unknown stage",
                place="--stage",
                found=name,
                expected=f"one of {', '.join(STAGES)}",
                fix=f"write {close}" if close else "",
            )
    return cast(tuple[Stage, ...], tuple(names or ()))


#: What names a study that a command reads.
StudyName = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A study file, the name of a study, or the start of a version."
    ),
]


def present(files: list[Path] | None) -> list[Path] | None:
    """Files that are there, before a command waits for the libraries that read them.

    Raises:
        Mistake: One is missing.
    """
    for path in files or ():
        if not path.exists():
            raise missing(path, str(path))
    return files


#: Study files that a command plans or runs.
StudyFiles = Annotated[
    list[Path],
    typer.Argument(metavar="STUDY.yaml", callback=present, help="One or more study files."),
]

#: A file to write.
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file instead of the terminal."),
]


@dataclass(frozen=True)
class Shared:
    """What several commands are told.

    Attributes:
        warehouse: The warehouse that they work on.
        allowed: Folders outside a study's own whose files it may name.
    """

    warehouse: Path = DEFAULT_WAREHOUSE
    allowed: tuple[Path, ...] = ()


def _remember(context: typer.Context, warehouse: Path | None) -> Path | None:
    if warehouse is not None:
        context.obj = replace(context.obj, warehouse=warehouse)
    return warehouse


def _allow(context: typer.Context, folders: list[Path] | None) -> list[Path] | None:
    context.obj = replace(context.obj, allowed=tuple(folders or ()))
    return folders


#: The warehouse, named after the command; it wins over the one named before it.
AfterCommand = Annotated[
    Path | None,
    typer.Option(
        "--warehouse",
        callback=_remember,
        help="The warehouse: a DuckDB file, or a lake's YAML. Also accepted before the command.",
        show_default=False,
    ),
]


class QueryCommand(TyperCommand):
    """A command whose argument may begin with ``--``, as a comment in SQL does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts words that are no option, but begin like one and hold a space, behind the others."""
        known = {name for one in self.get_params(ctx) for name in one.opts}
        queries = [
            word
            for word in args
            if word.startswith("--") and _BLANK.search(word) and word.partition("=")[0] not in known
        ]
        if queries and "--" not in args:
            args = [*(word for word in args if word not in queries), "--", *queries]
        return super().parse_args(ctx, args)


_BLANK = re.compile(r"\s")


def warehouse_of(context: typer.Context) -> Path:
    """The warehouse that a command works on."""
    shared: Shared = context.obj
    return shared.warehouse


#: Folders that a study may read besides its own.
AllowPath = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-path",
        callback=_allow,
        help="Let studies name files in this folder too; repeat the option for several folders. "
        "They always may in the folder of the study.",
        show_default=False,
    ),
]


def allowed_of(context: typer.Context) -> tuple[Path, ...]:
    """Folders outside a study's own whose files it may name."""
    shared: Shared = context.obj
    return shared.allowed
