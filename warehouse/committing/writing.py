"""Storing what passed: one transaction, rows by name, nothing row by row."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import orjson
import polars as pl

from schemas.unit import Failure
from warehouse.committing.batch import NUMBER, PAID, SHARED, UNIT, Batch, Check, Staged
from warehouse.sql import identifier

Cursor = duckdb.DuckDBPyConnection

#: Name of the rows that a statement reads once.
ARRIVING = "arriving"
#: Bytes that one statement inserts, about.
PIECE_BYTES = 16 * 2**20


def commit_calls(cursor: Cursor, batch: Batch) -> None:
    """Takes the calls that the batch brings from those whose unit was not committed."""
    if "calls" in batch.tables:
        take_from_uncommitted(cursor)


def take_from_uncommitted(cursor: Cursor) -> None:
    """Takes the calls in ``in_calls`` from those whose unit was not committed."""
    cursor.execute(
        "DELETE FROM uncommitted_calls WHERE (call_key, asked_at) IN "
        "(SELECT (call_key, asked_at) FROM in_calls)"
    )


def set_aside(cursor: Cursor, failed_before: Sequence[str], *, with_calls: bool) -> None:
    """Puts aside what earlier tries of units left and the batch brings again.

    A failed unit has left nothing but its row in ``units`` and what was paid for. Of the latter,
    calls that the batch does not repeat stay where they are. One that was made again stays beside
    the tables, with its attempts; one whose answer was used again is the same call, asked at the
    same time, and is there once.

    Args:
        cursor: The connection.
        failed_before: Units that failed, and are in the batch.
        with_calls: Whether the batch brings calls, as ``in_calls``.
    """
    if not failed_before:
        return
    keys = pl.DataFrame({"unit_key": failed_before}, schema={"unit_key": pl.String})
    keep_for_now(cursor, "failed_before", keys)
    of_them = "unit_key IN (SELECT unit_key FROM failed_before)"
    cursor.execute(f"INSERT INTO earlier_units BY NAME FROM units WHERE {of_them}")
    cursor.execute(f"DELETE FROM units WHERE {of_them}")
    if with_calls:
        made_again = (
            f"FROM calls AS held JOIN in_calls AS new USING (call_key) WHERE held.{of_them} "
            "AND held.asked_at <> new.asked_at"
        )
        cursor.execute(
            "INSERT INTO earlier_attempts BY NAME SELECT attempts.*, asked_at FROM attempts "
            f"JOIN (SELECT held.call_key, held.asked_at {made_again}) USING (call_key)"
        )
        cursor.execute(f"INSERT INTO earlier_calls BY NAME SELECT held.* {made_again}")
        repeated = f"{of_them} AND call_key IN (SELECT call_key FROM in_calls)"
        for name in ("attempts", "calls"):
            cursor.execute(f"DELETE FROM {name} WHERE {repeated}")
    cursor.execute("DROP TABLE failed_before")


def keep_for_now(cursor: Cursor, name: str, rows: pl.DataFrame) -> None:
    """Keeps rows as a temporary table, in place of any of that name."""
    arrive(cursor, rows)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS FROM {ARRIVING}")


def insert_staged(cursor: Cursor, staged: Staged, accepted: pl.DataFrame) -> None:
    """Inserts the rows of a table that were accepted; those kept as ``in_<table>`` go before.

    The transaction holds what it inserts in memory until it ends, so nothing is there twice.
    """
    cursor.execute(f"DROP TABLE {identifier(f'in_{staged.name}')}")
    if staged.name in SHARED:
        accepted = _not_held(cursor, staged, accepted)
    insert(cursor, staged.name, accepted.drop(NUMBER, UNIT))


def _not_held(cursor: Cursor, staged: Staged, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a table that units share, each once, without those that it holds."""
    (key,) = staged.row.table.key
    rows = rows.sort(NUMBER).unique(key, keep="first", maintain_order=True)
    column, table = identifier(key), identifier(staged.name)
    arrive(cursor, rows.select(key))
    held = cursor.execute(
        f"SELECT {column} FROM {table} WHERE {column} IN (SELECT {column} FROM {ARRIVING})"
    ).fetchall()
    return rows.filter(~pl.col(key).is_in([value for (value,) in held]))


def not_on_record(cursor: Cursor, calls: pl.DataFrame) -> pl.DataFrame:
    """Those of calls that no table of calls holds as asked at that time."""
    keys = "(call_key, asked_at)"
    arrive(cursor, calls.select("call_key", "asked_at"))
    held = " UNION ALL ".join(
        f"SELECT call_key, asked_at FROM {table}"
        for table in ("calls", "earlier_calls", "uncommitted_calls")
    )
    found = cursor.execute(
        f"SELECT call_key, asked_at FROM {ARRIVING} WHERE {keys} NOT IN "
        f"(SELECT {keys} FROM ({held}))"
    ).pl()
    return calls.join(found, on=["call_key", "asked_at"], how="semi")


def insert(cursor: Cursor, table: str, rows: pl.DataFrame) -> None:
    """Inserts rows into a table, a limited number of bytes at a time.

    DuckDB reads thousands of rows at once, which do not fit its memory where texts are long.
    """
    if rows.is_empty():
        return
    pieces = math.ceil(rows.estimated_size() / PIECE_BYTES) or 1
    for piece in rows.iter_slices(math.ceil(len(rows) / pieces)):
        arrive(cursor, piece)
        cursor.execute(f"INSERT INTO {identifier(table)} BY NAME SELECT * FROM {ARRIVING}")


def arrive(cursor: Cursor, rows: pl.DataFrame) -> None:
    """Lets one statement read rows, as :data:`ARRIVING`.

    They are a stream, which is read once. A frame that is registered itself is read through
    pyarrow's data sets, which import pandas. The name stays until other rows arrive, or the cursor
    is closed: to take it back takes as long as a query.
    """
    cursor.register(ARRIVING, rows.__arrow_c_stream__())


def unit_rows(
    batch: Batch, failures: Mapping[str, Failure], frames: Mapping[str, pl.DataFrame]
) -> list[dict[str, Any]]:
    """Rows of ``units`` for a batch, given its failures and the rows that were written."""
    written: dict[str, int] = {}
    for frame in frames.values():
        for unit, number in frame.group_by(UNIT).len().iter_rows():
            written[unit] = written.get(unit, 0) + number
    rows = []
    for key, result in batch.results.items():
        failure = failures.get(key)
        rows.append(
            {
                "unit_key": key,
                "stage": result.unit.stage,
                "step": result.unit.step,
                "label": result.unit.label,
                "status": "failed" if failure else "done",
                "failure_kind": failure.kind if failure else None,
                "failure": failure.message if failure else None,
                "n_rows": written.get(key, 0),
                "code_version": batch.code_version,
                "run_id": batch.run_id,
                "committed_at": batch.time,
            }
        )
    return rows


def quarantine_rows(batch: Batch, failures: Mapping[str, Failure]) -> list[dict[str, Any]]:
    """Rows of ``quarantine``: those refused, and the others of units that failed with them."""

    def quarantined(table: str, number: int, unit: str, reason: str, row: Any) -> dict[str, Any]:
        return {
            "batch": batch.key,
            "table_name": table,
            "row_number": number,
            "unit_key": unit,
            "reason": reason,
            "row": _as_came(row),
            "run_id": batch.run_id,
            "quarantined_at": batch.time,
        }

    rows = [
        quarantined(table, number, unit, one["reason"], one["row"])
        for unit, number, table, one in batch.refused_by_units()
    ]
    for name, staged in batch.tables.items():
        if not staged.refused and (name in PAID or not failures):
            continue  # a look at every row of a large table takes seconds
        for number, unit, row in staged.owners():
            reason = staged.refused.get(number)
            if reason is None and unit in failures and name not in PAID:
                reason = f"its unit failed: {failures[unit].message}"
            if reason is not None:
                rows.append(quarantined(name, number, unit, reason, row))
    return rows


def validation_rows(batch: Batch, checks: list[Check]) -> list[dict[str, Any]]:
    """Rows of ``validations``."""
    return [
        {
            "batch": batch.key,
            "table_name": check.table,
            "check_name": check.name,
            "source": check.source,
            "passed": check.n_failed == 0,
            "n_rows": check.n_rows,
            "n_failed": check.n_failed,
            "detail": orjson.dumps(check.detail, default=str).decode(),
            "run_id": batch.run_id,
            "checked_at": batch.time,
        }
        for check in checks
    ]


def _as_came(row: Mapping[str, Any]) -> str:
    """A refused row as JSON, whatever is in it."""
    try:
        return orjson.dumps(dict(row), default=_text, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        plain = {str(name): _text(value) for name, value in row.items()}
        return orjson.dumps(plain).decode()


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return repr(value).encode("utf-8", "backslashreplace").decode()
