"""What a warehouse holds that nothing needs, and what in it contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from schemas.tables import ROWS
from warehouse.queries.query import Query
from warehouse.sql import identifier, literal

#: Units that no version refers to, now or when it was first complete; imports wait for a study.
UNUSED = """SELECT unit_key FROM units
WHERE stage <> 'import' AND unit_key NOT IN (
    SELECT unit_key FROM study_units UNION
    SELECT unit_key FROM complete_units UNION
    SELECT unit_key FROM study_inputs
)"""
#: Those of them for which a call was paid, or made at a price that is not known.
PAID = f"""SELECT unit_key FROM (
    SELECT unit_key, cost_usd FROM calls UNION ALL
    SELECT unit_key, cost_usd FROM earlier_calls UNION ALL
    SELECT unit_key, cost_usd FROM uncommitted_calls
) WHERE unit_key IN ({UNUSED}) AND (cost_usd IS NULL OR cost_usd > 0)"""


class UnusedUnits(NamedTuple):
    """Units of a step that no version refers to; ``paid`` ones have calls that cost something."""

    stage: str
    step: str
    units: int
    paid: int
    rows: int
    calls: int
    usd: float | None


@dataclass(frozen=True)
class Unused(Query[UnusedUnits]):
    """Units that no version refers to, by step."""

    title = "units that no version refers to"
    sql = f"""WITH spent AS (
    SELECT unit_key, count(*) AS calls, sum(cost_usd) AS usd
    FROM (
        SELECT unit_key, cost_usd FROM calls UNION ALL
        SELECT unit_key, cost_usd FROM earlier_calls UNION ALL
        SELECT unit_key, cost_usd FROM uncommitted_calls
    )
    GROUP BY unit_key
)
SELECT stage, step,
    count(*) AS units,
    count(*) FILTER (unit_key IN ({PAID})) AS paid,
    sum(n_rows)::BIGINT AS rows,
    coalesce(sum(calls), 0)::BIGINT AS calls,
    sum(usd) AS usd
FROM units LEFT JOIN spent USING (unit_key)
WHERE unit_key IN ({UNUSED})
GROUP BY ALL ORDER BY ALL"""


class Fault(NamedTuple):
    """How many rows of a table contradict the rest of the warehouse."""

    rows: int


def integrity() -> Iterator[tuple[str, str]]:
    """What must not be found: in words, and the statement that counts it."""
    for row in ROWS:
        table = identifier(row.table.name)
        keys = ", ".join(map(identifier, row.table.key))
        yield (
            f"{row.table.name}: rows with the same key",
            f"SELECT count(*) AS rows FROM (FROM {table} SELECT 1 GROUP BY {keys} "
            "HAVING count(*) > 1)",
        )
        for column, target in row.table.references.items():
            yield _dangling(row.table.name, identifier(column), column, target)
        for column, target in row.table.item_references.items():
            yield _dangling(row.table.name, f"unnest({identifier(column)})", column, target)
        if row.table.owner == "unit_key" and row.table.name not in {"units", "uncommitted_calls"}:
            yield _dangling(row.table.name, "unit_key", "unit_key", "units.unit_key")
    digest = "left(sha256(role || chr(10) || text), 32)"
    yield (
        "prompt_messages: texts that are not those of their digest",
        f"SELECT count(*) AS rows FROM prompt_messages WHERE {digest} <> digest",
    )


def _dangling(table: str, item: str, column: str, target: str) -> tuple[str, str]:
    there, key = target.split(".")
    return (
        f"{table}.{column}: values that no row of {target} has",
        f"SELECT count(*) AS rows FROM (SELECT DISTINCT {item} AS item FROM {identifier(table)}) "
        f"WHERE item IS NOT NULL AND item NOT IN (SELECT {identifier(key)} FROM "
        f"{identifier(there)})",
    )


def removal(paid: bool) -> str:
    """The statement that selects the units to be removed.

    Args:
        paid: Whether those go too whose calls were paid.
    """
    return UNUSED if paid else f"{UNUSED} AND unit_key NOT IN ({PAID})"


def not_referred(table: str, key: str) -> str:
    """The condition of rows of a shared table that no row refers to any more."""
    target = literal(f"{table}.{key}")[1:-1]
    naming = [
        f"SELECT {item} FROM {identifier(row.table.name)}"
        for row in ROWS
        for item in (
            *(identifier(c) for c, there in row.table.references.items() if there == target),
            *(
                f"unnest({identifier(c)})"
                for c, there in row.table.item_references.items()
                if there == target
            ),
        )
    ]
    return f"{identifier(key)} NOT IN ({' UNION '.join(naming)})"
