"""Great Expectations: its import, and the list of its expectations that studies are read against.

The import takes seconds and some 200 MB, so only the worker's process makes it. Studies are read
without it, against ``schemas/great_expectations.json``. This module as a script writes that file; a
test fails when the installed library offers other names or arguments.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).resolve().parents[2] / "schemas" / "great_expectations.json"

#: Fields of an expectation that say nothing about data, or for which a study has words of its own.
NOT_ARGUMENTS = frozenset(
    {
        "batch_id", "catch_exceptions", "condition_parser", "description", "id",
        "library_metadata", "meta", "metadata", "notes", "rendered_content", "result_format",
        "row_condition", "severity", "windows",
    }
)  # fmt: skip

#: What needs a database or a second table, has no form for pandas, or is about columns and their
#: types, which the models of the tables fix.
UNSUPPORTED = frozenset(
    {
        "expect_column_to_exist",
        "expect_column_type_to_be",
        "expect_column_values_to_be_in_type_list",
        "expect_column_values_to_be_of_type",
        "expect_column_values_to_match_like_pattern",
        "expect_column_values_to_match_like_pattern_list",
        "expect_column_values_to_not_match_like_pattern",
        "expect_column_values_to_not_match_like_pattern_list",
        "expect_query_results_to_match_comparison",
        "expect_table_column_count_to_be_between",
        "expect_table_column_count_to_equal",
        "expect_table_columns_to_match_ordered_list",
        "expect_table_columns_to_match_set",
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    }
)


def library() -> Any:
    """Great Expectations, with its analytics off and its log quiet."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations

    # This module logs every temporary folder at a level that it sets for itself.
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    return great_expectations


def expectation(kind: str, arguments: dict[str, Any]) -> Any:
    """An expectation of Great Expectations by its name.

    Raises:
        ValueError: The arguments do not fit it.
    """
    library()
    from great_expectations.expectations.registry import get_expectation_impl

    return get_expectation_impl(kind)(**arguments)


def catalogue() -> dict[str, Any]:
    """Version, and the supported expectations with kinds and bounds of their arguments."""
    version = library().__version__
    from great_expectations.expectations import registry

    supported = {}
    for name in sorted(registry.list_registered_expectation_implementations()):
        if name not in UNSUPPORTED:
            supported[name] = _arguments(registry.get_expectation_impl(name).schema())
    return {"version": version, "expectations": supported}


def _arguments(schema: dict[str, Any]) -> dict[str, Any]:
    """By argument: kinds of value, whether it must be given, allowed words."""
    found = {}
    for name, part in schema["properties"].items():
        if name in NOT_ARGUMENTS:
            continue
        kinds, words = _kinds(part, schema.get("definitions", {}))
        if len(kinds) > 1:
            kinds -= {"object"}  # a parameter that a suite would fill in
        one: dict[str, Any] = {"kinds": sorted(kinds)}
        if name in schema.get("required", ()):
            one["required"] = True
        if words:
            one["words"] = sorted(words)
        found[name] = one
    return found


def _kinds(part: dict[str, Any], definitions: dict[str, Any]) -> tuple[set[str], set[str]]:
    if "$ref" in part:
        return _kinds(definitions[part["$ref"].rpartition("/")[2]], definitions)
    members = [one for key in ("anyOf", "oneOf", "allOf") for one in part.get(key, ())]
    if members:
        found = [_kinds(one, definitions) for one in members]
        return set().union(*(kinds for kinds, _ in found)), set().union(*(w for _, w in found))
    return {str(part.get("type", "any"))}, set(map(str, part.get("enum", ())))


def text() -> str:
    """What ``schemas/great_expectations.json`` says."""
    held = catalogue()
    lines = (f'  "{name}": {json.dumps(part)}' for name, part in held["expectations"].items())
    return f'{{"version": "{held["version"]}", "expectations": {{\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    CATALOGUE.write_text(text(), encoding="utf-8")
