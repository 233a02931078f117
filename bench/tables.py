"""Compares the tables of two warehouses."""

from __future__ import annotations

from pathlib import Path

#: Tables that say how and when answers were come by, not what they were.
HOW = frozenset(
    {
        *("calls", "attempts", "units", "runs", "validations", "studies", "quarantine"),
        *("earlier_calls", "earlier_attempts", "earlier_units", "uncommitted_calls"),
        "schema_version",
    }
)


def different_tables(one: Path, other: Path) -> list[str]:
    """Names of the tables that differ, those of :data:`HOW` left out."""
    from warehouse.store import Warehouse

    with Warehouse.open(one, read_only=True) as a, Warehouse.open(other, read_only=True) as b:
        names = a.frame_sql(
            "select table_name from information_schema.tables where table_type = 'BASE TABLE'"
        )["table_name"].to_list()
        return [
            name
            for name in sorted(set(names) - HOW)
            if not a.frame_sql(f'select * from "{name}" order by all').equals(
                b.frame_sql(f'select * from "{name}" order by all')
            )
        ]


def counted(warehouse: Path, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query."""
    from warehouse.store import Warehouse

    with Warehouse.open(warehouse, read_only=True) as shelf:
        return shelf.frame_sql(sql).rows()
