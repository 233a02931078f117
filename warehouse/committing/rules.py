"""Rules that span rows, in SQL: each selects the rows that break it.

Staged rows are temporary tables named ``in_<table>``; what units that failed earlier had
written is out of the tables by the time rules run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb

from schemas.tables import Row
from warehouse.committing.batch import NUMBER, SHARED, Check, Staged
from warehouse.projections.columns import columns_of
from warehouse.sql import identifier, literal

Cursor = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Rule:
    """A rule about a table.

    Attributes:
        name: Its name in ``validations``.
        expected: What must hold, for the reason of a refusal.
        broken: The numbers of rows that break it.
    """

    name: str
    expected: str
    broken: Callable[[Cursor], list[int]]


def rules_of(row: type[Row], staged: frozenset[str]) -> Iterator[Rule]:
    """The rules of a table, given the names of the tables that the batch has rows for."""
    table = row.table.name
    for column in columns_of(row):
        if column.kind == "json":
            yield _json_object(table, column.name)
    if table not in SHARED:
        yield _unique_in_batch(row)
        yield _unique_in_warehouse(row)
    for column_name, target in row.table.references.items():
        yield _reference(table, column_name, target, staged)
    if table == "events":
        yield _transfers_net()
    if table == "persona_relations":
        yield _symmetric_both_ways()


def broken_rules(cursor: Cursor, staged: Staged, tables: frozenset[str]) -> list[Check]:
    """The result of each rule over a table's staged rows; rows that break one are refused."""
    total = _one(cursor, f"SELECT count(*) FROM {_in(staged.name)}")
    checks = []
    for rule in rules_of(staged.row, tables):
        numbers = rule.broken(cursor)
        staged.refuse(numbers, rule.expected)
        detail = {"expected": rule.expected}
        checks.append(Check(staged.name, rule.name, "sql", total, len(numbers), detail))
    return checks


def _in(table: str) -> str:
    return identifier(f"in_{table}")


def _one(cursor: Cursor, sql: str) -> int:
    row = cursor.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _numbers(sql: str) -> Callable[[Cursor], list[int]]:
    return lambda cursor: [int(row[0]) for row in cursor.execute(sql).fetchall()]


def _json_object(table: str, column: str) -> Rule:
    it = identifier(column)
    sql = (
        f"SELECT {NUMBER} FROM {_in(table)} WHERE {it} IS NOT NULL AND "
        f"coalesce(CASE WHEN json_valid({it}) THEN json_type({it}) END, '') <> 'OBJECT'"
    )
    return Rule(f"json_object({column})", f"{column}: expected a JSON object", _numbers(sql))


def _unique_in_batch(row: type[Row]) -> Rule:
    keys = ", ".join(identifier(name) for name in row.table.key)
    sql = (
        f"SELECT {NUMBER} FROM {_in(row.table.name)} "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {NUMBER}) > 1"
    )
    names = ", ".join(row.table.key)
    return Rule(
        f"unique_in_batch({names})", f"{names}: another row of the batch has them", _numbers(sql)
    )


def _unique_in_warehouse(row: type[Row]) -> Rule:
    table, names = row.table.name, ", ".join(row.table.key)
    same = " AND ".join(
        f"held.{identifier(name)} IS NOT DISTINCT FROM new.{identifier(name)}"
        for name in row.table.key
    )
    sql = (
        f"SELECT new.{NUMBER} FROM {_in(table)} AS new "
        f"WHERE EXISTS (FROM {identifier(table)} AS held WHERE {same})"
    )
    return Rule(
        f"unique_in_warehouse({names})",
        f"{names}: a row of the warehouse has them",
        _numbers(sql),
    )


def _reference(table: str, column: str, target: str, staged: frozenset[str]) -> Rule:
    """Most references resolve within the batch; only what is left is looked up in the warehouse."""
    there, there_column = target.split(".")
    it, key = identifier(column), identifier(there_column)
    nowhere = f"SELECT DISTINCT {it} AS ref FROM {_in(table)} WHERE {it} IS NOT NULL"
    if there in staged:
        nowhere += f" EXCEPT SELECT {key} FROM {_in(there)}"

    def broken(cursor: Cursor) -> list[int]:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE unresolved AS {nowhere}")
        if not _one(cursor, "SELECT count(*) FROM unresolved"):
            return []
        cursor.execute(
            f"DELETE FROM unresolved WHERE ref IN (SELECT {key} FROM {identifier(there)})"
        )
        sql = f"SELECT {NUMBER} FROM {_in(table)} WHERE {it} IN (SELECT ref FROM unresolved)"
        return _numbers(sql)(cursor)

    return Rule(f"reference({column})", f"{column}: no row of {target} has it", broken)


def _transfers_net() -> Rule:
    """Transfers that say ``data.net`` sum to nothing within their ``data.transaction``."""
    kind, net = literal("transfer"), literal("$.net")
    sql = f"""
        WITH moved AS (
            SELECT {NUMBER}, episode_key, value, json_extract_string(data, '$.transaction') AS deal
            FROM in_events
            WHERE kind = {kind} AND json_valid(data) AND json_extract_string(data, {net}) = 'true'
        )
        SELECT {NUMBER} FROM moved
        WINDOW deals AS (PARTITION BY episode_key, deal)
        QUALIFY count(value) OVER deals < count(*) OVER deals
            OR abs(sum(value) OVER deals) > 1e-9 * greatest(1, sum(abs(value)) OVER deals)
    """
    return Rule(
        "transfers_net", "value: transfers of the transaction do not sum to 0", _numbers(sql)
    )


def _symmetric_both_ways() -> Rule:
    """A relation that is the same both ways stands there both ways, as strong."""
    sql = f"""
        SELECT new.{NUMBER} FROM in_persona_relations AS new
        WHERE new.symmetric AND NOT EXISTS (
            FROM in_persona_relations AS back
            WHERE back.persona_key = new.other_key AND back.other_key = new.persona_key
                AND back.relation = new.relation AND back.symmetric
                AND back.strength = new.strength
        )
    """
    return Rule(
        "symmetric_both_ways", "symmetric: the same relation the other way round", _numbers(sql)
    )
