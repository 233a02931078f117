"""The rows of one version of a study, table by table, as the tables' declarations say.

They depend on the units that the version consists of and on nothing that other versions do: not on
the order in which rows were written, nor on when the version was run again with nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from schemas.tables import ROWS, Row
from schemas.tables.column import Part
from warehouse.queries.query import Query
from warehouse.sql import identifier, literal

#: Name of the units of a version within a statement, and the selection of them.
_MEMBERS = "members"
_UNITS = f"(SELECT unit_key FROM {_MEMBERS})"


def rows_of_version(row: type[Row], version: str) -> str:
    """The statement that selects the rows of a version in a table, sorted by the table's key.

    Args:
        row: The table; one whose rows are part of versions.
        version: The version.

    Raises:
        KeyError: Rows of the table are part of no version.
    """
    names = [*row.table.key, *(name for name in row.model_fields if name not in row.table.key)]
    order = ", ".join(map(identifier, names))
    members = f"WITH {_MEMBERS} AS MATERIALIZED ({_members(version)})"
    return f"SELECT * FROM ({members} {_selected(row, version)}) ORDER BY {order}"


def tables_of_versions() -> tuple[type[Row], ...]:
    """The tables whose rows are part of versions, in an order in which references resolve."""
    return tuple(row for row in ROWS if row.table.part != "never")


def _selected(row: type[Row], version: str) -> str:
    table = identifier(row.table.name)
    selections: dict[Part, Callable[[], str]] = {
        "unit": lambda: f"FROM {table} WHERE unit_key IN {_UNITS}",
        "version": lambda: _named(row, version),
        "refers": lambda: _referred(row, version),
        "runs": _runs,
        "commits": lambda: _commits(version),
    }
    selected = selections[row.table.part]()
    if row.table.name == "studies":  # of later runs, those that found nothing to do do not count
        last = f"SELECT max(began_at) FROM ({_runs()}) WHERE study_version = {literal(version)}"
        last_run_at = f"coalesce(({last}), created_at) AS last_run_at"
        return f"SELECT * REPLACE ({last_run_at}) FROM ({selected})"
    return selected


def _named(row: type[Row], version: str) -> str:
    """Rows that name the version; what it consists of is what it first consisted of as a whole."""
    table = identifier(row.table.name)
    of_version = f"study_version = {literal(version)}"
    is_import = {"study_units": "stage <> 'import'", "study_inputs": "stage = 'import'"}
    now = f"SELECT * FROM {table} WHERE {of_version}"
    if row.table.name not in is_import:
        return now
    columns = ", ".join(map(identifier, row.model_fields))
    then = f"SELECT {columns} FROM complete_units WHERE {of_version}"
    return (
        f"{then} AND {is_import[row.table.name]} UNION ALL "
        f"SELECT {columns} FROM ({now}) WHERE NOT EXISTS ({then})"
    )


def _members(version: str) -> str:
    """The units that the version consists of, those from outside that it read included."""
    of_version = f"WHERE study_version = {literal(version)}"
    then = f"SELECT unit_key FROM complete_units {of_version}"
    now = " UNION ALL ".join(
        f"SELECT unit_key FROM {table} {of_version}" for table in ("study_units", "study_inputs")
    )
    return f"{then} UNION SELECT unit_key FROM ({now}) WHERE NOT EXISTS ({then})"


def _referred(row: type[Row], version: str) -> str:
    """Rows whose key a row of the version names."""
    (key,) = row.table.key
    target = f"{row.table.name}.{key}"
    naming = [
        f"SELECT {item} FROM ({_selected(other, version)})"
        for other in ROWS
        if other.table.part == "unit"
        for item in _items_that_name(other, target)
    ]
    table = identifier(row.table.name)
    return f"FROM {table} WHERE {identifier(key)} IN ({' UNION '.join(naming)})"


def _items_that_name(row: type[Row], target: str) -> list[str]:
    table = row.table
    return [
        *(identifier(name) for name, there in table.references.items() if there == target),
        *(
            f"unnest({identifier(name)})"
            for name, there in table.item_references.items()
            if there == target
        ),
    ]


def _runs() -> str:
    """Runs of whatever version in which a unit of this one was worked, or a call of it made."""
    worked = " UNION ALL ".join(
        f"SELECT run_id, committed_at FROM {table} WHERE unit_key IN {_UNITS}"
        for table in ("units", "earlier_units")
    )
    asked = " UNION ALL ".join(
        f"SELECT run_id, asked_at FROM {table} WHERE unit_key IN {_UNITS}"
        for table in ("calls", "earlier_calls")
    )
    return (
        f"SELECT runs.* FROM ({worked}) AS made ASOF JOIN runs "
        "ON made.run_id = runs.run_id AND made.committed_at >= runs.began_at UNION "
        f"SELECT runs.* FROM ({asked}) AS made ASOF JOIN runs "
        "ON made.run_id = runs.run_id AND made.asked_at >= runs.began_at UNION "
        f"SELECT runs.* FROM (SELECT asked_at FROM ({asked}) WHERE run_id IS NULL "
        "OR run_id NOT IN (SELECT run_id FROM runs)) AS made "
        "ASOF JOIN runs ON made.asked_at >= runs.began_at"
    )


def _commits(version: str) -> str:
    """Checks of the version's data sets, and those of the commits that stored units of it."""
    stored = " UNION ".join(
        f"SELECT (run_id, committed_at) FROM {table} WHERE unit_key IN {_UNITS}"
        for table in ("units", "earlier_units")
    )
    return (
        f"FROM validations WHERE study_version = {literal(version)} "
        f"OR (study_version IS NULL AND (run_id, checked_at) IN ({stored}))"
    )


class TableName(NamedTuple):
    """A table."""

    name: str


@dataclass(frozen=True)
class FilledTables(Query[TableName]):
    """The tables that hold rows of any version; most hold none, and are not asked one by one."""

    title = "tables that hold rows"
    sql = " UNION ALL ".join(
        f"SELECT {literal(row.table.name)} AS name WHERE EXISTS (FROM {identifier(row.table.name)})"
        for row in tables_of_versions()
    )


class CompleteUnit(NamedTuple):
    """A unit of a version that is complete."""

    study_version: str
    stage: str
    step: str
    unit_key: str
    condition: str
    replicate: int
    label: str


@dataclass(frozen=True)
class NewlyComplete(Query[CompleteUnit]):
    """The units of a version that are all done, where that is not on record yet; else no row."""

    title = "units of a version that is newly complete"
    sql = """WITH member AS (
    SELECT study_version, stage, step, unit_key, condition, replicate, label
    FROM study_units WHERE study_version = $version
    UNION ALL
    SELECT study_version, 'import', step, unit_key, '', 0, ''
    FROM study_inputs WHERE study_version = $version
)
FROM member
WHERE NOT EXISTS (FROM complete_units WHERE study_version = $version)
    AND NOT EXISTS (
        FROM member LEFT JOIN units USING (unit_key) WHERE status IS DISTINCT FROM 'done'
    )
ORDER BY ALL"""
    version: str


class State(NamedTuple):
    """What a version consists of now: how many units, how many of them done, and a digest."""

    units: int
    done: int
    digest: str


@dataclass(frozen=True)
class StateOfVersion(Query[State]):
    """The state of a version; the digest changes with every unit that is worked or planned.

    No row where no unit of it has been planned yet.
    """

    title = "what a version consists of"
    sql = """WITH complete AS (FROM complete_units WHERE study_version = $version),
member AS (
    SELECT unit_key FROM complete
    UNION
    SELECT unit_key FROM study_units
    WHERE study_version = $version AND NOT EXISTS (FROM complete)
    UNION
    SELECT unit_key FROM study_inputs
    WHERE study_version = $version AND NOT EXISTS (FROM complete)
),
state AS (
    SELECT unit_key, status, committed_at FROM member LEFT JOIN units USING (unit_key)
),
checked AS (SELECT DISTINCT batch FROM validations WHERE study_version = $version)
SELECT
    count(*) AS units,
    count(*) FILTER (status = 'done') AS done,
    md5(
        coalesce(
            string_agg(concat_ws(' ', unit_key, status, committed_at), ',' ORDER BY unit_key), ''
        ) || coalesce((SELECT string_agg(batch, ',' ORDER BY batch) FROM checked), '')
    ) AS digest
FROM state HAVING count(*) > 0"""
    version: str
