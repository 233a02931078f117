"""Rules that span rows, in SQL: each selects the rows that break it.

Staged rows are temporary tables named ``in_<table>``; what units that failed earlier had
written is out of the tables by the time rules run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
        sql: Selects the numbers of rows that break it.
        suspects: Selects something where rows may break it, if that is found out faster.
    """

    name: str
    expected: str
    sql: str
    suspects: str = ""


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


def broken_rules(
    cursor: Cursor, staged: Staged, tables: frozenset[str], n_rows: int
) -> list[Check]:
    """The result of each rule over a table's rows; rows that break one are refused.

    Args:
        cursor: A connection that has the rows as ``in_<table>``.
        staged: The table.
        tables: Names of the tables that the batch has rows for.
        n_rows: Rows of the table.
    """
    checks = []
    for rule, numbers in broken_by_rule(cursor, rules_of(staged.row, tables)):
        staged.refuse(numbers, rule.expected)
        detail = {"expected": rule.expected}
        checks.append(Check(staged.name, rule.name, "sql", n_rows, len(numbers), detail))
    return checks


def broken_by_rule(cursor: Cursor, rules: Iterable[Rule]) -> list[tuple[Rule, list[int]]]:
    """Rules, each with the numbers of the rows that break it.

    One statement asks about all of them: each would take longer to plan than to answer.
    """
    asked = list(rules)
    found = _numbers(cursor, [rule.suspects or rule.sql for rule in asked])
    doubtful = [place for place, rule in enumerate(asked) if rule.suspects and found[place]]
    for place in doubtful:
        (found[place],) = _numbers(cursor, [asked[place].sql])
    return list(zip(asked, found, strict=True))


def _numbers(cursor: Cursor, selections: Sequence[str]) -> list[list[int]]:
    """What each of several statements selects."""
    numbers: list[list[int]] = [[] for _ in selections]
    parts = [f"SELECT {place}, * FROM ({sql})" for place, sql in enumerate(selections)]
    if parts:
        for place, number in cursor.execute(" UNION ALL ".join(parts)).fetchall():
            numbers[place].append(number)
    return numbers


def _in(table: str) -> str:
    return identifier(f"in_{table}")


def _json_object(table: str, column: str) -> Rule:
    it = identifier(column)
    sql = (
        f"SELECT {NUMBER} FROM {_in(table)} WHERE {it} IS NOT NULL AND "
        f"coalesce(CASE WHEN json_valid({it}) THEN json_type({it}) END, '') <> 'OBJECT'"
    )
    return Rule(f"json_object({column})", f"{column}: expected a JSON object", sql)


def _unique_in_batch(row: type[Row]) -> Rule:
    keys = ", ".join(identifier(name) for name in row.table.key)
    sql = (
        f"SELECT {NUMBER} FROM {_in(row.table.name)} "
        f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {NUMBER}) > 1"
    )
    names = ", ".join(row.table.key)
    return Rule(f"unique_in_batch({names})", f"{names}: another row of the batch has them", sql)


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
        sql,
    )


def _reference(table: str, column: str, target: str, staged: frozenset[str]) -> Rule:
    """Most references resolve within the batch; only what is left is looked up in the warehouse."""
    there, there_column = target.split(".")
    it, key = identifier(column), identifier(there_column)
    unresolved = f"SELECT {NUMBER} FROM {_in(table)} AS new WHERE {it} IS NOT NULL"
    nowhere = " AND NOT EXISTS (FROM {} AS held WHERE held." + f"{key} = new.{it})"
    if there in staged:
        unresolved += nowhere.format(_in(there))
    return Rule(
        f"reference({column})",
        f"{column}: no row of {target} has it",
        unresolved + nowhere.format(identifier(there)),
        suspects=f"{unresolved} LIMIT 1",
    )


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
    return Rule("transfers_net", "value: transfers of the transaction do not sum to 0", sql)


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
    return Rule("symmetric_both_ways", "symmetric: the same relation the other way round", sql)
