"""The reference of tables and views: a page for people, and columns for reading studies.

``python -m warehouse.reference`` writes ``docs/tables.md`` and ``schemas/columns.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from schemas.gateway import ATTEMPT_KINDS
from schemas.tables import ROWS, Row
from warehouse.projections.columns import Column, columns_of
from warehouse.projections.ddl import TYPES, create_tables
from warehouse.schema import views_sql

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "tables.md"
COLUMNS = ROOT / "schemas" / "columns.json"

_HEAD = """\
# Tables and views

Written by `python -m warehouse.reference` from the models in `schemas/tables/` and the views in
`warehouse/views/`; do not edit. How to add a table: [add_a_table.md](add_a_table.md).

Keys are text digests of 32 hexadecimal digits; times are UTC; units are in the names. A column
that may be missing says so. JSON columns hold objects: read a field with `data->>'$.field'`.
"""


@dataclass(frozen=True)
class View:
    """A view: its name, what a row of it is, its columns with their types."""

    name: str
    about: str
    columns: tuple[tuple[str, str], ...]


def page() -> str:
    """The reference page: every view and table, with every column."""
    shown = views()
    parts = [
        _HEAD,
        "## Views\n\nAnalysts use these first.\n",
        "\n".join(f"- [{view.name}](#{view.name}): {view.about}" for view in shown) + "\n",
        "## Tables\n",
        "\n".join(f"- [{row.table.name}](#{row.table.name}): {_about(row)}" for row in ROWS) + "\n",
        *(_view_section(view) for view in shown),
        *("\n".join(_section(row)) for row in ROWS),
        *_attempt_kinds(),
    ]
    return "\n".join(parts)


def columns_json() -> str:
    """Types of the columns of every table and view, by name; studies are checked against it."""
    found = {row.table.name: {c.name: TYPES[c.kind] for c in columns_of(row)} for row in ROWS}
    found |= {view.name: dict(view.columns) for view in views()}
    lines = (f' "{name}": {json.dumps(columns)}' for name, columns in sorted(found.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def views() -> tuple[View, ...]:
    """Every view, as an empty warehouse has them."""
    empty = duckdb.connect()
    empty.execute(create_tables())
    empty.execute(views_sql())
    found = empty.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY view_oid"
    ).fetchall()
    columns = {
        name: tuple(
            (str(row[0]), str(row[1])) for row in empty.execute(f"DESCRIBE {name}").fetchall()
        )
        for name, _ in found
    }
    empty.close()
    return tuple(View(name, about, columns[name]) for name, about in found)


def _view_section(view: View) -> str:
    columns = ", ".join(f"`{name}` {_plain(kind)}" for name, kind in view.columns)
    return f"### {view.name}\n\n{view.about}\n\nColumns: {columns}.\n"


def _plain(kind: str) -> str:
    return kind.replace('"', "")


def _about(row: type[Row]) -> str:
    return f"one row per {row.table.about}"


def _section(row: type[Row]) -> Iterator[str]:
    table = row.table
    yield f"### {table.name}\n"
    yield f"{_about(row).capitalize()}. Key: {', '.join(f'`{name}`' for name in table.key)}.\n"
    yield "| column | type | |"
    yield "|---|---|---|"
    for column in columns_of(row):
        yield f"| `{column.name}` | {_type(column)} | {_says(row, column)} |"
    yield ""


def _attempt_kinds() -> Iterator[str]:
    yield "## How attempts end\n"
    yield (
        "The kinds in `attempts.kind` and `calls.error_kind`, and what follows from each; a unit "
        "that fails for want of an answer has the kind of its last call in `units.failure_kind`. "
        "*Retried*: the same request is sent again after a while. *Asked "
        "again*: the question is asked again with the bad answer and its problem quoted. *Paid*: "
        "the provider charges for it. Where the model is at fault, it did answer, but with nothing "
        "usable; after any other fault nobody knows what it would have answered.\n"
    )
    yield "| kind | what happened | whose fault | retried | asked again | paid |"
    yield "|---|---|---|---|---|---|"
    for kind in ATTEMPT_KINDS.values():
        marks = ("yes" if one else "" for one in (kind.retried, kind.asked_again, kind.paid))
        yield f"| `{kind.name}` | {kind.meaning} | {kind.fault} | {' | '.join(marks)} |"
    yield ""


def _type(column: Column) -> str:
    kind = _plain(TYPES[column.kind])
    return kind if column.required else f"{kind}, may be missing"


def _says(row: type[Row], column: Column) -> str:
    says = column.description
    if column.choices:
        says += f" One of {', '.join(f'`{choice}`' for choice in column.choices)}."
    if column.minimum is not None and column.maximum is not None:
        says += f" From {column.minimum:g} to {column.maximum:g}."
    elif column.minimum is not None:
        says += f" At least {column.minimum:g}."
    if column.unit and column.unit != "UTC":
        says += f" In {column.unit}."
    if column.name in row.table.references:
        says += f" Refers to `{row.table.references[column.name]}`."
    return says.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
    COLUMNS.write_text(columns_json())
