"""Answers to ad-hoc SQL: read-only, from the file when it is free, from its server when it is not.

This module starts fast: it needs DuckDB and nothing else that is large.
"""

from __future__ import annotations

from pathlib import Path

from warehouse.client import remote_answer
from warehouse.connection import Limits, Locked, connection
from warehouse.reading import selection
from warehouse.statements import Answer, answer, confine

__all__ = ["READING", "Answer", "query"]

#: Queries may use more than a writing process does.
READING = Limits(memory_mb=2048, threads=4)


def query(path: Path | str, sql: str, *, limit: int | None = None) -> Answer:
    """The answer to one SELECT-like statement.

    Args:
        path: The warehouse.
        sql: The statement: SELECT, FROM, WITH, VALUES, PIVOT, DESCRIBE, SHOW, SUMMARIZE.
        limit: Rows to return, at most.

    Raises:
        Mistake: It is no such statement, more than one, wrong, reaches outside the warehouse, or
            the warehouse cannot be read.
    """
    path = Path(path)
    statement = selection(sql)
    try:
        reading = connection(path, read_only=True, limits=READING)
    except Locked as locked:
        return remote_answer(path, statement, limit, locked)
    try:
        confine(reading)
        return answer(reading, statement, limit)
    finally:
        reading.close()
