"""The report in short, as Markdown: what must not be missed, the contrasts, what it cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.report.data import ReportData
from tasks.report.sections.completeness import completeness_section
from tasks.report.sections.contrasts import contrast_section
from tasks.report.sections.findings import findings
from tasks.report.tables import Table

HEADINGS = {"alarm": "Do not miss", "caution": "Know before citing", "result": "What was found"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(data: ReportData) -> str:
    """The report in short.

    Args:
        data: What the report shows; excerpts of transcripts are not needed.
    """
    completeness = completeness_section(data)
    lines = [f"# {_plain(data.study.name)}", "", f"version `{data.version}`", ""]
    found = findings(data)
    for level, heading in HEADINGS.items():
        mine = [one.text for one in found if one.level == level]
        if mine:
            lines += [f"## {heading}", "", *(f"- {_plain(text)}" for text in mine), ""]
    contrasts = contrast_section(data)
    if contrasts:
        lines += ["## Contrasts", "", *_table(contrasts.table), ""]
    lines += ["## Completeness and costs", "", *_table(completeness.units), ""]
    lines += [
        _plain(completeness.total),
        "",
        f"`agora report {data.version[:12]}` writes the rest.",
    ]
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    heads = [column.heading for column in table.columns]
    rules = ["---:" if column.numeric else "---" for column in table.columns]
    rows = [[f"{cell.text} {cell.small}".strip() for cell in row] for row in table.rows]
    return [_line(heads), f"| {' | '.join(rules)} |", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    r"""A text that Markdown shows as it is.

    Example:
        >>> print(_plain("a_b | c"))
        a\_b \| c
    """
    return _SPECIAL.sub(r"\\\1", text).replace("\n", " ")
