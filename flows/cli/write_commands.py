"""The commands that write. They are light to declare; their work is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from flows.cli.options import (
    DATA,
    LOOK,
    STUDY,
    AfterCommand,
    AllowPath,
    StageNames,
    StudyFiles,
    StudyName,
    allowed_of,
    stages_of,
    warehouse_of,
)
from flows.cli.terminal import say
from schemas.counts import counted
from schemas.errors import Mistake
from schemas.source import Source

Kind = Literal["transcripts", "codes", "marketplace", "instrument", "archive"]


def init(
    name: Annotated[
        str, typer.Argument(help="Name of the study and of the folder to create.")
    ] = "my-study",
) -> None:
    """Create a folder with a study that runs offline as it stands, for you to change."""
    from flows.cli.init import create_study

    create_study(name)


BudgetUsd = Annotated[
    float | None,
    typer.Option(min=0, help="Spend at most this many dollars. Overrides the study."),
]
BudgetCalls = Annotated[
    int | None,
    typer.Option(min=0, help="Make at most this many model calls. Overrides the study."),
]
Concurrency = Annotated[
    int | None,
    typer.Option(min=1, help="Work on at most this many units at once. Overrides the study."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log of Prefect.")]
Said = Annotated[
    Literal["text", "json"],
    typer.Option("--format", "-f", help="What is printed: text, or JSON lines for programs."),
]


def run(
    context: typer.Context,
    studies: StudyFiles,
    stage: StageNames = None,
    budget_usd: BudgetUsd = None,
    budget_calls: BudgetCalls = None,
    concurrency: Concurrency = None,
    format_: Said = "text",
    verbose: Verbose = False,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Run studies. Whatever the warehouse already holds is not done again."""
    from flows.cli.run import run_studies
    from flows.requests import RunRequest

    requests = [
        RunRequest(
            study=path,
            allow_paths=allowed_of(context),
            warehouse=warehouse_of(context),
            stages=stages_of(stage),
            budget_usd=budget_usd,
            budget_calls=budget_calls,
            concurrency=concurrency,
        )
        for path in studies
    ]
    if not run_studies(requests, verbose=verbose, as_json=format_ == "json"):
        raise typer.Exit(1)


def retry(
    context: typer.Context,
    study: StudyName,
    stage: StageNames = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            help="Work units of this condition, and of the whole study. Repeat the option for "
            "several conditions."
        ),
    ] = None,
    budget_usd: BudgetUsd = None,
    budget_calls: BudgetCalls = None,
    concurrency: Concurrency = None,
    format_: Said = "text",
    verbose: Verbose = False,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Work what failed or is missing of a study that was run, and nothing that is done."""
    from flows.cli.run import run_studies
    from flows.requests import RunRequest
    from flows.status import version_on_record

    found = version_on_record(study, condition or (), warehouse_of(context), allowed_of(context))
    request = RunRequest(
        study=Path(found.path),
        allow_paths=allowed_of(context),
        warehouse=warehouse_of(context),
        stages=stages_of(stage),
        version=found.version,
        conditions=tuple(condition or ()),
        budget_usd=budget_usd,
        budget_calls=budget_calls,
        concurrency=concurrency,
    )
    if not run_studies([request], verbose=verbose, as_json=format_ == "json"):
        raise typer.Exit(1)


def _said(field: str) -> str:
    """What an option says that declares something of imported data."""
    return f"Of the data: {Source.model_fields[field].description}"


def _declared(**texts: str) -> Source:
    """What the options of an import declare.

    Raises:
        Mistake: A text is too long.
    """
    for name, text in texts.items():
        most = next(one.max_length for one in Source.model_fields[name].metadata)
        if len(text) > most:
            raise Mistake(
                what=f"the {name} is too long",
                place=f"--{name}",
                found=f"{len(text):,} characters",
                expected=f"at most {most:,}",
            )
    return Source(**texts)


def import_(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What to import.")],
    path: Annotated[Path, typer.Argument(help="The file or folder to import.")],
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="Format: warroom; for codes also sheet and label_studio."
        ),
    ] = None,
    collection: Annotated[
        str | None, typer.Option(help="Name by which studies refer to it.")
    ] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="Codebook of the codes, where it is not that of the format.")
    ] = None,
    coder: Annotated[
        str | None,
        typer.Option(
            help="Name for the coder of a sheet, such as that of a second coding by one person."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write an instrument to. Default: NAME.yaml here."
        ),
    ] = None,
    source: Annotated[str, typer.Option(help=_said("source"))] = "",
    licence: Annotated[str, typer.Option(help=_said("licence"))] = "",
    citation: Annotated[str, typer.Option(help=_said("citation"))] = "",
    warehouse: AfterCommand = None,
) -> None:
    """Import transcripts, codes, markets, instruments or archives.

    Doing it again changes nothing but what is declared of the data.
    """
    declared = _declared(source=source, licence=licence, citation=citation)
    others = {"--format": format_, "--collection": collection, "--codebook": codebook}
    others |= {"--coder": coder}
    if kind == "archive":
        from flows.cli.archives import import_folder

        import_folder(path, warehouse_of(context), {**others, "--output": output}, declared)
        return
    if kind == "instrument" or output is not None:
        from flows.instrument_file import write_instrument

        written = write_instrument(kind, path, output, others, declared)
        say(written)
        return
    from flows.settings import apply_defaults

    apply_defaults()
    from flows.imports import import_data
    from flows.requests import ImportRequest

    done = import_data(
        ImportRequest(
            kind=kind,
            path=path,
            warehouse=warehouse_of(context),
            format=format_,
            collection=collection,
            codebook=codebook,
            coder=coder,
            declared=declared,
        )
    )
    say(f"{kind}: imported {counted(done.new, 'unit')}; {done.held} were already in the warehouse.")
    for note in done.notes:
        say(f"  {note}")


def export(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[personas] STUDY TARGET",
            help="STUDY is a study file, a name, NAME@2, or the start of a version; TARGET is a "
            "folder that is empty or not there. With the word personas before them: the personas "
            "alone, into a file .jsonl, .parquet, or .json for TinyTroupe; a name without suffix "
            "is a folder with a TinyTroupe agent in each file.",
        ),
    ],
    condition: Annotated[
        str | None,
        typer.Option(
            help="Of personas: the condition whose population is meant, where they differ in it."
        ),
    ] = None,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Export a version of a study: an archive of Parquet files, or its personas alone."""
    from flows.cli.archives import export_words

    export_words(words, warehouse_of(context), condition, allowed_of(context))


def report(
    context: typer.Context,
    study: StudyName,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write. Default: NAME-report.html."),
    ] = None,
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Write the report of a study: one HTML file that works offline."""
    from flows.report_file import write_report

    path = write_report(study, warehouse_of(context), output, allowed_of(context))
    say(f"report: {path}")


def sample(
    context: typer.Context,
    study: StudyName,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the coding sheets.")
    ] = Path("sheets"),
    allow_path: AllowPath = None,
    warehouse: AfterCommand = None,
) -> None:
    """Draw the sample for human coders and write blinded coding sheets."""
    from flows.settings import apply_defaults

    apply_defaults()
    from flows.human_coding import hand_out
    from flows.study_references import named

    one = named(study, warehouse_of(context), allowed_of(context))
    out = hand_out(one.study, one.version, warehouse_of(context), output)
    say(f"sample {out.sample_key[:12]}: {counted(out.n_items, 'item')}")
    for stratum, n in out.strata.items():
        say(f"  {stratum}: {n}")
    for path in out.files:
        say(f"  wrote {path}")
    say("  import the filled sheets with: agora import codes FILE --format sheet")


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command("init", rich_help_panel=STUDY)(init)
    app.command("run", rich_help_panel=STUDY)(run)
    app.command("retry", rich_help_panel=STUDY)(retry)
    app.command("report", rich_help_panel=LOOK)(report)
    app.command("import", rich_help_panel=DATA)(import_)
    app.command("export", rich_help_panel=DATA)(export)
    app.command("sample", rich_help_panel=DATA)(sample)
