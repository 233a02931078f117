"""The command line ``agora``: every command with its options.

What a command does stands in a module of its own, which is imported when the command is called, so
that no command waits for the libraries of another.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli import write_commands
from schemas.errors import Mistake, Mistakes

app = typer.Typer(
    name="agora",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Experiments on groups of language-model agents: one YAML study in, validated tables out.",
)

Format = Literal["table", "csv", "json", "parquet"]
StudyName = Annotated[
    str, typer.Argument(help="A study file, a study's name, or the start of a version.")
]


@dataclass(frozen=True)
class Shared:
    """Options that stand before the command."""

    warehouse: Path


def warehouse_of(context: typer.Context) -> Path:
    """The warehouse that a command works on."""
    shared: Shared = context.obj
    return shared.warehouse


@app.callback()
def _shared(
    context: typer.Context,
    warehouse: Annotated[
        Path, typer.Option(envvar="AGORA_WAREHOUSE", help="The warehouse: one DuckDB file.")
    ] = Path("agora.duckdb"),
) -> None:
    context.obj = Shared(warehouse)


write_commands.register(app)


@app.command()
def plan(
    context: typer.Context,
    studies: Annotated[list[Path], typer.Argument(help="Study files.", metavar="STUDY.yaml...")],
) -> None:
    """Say what would run, what is held already, and what it would cost."""
    from flows.cli.plan import print_plans

    print_plans(studies, warehouse_of(context))


@app.command()
def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One query; - reads it from standard input.")],
    format_: Annotated[
        Format, typer.Option("--format", "-f", help="Form of the answer.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of printing.")
    ] = None,
) -> None:
    """Query the warehouse with SQL; nothing can be changed."""
    from flows.cli.sql import answer

    answer(query, warehouse_of(context), format_, output)


@app.command()
def studies(context: typer.Context) -> None:
    """List the versions of studies in the warehouse."""
    from flows.cli.studies import print_studies

    print_studies(warehouse_of(context))


@app.command()
def show(context: typer.Context, study: StudyName) -> None:
    """Show what a study consists of, and what of it is done."""
    from flows.cli.show import print_study

    print_study(study, warehouse_of(context))


@app.command()
def diff(
    context: typer.Context,
    a: StudyName,
    b: StudyName,
) -> None:
    """Show in what two studies, or two versions of one, differ."""
    from flows.cli.diff import print_differences

    print_differences(a, b, warehouse_of(context))


@app.command()
def explain(
    context: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="The start of a call's or unit's key, or a unit's label.")
    ],
    study: Annotated[
        str | None, typer.Option(help="Study (file, name or version) that the unit belongs to.")
    ] = None,
) -> None:
    """Say why a call or a unit is, or is not, in the warehouse."""
    from flows.cli.explain import print_explanation

    print_explanation(reference, study, warehouse_of(context))


@app.command()
def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write instead of printing.")
    ] = None,
) -> None:
    """Print the JSON Schema of a study, for editors."""
    from flows.cli.schema import write_schema

    write_schema(output)


def main() -> None:
    """Run the command line; a mistake is told in one message and ends it with status 2."""
    try:
        app(prog_name="agora")
    except (Mistake, Mistakes) as mistake:
        print(mistake.message(), file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
