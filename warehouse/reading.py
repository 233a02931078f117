"""Which statements only read, decided by what a statement calls and not by how it is spelt.

A statement is parsed by DuckDB. It may be one SELECT (in DuckDB's sense: FROM, WITH, VALUES,
DESCRIBE, SHOW and SUMMARIZE are SELECTs), and every function in its tree, table functions
included, must be on the list of those known to read: ``readable_functions.txt`` beside this module.
So dynamic SQL, settings, logs, files, secrets and servers are out of reach, under any spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import duckdb

from schemas.errors import Mistake, nearest
from warehouse.sql import literal
from warehouse.statements import SQL

#: Keywords that stand before a parenthesis without calling anything; see :func:`_called_in_text`.
# fmt: off
_KEYWORDS_BEFORE_PARENTHESES = frozenset((
    "all", "and", "any", "as", "asof", "by", "case", "cast", "columns", "cross", "cube",
    "decimal", "distinct", "else", "end", "except", "exclude", "exists", "extract", "filter",
    "following", "for", "from", "full", "grouping", "group", "having", "if", "ignore", "in",
    "inner", "intersect", "interval", "into", "is", "join", "lambda", "lateral", "left", "like",
    "ilike", "limit", "list", "map", "materialized", "not", "numeric", "offset", "on", "or",
    "order", "outer", "over", "overlay", "partition", "pivot", "position", "preceding", "qualify",
    "range", "recursive", "replace", "right", "rollup", "row", "rows", "sample", "select", "semi",
    "set", "sets", "similar", "some", "struct", "substring", "symmetric", "table", "then", "trim",
    "try_cast", "union", "unique", "unpivot", "using", "values", "varchar", "when", "where",
    "window", "with", "within",
))
# fmt: on

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)


def selection(sql: str) -> str:
    """The one statement of a text, which only reads.

    Args:
        sql: The text.

    Raises:
        Mistake: The text is no SQL, several statements, or does anything but read.

    Example:
        >>> selection("SELECT 1;")
        'SELECT 1'
    """
    tree = _parsed(sql)
    if tree is None:
        called = _called_in_text(sql)
    elif len(tree) != 1:
        raise Mistake(
            what="expected one SQL statement",
            place=SQL,
            found=f"{len(tree)} statements" if tree else "none",
            fix="ask one question at a time",
        )
    else:
        called = _called(tree)
    for name in called:
        if name not in readable_functions():
            raise _not_reading(name)
    return sql.strip().rstrip(";").rstrip()


@cache
def readable_functions() -> frozenset[str]:
    """Names of the functions that a query may call: those known to read and to do nothing else."""
    text = files("warehouse").joinpath("readable_functions.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def _parsed(sql: str) -> list[Any] | None:
    """The trees of a text of SELECTs; ``None`` for a PIVOT, of which DuckDB gives no tree.

    Raises:
        Mistake: The text is no SQL, or one of its statements is no SELECT.
    """
    if "\0" in sql or (not sql.isascii() and sql != sql.encode(errors="ignore").decode()):
        raise Mistake(
            what="a query holds what is no character",
            place=SQL,
            fix="write it in UTF-8, without NUL",
        )
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise Mistake(
            what="DuckDB cannot read this as SQL",
            place=SQL,
            found=str(error).strip(),
            fix="see docs/tables.md for what there is",
        ) from error
    kinds = [statement.type for statement in statements]
    # A PIVOT without IN (...) becomes two statements: the columns it finds, and the selection.
    if kinds == [duckdb.StatementType.CREATE, duckdb.StatementType.SELECT] and not any(
        statement.query for statement in statements
    ):
        return None
    # A literal, since DuckDB imports pandas to bind a parameter.
    with closing(_parser().cursor()) as parsing:
        answer = parsing.execute(f"SELECT json_serialize_sql({literal(sql)})").fetchone()
    found: dict[str, Any] = json.loads(answer[0]) if answer else {"error": True}
    if found["error"]:
        other = next((kind for kind in kinds if kind != duckdb.StatementType.SELECT), None)
        raise Mistake(
            what="the warehouse is read-only here",
            place=SQL,
            found=f"a statement of type {other.name}" if other else "a PRAGMA",
            expected="SELECT, FROM, WITH, VALUES, PIVOT, DESCRIBE, SHOW TABLES or SUMMARIZE",
            fix="write with agora run or agora import",
        )
    trees: list[Any] = found["statements"]
    return trees


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A connection to an empty database, whose cursors parse and run nothing else.

    There is one, since making a database takes as long as many queries, and an owner judges each
    statement in a thread of its own.
    """
    return duckdb.connect(
        config={"enable_external_access": False, "threads": 1, "memory_limit": "64MB"}
    )


def _called(tree: Any) -> Iterator[str]:
    """Names of the functions that a tree calls, lower case."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            name = node.get("function_name")
            if isinstance(name, str) and name:
                yield name.lower()
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _called_in_text(sql: str) -> Iterator[str]:
    """Names of whatever stands before a parenthesis in a text, lower case.

    A function is always called by a name before a parenthesis, so none is missed; comments and
    texts are no names to DuckDB's tokenizer.
    """
    tokens = [
        (sql.encode()[start:end].decode().strip(), kind)
        for (start, kind), (end, _) in pairwise(
            [*duckdb.tokenize(sql), (len(sql.encode()), duckdb.token_type.comment)]
        )
        if kind != duckdb.token_type.comment
    ]
    for (name, kind), (after, _) in pairwise(tokens):
        plain = _without_comments(name).strip('"').replace('""', '"').lower()
        syntax = kind == duckdb.token_type.keyword and plain in _KEYWORDS_BEFORE_PARENTHESES
        named = kind in {duckdb.token_type.identifier, duckdb.token_type.keyword}
        if after.startswith("(") and named and not syntax:
            yield plain


def _without_comments(name: str) -> str:
    """A name without the comments that the tokenizer leaves behind it."""
    return name if name.startswith('"') else _COMMENT.sub("", name).strip()


def _not_reading(name: str) -> Mistake:
    close = nearest(name, readable_functions())
    return Mistake(
        what="queries may call only functions that are known to read",
        place=SQL,
        found=f"{name}(...)",
        fix=f"did you mean {close}?" if close else "leave it out",
    )
