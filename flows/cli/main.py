"""The command line ``agora``: every command with its options.

What a command does stands in a module of its own, which is imported when the command is called, so
that no command waits for the libraries of another.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli import deployment_commands, upkeep_commands, write_commands
from flows.cli.bugs import print_bug
from flows.cli.options import (
    DEFAULT_WAREHOUSE,
    LOOK,
    STUDY,
    AfterCommand,
    AllowPath,
    Format,
    Output,
    QueryCommand,
    Shared,
    StudyFiles,
    StudyName,
    allowed_of,
    warehouse_of,
)
from schemas.errors import Mistake, Mistakes

app = typer.Typer(
    name="agora",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Run experiments on groups of language-model agents. "
    "You write one YAML study; Agora leaves validated tables in one DuckDB file.",
    epilog="Start with: agora init my-study",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from flows.version import code_version

        print(f"agora {code_version()}")
        raise typer.Exit


@app.callback()
def _shared(
    context: typer.Context,
    warehouse: Annotated[
        Path,
        typer.Option(
            envvar="AGORA_WAREHOUSE",
            help="The warehouse: a DuckDB file, or a lake's YAML. Also accepted after the command.",
        ),
    ] = DEFAULT_WAREHOUSE,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    context.obj = Shared(warehouse)


write_commands.register(app)
upkeep_commands.register(app)
deployment_commands.register(app)


@app.command(rich_help_panel=STUDY)
def plan(
    context: typer.Context,
    studies: StudyFiles,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Show what a run would do and cost, without running anything."""
    from flows.cli.plan import print_plans

    print_plans(studies, warehouse_of(context), allowed_of(context))


@app.command(cls=QueryCommand, rich_help_panel=LOOK)
def sql(
    context: typer.Context,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="One query; - reads it from standard input.")
    ],
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="Format of the answer.")
    ] = "table",
    output: Output = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="STUDY",
            help="Answer as of a study, or a version of it (NAME@2): tables and views hold its "
            "rows only, and the answer stays the same whatever is run later.",
        ),
    ] = None,
    connect: Annotated[
        bool,
        typer.Option(
            "--connect",
            help="Print what to type into another DuckDB, such as its shell, to ask the same.",
        ),
    ] = False,
    warehouse: AfterCommand = None,
) -> None:
    """Query the warehouse with SQL. Queries only read; they cannot change anything."""
    if connect:
        from flows.cli.terminal import say
        from warehouse.other_duckdb import statements_elsewhere

        say(statements_elsewhere(warehouse_of(context), query))
        return
    from flows.cli.sql import answer

    answer(query, warehouse_of(context), format_, output, at)


@app.command(rich_help_panel=LOOK)
def studies(context: typer.Context, warehouse: AfterCommand = None) -> None:
    """List the studies in the warehouse, one line per version."""
    from flows.cli.studies import print_studies

    print_studies(warehouse_of(context))


@app.command(rich_help_panel=STUDY)
def status(
    context: typer.Context,
    study: StudyName,
    format_: Annotated[
        Literal["text", "json"], typer.Option("--format", "-f", help="Format of the answer.")
    ] = "text",
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Show how far a study is, also while it runs: done, failed and why, missing, cost so far."""
    from flows.cli.status import print_status

    print_status(study, warehouse_of(context), format_, allowed_of(context))


@app.command(rich_help_panel=LOOK)
def recover(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="One or more metrics or tests.")
    ],
    studies_: Annotated[
        int, typer.Option("--studies", min=10, help="Made-up studies of each world.")
    ] = 100,
    episodes: Annotated[
        int, typer.Option(min=3, help="Episodes in each of the two conditions.")
    ] = 12,
) -> None:
    """Show what metrics and tests find in made-up studies whose truth is known."""
    from flows.cli.recover import print_recovery

    print_recovery(names, studies_, episodes)


@app.command(rich_help_panel=LOOK)
def show(
    context: typer.Context,
    study: StudyName,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Show what a study consists of and how much of it is done."""
    from flows.cli.show import print_study

    print_study(study, warehouse_of(context), allowed_of(context))


@app.command(rich_help_panel=LOOK)
def read(
    context: typer.Context,
    study: StudyName,
    condition: Annotated[
        str | None,
        typer.Option(help="Condition, or series of a collection; the first one if left out."),
    ] = None,
    replicate: Annotated[
        int | None,
        typer.Option(min=1, help="Number of the episode within the condition, from 1."),
    ] = None,
    seen: Annotated[
        bool, typer.Option("--seen", help="Say what each speaker had seen when it spoke.")
    ] = False,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Read an episode: rounds, names, interventions, and codes beside messages."""
    from flows.cli.read import print_episode

    print_episode(
        study,
        warehouse_of(context),
        condition,
        replicate,
        seen=seen,
        allowed=allowed_of(context),
    )


@app.command(rich_help_panel=LOOK)
def diff(
    context: typer.Context,
    a: StudyName,
    b: StudyName,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Show how two studies, or two versions of one study, differ."""
    from flows.cli.diff import print_differences

    print_differences(a, b, warehouse_of(context), allowed_of(context))


@app.command(rich_help_panel=LOOK)
def explain(
    context: typer.Context,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="The start of the key of a call or a unit, or the label of a unit."
        ),
    ],
    study: Annotated[
        str | None,
        typer.Option(help="The study that the unit belongs to: a file, a name or a version."),
    ] = None,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Say why a call or a unit is in the warehouse, or why it is not."""
    from flows.cli.explain import print_explanation

    print_explanation(reference, study, warehouse_of(context), allowed_of(context))


@app.command(rich_help_panel=STUDY)
def schema(output: Output = None) -> None:
    """Print the JSON Schema of a study, so that your editor can complete and check it."""
    from flows.cli.schema import write_schema

    write_schema(output)


def main() -> None:
    """Run the command line; a mistake is told in one message and ends it with status 2."""
    sys.excepthook = print_bug
    try:
        app(prog_name="agora")
    except (Mistake, Mistakes) as mistake:
        print(mistake.message(), file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
