"""The commit of a batch of results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import polars as pl

from schemas.keys import digest
from schemas.tables import TABLES
from schemas.unit import Failure, Result
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
from warehouse.queries.units import UnitState, UnitStates

Cursor = duckdb.DuckDBPyConnection


def commit_results(
    cursor: Cursor,
    results: Sequence[Result],
    *,
    run_id: str,
    code_version: str,
    whole: bool = False,
    at: dt.datetime,
) -> CommitReport:
    """What became of the results: validated, and stored in one transaction.

    A unit with a row that fails any check is stored as failed with kind ``invalid_rows``; its rows
    go to ``quarantine``, except what was paid for (calls, attempts, parts), and the rest of the
    batch is stored. A unit that is done already is left as it is. So is one that was stored by this
    very commit, which was asked for again because no answer had come; it is reported as it was.

    Args:
        cursor: A connection to the warehouse.
        results: What working the units gave.
        run_id: Flow run.
        code_version: Version of the code.
        whole: Whether to store nothing at all where any unit fails.
        at: When the commit was first asked for; with the run, it says which commit it is.

    Raises:
        BatchRefused: The batch was to be stored whole, and a unit failed; nothing was stored.
        ValueError: A unit gave rows of a table that is unknown or that units do not write, or it
            is in the batch twice.
    """
    given = {result.unit.key: result for result in results}
    if len(given) < len(results):
        raise ValueError("a batch holds two results of one unit")
    time = naive_utc(at)
    held = {row.unit_key: row for row in _states(cursor, given)}
    earlier = {
        key: row for key, row in held.items() if (row.run_id, row.committed_at) == (run_id, time)
    }
    new = {
        key: result
        for key, result in given.items()
        if key not in earlier and (key not in held or held[key].status != "done")
    }
    key = digest("commit", run_id, time.isoformat(), sorted(given))
    unchanged = tuple(unit for unit in given if unit not in new and unit not in earlier)
    failures = {
        unit: Failure(row.failure_kind or "", row.failure or "")
        for unit, row in earlier.items()
        if row.status == "failed"
    }
    counts: dict[str, int] = {}
    if new:
        tables, checks = staged_tables(list(new.values()))
        batch = Batch(key, run_id, code_version, time, new, tables, checks)
        with transaction(cursor):
            counts = _written(cursor, batch, [unit for unit in new if unit in held])
            refused = batch.failures()
            if whole and refused:
                raise BatchRefused(refused)
        failures |= refused
    done = tuple(unit for unit in given if unit not in failures and unit not in unchanged)
    return CommitReport(key, done, failures, unchanged, counts)


def _states(cursor: Cursor, keys: Iterable[str]) -> list[UnitState]:
    """Those of the units that were worked."""
    return [UnitState(*row) for row in cursor.execute(UnitStates(tuple(keys)).text).fetchall()]


def _written(cursor: Cursor, batch: Batch, failed_before: list[str]) -> dict[str, int]:
    """Rows written by table. The caller holds the transaction."""
    checks: dict[tuple[str, str], Check] = {}
    names = frozenset(batch.tables)
    frames = _shown(cursor, batch, {})
    commit_calls(cursor, batch)
    set_aside(cursor, failed_before, with_calls="calls" in batch.tables)
    # A refusal may leave a reference of another unit without its row, so look again until
    # nothing more is refused; each round but the last refuses a row, so it ends.
    refused = -1
    while refused != (refused := sum(len(s.refused) for s in batch.tables.values())):
        for staged in batch.tables.values():
            for check in broken_rules(cursor, staged, names, len(frames[staged.name])):
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
