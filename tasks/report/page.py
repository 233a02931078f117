"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

import re
from importlib.resources import files

import jinja2
from markupsafe import Markup

from schemas.counts import counted
from tasks.report import formatting
from tasks.report.data import ReportData
from tasks.report.sections.agreement import agreement_section
from tasks.report.sections.completeness import completeness_section
from tasks.report.sections.contrasts import contrast_section, curves
from tasks.report.sections.design import design_section
from tasks.report.sections.expectations import expectation_section
from tasks.report.sections.findings import findings
from tasks.report.sections.metrics import metric_blocks
from tasks.report.sections.transcripts import excerpts

#: Rows of a table that the page shows; its query gives all of them.
MOST_ROWS = 200
#: Tables above this many rows are folded.
FOLDED_ROWS = 24


def page(data: ReportData) -> str:
    """The report of a study as HTML.

    Text from transcripts, codes and files is escaped; the page has no script and asks nothing of
    the network.

    Args:
        data: What it shows.
    """
    agreement = agreement_section(data) if data.study.coding else None
    contrasts = contrast_section(data)
    curve_list = curves(data)
    blocks = metric_blocks(data)
    expected = expectation_section(data)
    shown = excerpts(data)
    sections = [
        ("findings", "At a glance", True),
        ("design", "Design", True),
        ("completeness", "Completeness and costs", True),
        ("expectations", "Expectations", expected is not None),
        ("agreement", "Agreement", agreement is not None),
        ("metrics", "Metrics", bool(blocks)),
        ("contrasts", "Contrasts", contrasts is not None),
        ("curves", "Specification curves", bool(curve_list)),
        ("transcripts", "Transcripts", bool(shown)),
        ("versions", "Versions", True),
    ]
    return (
        _environment()
        .get_template("page.html")
        .render(
            data=data,
            study=data.study,
            contents=[(name, title) for name, title, there in sections if there],
            findings=findings(data),
            design=design_section(data),
            completeness=completeness_section(data),
            expectations=expected,
            agreement=agreement,
            metrics=blocks,
            contrasts=contrasts,
            curves=curve_list,
            excerpts=shown,
            versions=_versions(data),
        )
    )


def _versions(data: ReportData) -> list[tuple[str, str]]:
    coding = data.study.coding
    found = [("Study", f"{data.study.name}, version {data.version}")]
    found.append(("First run", formatting.moment(data.created)))
    found.append(("Read from", data.path))
    if coding is not None:
        found.append(("Codebook", f"{coding.codebook.name}, digest {coding.codebook.digest}"))
    for row in data.rows("code_versions"):
        of = f"{row['code_version']} ({counted(row['units'], 'unit')})"
        found.append(("Units worked by code version", of))
    found.append(("Report made by code version", data.code_version))
    found.append(("Report made", formatting.moment(data.made)))
    return found


def _environment() -> jinja2.Environment:
    folder = files("tasks.report") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (folder / "style.css").read_text(encoding="utf-8")
    environment.globals.update(
        style=Markup(re.sub(r"\n\s*", "\n", style)),
        most_rows=MOST_ROWS,
        folded_rows=FOLDED_ROWS,
    )
    environment.filters.update(
        number=formatting.number, moment=formatting.moment, breakable=formatting.breakable
    )
    return environment
