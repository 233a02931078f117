"""Answers to ad-hoc SQL: read-only, from the file when it is free, from its server when it is not.

This module starts fast: it needs DuckDB and nothing else that is large.
"""

from __future__ import annotations

from pathlib import Path

from warehouse.reader import reader
from warehouse.reading import selection
from warehouse.statements import Answer

__all__ = ["Answer", "query"]


def query(
    path: Path | str, sql: str, *, limit: int | None = None, version: str | None = None
) -> Answer:
    """The answer to one SELECT-like statement.

    Args:
        path: The warehouse.
        sql: The statement: SELECT, FROM, WITH, VALUES, PIVOT, DESCRIBE, SHOW, SUMMARIZE.
        limit: Rows to return, at most.
        version: The version of a study as of which it is answered; if left out, all there is.

    Raises:
        Mistake: It is no such statement, more than one, wrong, reaches outside the warehouse, or
            the warehouse cannot be read or upgraded.
    """
    statement = selection(sql)
    path = Path(path)
    with reader(path) as reading:
        if version is None:
            return reading.answer(statement, limit)
        from warehouse.as_of import as_of

        with as_of(reading, version, statement, path) as then:
            return then.answer(statement, limit)
