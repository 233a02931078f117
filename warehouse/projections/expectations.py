"""Great Expectations suites of the tables.

Great Expectations takes seconds to import, so it is imported only where a suite is made.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

from schemas.tables import Row
from warehouse.projections.columns import Column, columns_of


def library() -> Any:
    """Great Expectations, with its analytics off."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    # This module logs every temporary folder at a level that it sets for itself.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


@cache
def suite_of(row: type[Row]) -> Any:
    """The expectation suite of a table: columns, missing values, closed lists, bounds, patterns."""
    return library().ExpectationSuite(name=row.table.name, expectations=list(_expectations(row)))


def _expectations(row: type[Row]) -> Iterator[Any]:
    of = library().expectations
    columns = columns_of(row)
    yield of.ExpectTableColumnsToMatchSet(
        column_set=[column.name for column in columns], exact_match=True
    )
    for column in columns:
        yield from _of_column(of, column)


def _of_column(of: Any, column: Column) -> Iterator[Any]:
    if column.required:
        yield of.ExpectColumnValuesToNotBeNull(column=column.name)
    if column.choices:
        yield of.ExpectColumnValuesToBeInSet(column=column.name, value_set=list(column.choices))
    if column.pattern:
        # Python's $ also matches before a last line feed; pydantic's does not.
        pattern = column.pattern.removesuffix("$") + r"\Z"
        yield of.ExpectColumnValuesToMatchRegex(column=column.name, regex=pattern)
    if column.min_length is not None or column.max_length is not None:
        yield of.ExpectColumnValueLengthsToBeBetween(
            column=column.name, min_value=column.min_length, max_value=column.max_length
        )
    if column.minimum is not None or column.maximum is not None:
        yield of.ExpectColumnValuesToBeBetween(
            column=column.name, min_value=column.minimum, max_value=column.maximum
        )
