"""The commit of a batch of results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import polars as pl

from schemas.keys import digest
from schemas.tables import TABLES
from schemas.unit import Result
from warehouse.committing.batch import Batch, BatchRefused, Check, CommitReport
from warehouse.committing.rules import broken_rules
from warehouse.committing.staging import staged_tables
from warehouse.committing.writing import (
    commit_calls,
    insert,
    insert_staged,
    keep_for_now,
    quarantine_rows,
    set_aside,
    unit_rows,
    validation_rows,
)
from warehouse.connection import transaction
from warehouse.projections.frames import frame_schema, naive_utc
from warehouse.queries.units import UnitStatuses

Cursor = duckdb.DuckDBPyConnection


def commit_results(
    cursor: Cursor,
    results: Sequence[Result],
    *,
    run_id: str,
    code_version: str,
    whole: bool = False,
) -> CommitReport:
    """What became of the results: validated, and stored in one transaction.

    A unit with a row that fails any check is stored as failed with kind ``invalid_rows``; its rows
    go to ``quarantine``, except what was paid for (calls, attempts, parts), and the rest of the
    batch is stored. A unit that is done already is left as it is.

    Args:
        cursor: A connection to the warehouse.
        results: What working the units gave.
        run_id: Flow run.
        code_version: Version of the code.
        whole: Whether to store nothing at all where any unit fails.

    Raises:
        BatchRefused: The batch was to be stored whole, and a unit failed; nothing was stored.
        ValueError: A unit gave rows of a table that is unknown or that units do not write, or it
            is in the batch twice.
    """
    given = {result.unit.key: result for result in results}
    if len(given) < len(results):
        raise ValueError("a batch holds two results of one unit")
    statuses = unit_statuses(cursor, given)
    new = {key: result for key, result in given.items() if statuses.get(key) != "done"}
    time = naive_utc(dt.datetime.now(dt.UTC))
    key = digest("commit", run_id, time.isoformat(), sorted(given))
    unchanged = tuple(unit for unit in given if unit not in new)
    if not new:
        return CommitReport(key, (), {}, unchanged, {})
    tables, checks = staged_tables(list(new.values()))
    batch = Batch(key, run_id, code_version, time, new, tables, checks)
    with transaction(cursor):
        counts = _written(cursor, batch, [unit for unit in new if unit in statuses])
        failures = batch.failures()
        if whole and failures:
            raise BatchRefused(failures)
    done = tuple(unit for unit in new if unit not in failures)
    return CommitReport(key, done, failures, unchanged, counts)


def unit_statuses(cursor: Cursor, keys: Iterable[str]) -> dict[str, str]:
    """Status of those of the units that were worked."""
    return dict(cursor.execute(UnitStatuses(tuple(keys)).text).fetchall())


def _written(cursor: Cursor, batch: Batch, failed_before: list[str]) -> dict[str, int]:
    """Rows written by table. The caller holds the transaction."""
    checks: dict[tuple[str, str], Check] = {}
    names = frozenset(batch.tables)
    frames = _shown(cursor, batch, {})
    commit_calls(cursor, batch)
    set_aside(cursor, batch, failed_before)
    # A refusal may leave a reference of another unit without its row, so look again until
    # nothing more is refused; each round but the last refuses a row, so it ends.
    refused = -1
    while refused != (refused := sum(len(s.refused) for s in batch.tables.values())):
        for staged in batch.tables.values():
            for check in broken_rules(cursor, staged, names):
                earlier = checks.get((check.table, check.name))
                checks[check.table, check.name] = check if earlier is None else _sum(earlier, check)
        frames = _shown(cursor, batch, frames)
    for staged in batch.tables.values():
        insert_staged(cursor, staged, frames[staged.name])
    failures = batch.failures()
    for table, rows in {
        "units": unit_rows(batch, failures, frames),
        "validations": validation_rows(batch, [*batch.checks, *checks.values()]),
        "quarantine": quarantine_rows(batch, failures),
    }.items():
        insert(cursor, table, pl.DataFrame(rows, schema=frame_schema(TABLES[table])))
    return {name: len(frame) for name, frame in frames.items() if len(frame)}


def _shown(
    cursor: Cursor, batch: Batch, before: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """The rows that are to be stored as things stand, which the connection has as ``in_<table>``.

    Args:
        cursor: The connection.
        batch: The batch.
        before: The rows that it has already; there are never more than before.
    """
    failed = frozenset(batch.failures())
    frames = {name: staged.accepted(failed) for name, staged in batch.tables.items()}
    for name, frame in frames.items():
        if name not in before or len(frame) < len(before[name]):
            keep_for_now(cursor, f"in_{name}", frame)
    return frames


def _sum(earlier: Check, later: Check) -> Check:
    return Check(
        earlier.table,
        earlier.name,
        earlier.source,
        earlier.n_rows,
        earlier.n_failed + later.n_failed,
        earlier.detail,
    )
