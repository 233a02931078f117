"""The commands that write: run and import. They are light to declare; their work is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from schemas.unit import STAGES, Stage

Kind = Literal["transcripts", "codes", "marketplace"]


def run(
    context: typer.Context,
    studies: Annotated[list[Path], typer.Argument(help="Study files.", metavar="STUDY.yaml...")],
    stage: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this stage, of {', '.join(STAGES)}; may be repeated."),
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option(min=0, help="Dollars that may be spent, instead of the study's.")
    ] = None,
    budget_calls: Annotated[
        int | None, typer.Option(min=0, help="Calls that may be made, instead of the study's.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Units worked at once, instead of the study's.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show Prefect's log.")] = False,
) -> None:
    """Run studies: what the warehouse holds already is not asked again."""
    from flows.cli.run import run_studies
    from flows.requests import RunRequest
    from schemas.errors import Mistake, nearest

    for name in stage or ():
        if name not in STAGES:
            close = nearest(name, STAGES)
            raise Mistake(
                what="unknown stage",
                place="--stage",
                found=name,
                expected=f"one of {', '.join(STAGES)}",
                fix=f"write {close}" if close else "",
            )
    requests = [
        RunRequest(
            study=path,
            warehouse=context.obj.warehouse,
            stages=cast(tuple[Stage, ...], tuple(stage or ())),
            budget_usd=budget_usd,
            budget_calls=budget_calls,
            concurrency=concurrency,
        )
        for path in studies
    ]
    if not run_studies(requests, verbose=verbose):
        raise typer.Exit(1)


def import_(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What it is.")],
    path: Annotated[Path, typer.Argument(help="File or folder.")],
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="Format: warroom; for codes also sheet or label_studio."
        ),
    ] = None,
    collection: Annotated[str | None, typer.Option(help="Name that studies find it under.")] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="Codebook of imported codes, if not the format's own.")
    ] = None,
) -> None:
    """Bring in transcripts, codes or markets; importing the same again changes nothing."""
    from flows.settings import apply_defaults

    apply_defaults()
    from flows.imports import imported
    from flows.requests import ImportRequest

    done = imported(
        ImportRequest(
            kind=kind,
            path=path,
            warehouse=context.obj.warehouse,
            format=format_,
            collection=collection,
            codebook=codebook,
        )
    )
    print(f"{kind}: {done.new} units new, {done.held} held already.")
    for note in done.notes:
        print(f"  {note}")


def report(
    context: typer.Context,
    study: Annotated[
        str, typer.Argument(help="A study file, a study's name, or the start of a version.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, instead of NAME-report.html."),
    ] = None,
) -> None:
    """Write a study's report: one HTML file that works offline."""
    from flows.report_file import write_report

    print(f"report: {write_report(study, context.obj.warehouse, output)}")


def sample(
    context: typer.Context,
    study: Annotated[str, typer.Argument(help="A study file, a name, or the start of a version.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write the coding sheets to.")
    ] = Path("sheets"),
) -> None:
    """Draw the sample that people code, and write its blinded coding sheets."""
    from flows.settings import apply_defaults

    apply_defaults()
    from flows.human_coding import handed_out
    from flows.study_references import named

    one = named(study, context.obj.warehouse)
    out = handed_out(one.study, one.version, context.obj.warehouse, output)
    print(f"sample {out.sample_key[:12]}: {out.n_items} items")
    for stratum, n in out.strata.items():
        print(f"  {stratum}: {n}")
    for path in out.files:
        print(f"  wrote {path}")
    print("  bring the codes back with: agora import codes FILE --format sheet")


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command("run")(run)
    app.command("report")(report)
    app.command("import")(import_)
    app.command("sample")(sample)
