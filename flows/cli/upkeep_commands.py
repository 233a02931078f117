"""The commands that look after a warehouse: snapshot, gc, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.options import UPKEEP, AfterCommand, AllowPath, allowed_of, warehouse_of
from flows.cli.terminal import say

TextOrJson = Annotated[
    Literal["text", "json"], typer.Option("--format", "-f", help="Format of the answer.")
]


def snapshot(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.")],
    warehouse: AfterCommand = None,
) -> None:
    """Copy the warehouse as it is now to one DuckDB file, also while runs go on."""
    from warehouse.snapshot import snapshot as taken

    size = taken(warehouse_of(context), file)
    say(f"snapshot: {size / 1e6:,.1f} MB written to {file}")


def gc(
    context: typer.Context,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove them. Without this nothing changes.")
    ] = False,
    paid: Annotated[
        bool,
        typer.Option("--paid", help="With --remove: units too whose calls cost money."),
    ] = False,
    warehouse: AfterCommand = None,
) -> None:
    """List units that no version of a study refers to, and what journals hold; remove them."""
    from flows.cli.upkeep import print_leftovers

    print_leftovers(warehouse_of(context), remove=remove, paid=paid)


def doctor(
    context: typer.Context,
    study: Annotated[
        str | None,
        typer.Argument(metavar="STUDY", help="A study, to see whether its models have keys."),
    ] = None,
    format_: TextOrJson = "text",
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Check packages, server, disk, warehouse and keys; status 1 if anything is wrong."""
    from flows.cli.upkeep import print_findings

    if not print_findings(warehouse_of(context), study, allowed_of(context), format_):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command("snapshot", rich_help_panel=UPKEEP)(snapshot)
    app.command("gc", rich_help_panel=UPKEEP)(gc)
    app.command("doctor", rich_help_panel=UPKEEP)(doctor)
