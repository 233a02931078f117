"""The data sets that expectations are about: rows of a view that belong to a version of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from schemas.checks import Checked, DataCheck
from schemas.keys import canonical_json
from schemas.relations import picked_by, relations
from warehouse.expectations.checker import Checker
from warehouse.expectations.worker import CONDITION
from warehouse.reader import Reader
from warehouse.sql import identifier, literal


@dataclass(frozen=True)
class DataSet:
    """Rows of a view that belong to a version of a study.

    Attributes:
        study_version: The version.
        view: The table or view.
        where: Values by column that the rows have.
        by_condition: Whether the rows say which condition they belong to; a row of a unit that
            two conditions share is there twice then.
    """

    study_version: str
    view: str
    where: Mapping[str, Any]
    by_condition: bool

    def sql(self, columns: Sequence[str], views: frozenset[str]) -> str:
        """The query for some columns of it.

        Args:
            columns: The columns; none of them if only rows are counted.
            views: Names of the views that there are.
        """

        def history(view: str) -> str:
            """The view that shows every version, where the plain one shows the last alone."""
            return f"{view}_all" if f"{view}_all" in views else view

        held = relations()[self.view]
        version = literal(self.study_version)
        played = f"(SELECT * FROM {history('v_episodes')} WHERE study_version = {version})"
        units = f"(SELECT * FROM study_units WHERE study_version = {version})"
        shown = [f"x.{identifier(name)}" for name in columns] or ["1 AS one"]
        source = f"FROM {identifier(history(self.view))} AS x"
        limits = [_has(f"x.{identifier(name)}", value) for name, value in self.where.items()]
        if picked_by(held) == "study_version":
            limits.append(f"x.study_version = {version}")
        elif "unit_key" in held:
            own = f"x.unit_key IN (SELECT unit_key FROM {units})"
            if "episode_key" in held:
                # Imported rows belong to no step of a study; they come with its episodes.
                own += " OR x.unit_key IN (SELECT unit_key FROM units WHERE stage = 'import')"
            limits.append(f"({own})")
        if picked_by(held) == "episode_key":
            limits.append(f"x.episode_key IN (SELECT episode_key FROM {played})")
        if self.by_condition and "condition" in held:
            shown.append(f"x.condition AS {CONDITION}")
        elif self.by_condition:
            of_episodes = picked_by(held) == "episode_key"
            key, members = ("episode_key", played) if of_episodes else ("unit_key", units)
            source += f" JOIN (SELECT DISTINCT {key}, condition FROM {members}) AS u USING ({key})"
            shown.append(f"u.condition AS {CONDITION}")
        return f"SELECT {', '.join(shown)} {source} WHERE {' AND '.join(limits)}"


def _has(column: str, value: Any) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    return f"{column} IN ({', '.join(map(literal, values))})"


def check_data_sets(
    warehouse: Reader, checker: Checker, study_version: str, checks: Sequence[DataCheck]
) -> list[Checked]:
    """What the checks find, in their order; the rows of a data set are read and sent once.

    Args:
        warehouse: Where the rows are.
        checker: Runs Great Expectations.
        study_version: The version whose rows are checked.
        checks: The checks.
    """
    numbered = sorted(enumerate(checks), key=lambda pair: _group(pair[1]))
    found: dict[int, Checked] = {}
    views = _views(warehouse)
    for _, members in groupby(numbered, key=lambda pair: _group(pair[1])):
        numbers, some = zip(*members, strict=True)
        first: DataCheck = some[0]
        rows = DataSet(
            study_version,
            first.expectation.view,
            first.expectation.where,
            first.condition is not None,
        )
        columns = dict.fromkeys(name for check in some for name in check.expectation.columns)
        statement = rows.sql(tuple(columns), views)
        with warehouse.batches(statement) as (schema, batches):
            found.update(zip(numbers, checker.checked(some, schema, batches), strict=True))
    return [found[number] for number in range(len(checks))]


def _group(check: DataCheck) -> tuple[str, bytes, bool]:
    expectation = check.expectation
    where = canonical_json(expectation.where)
    return expectation.view, where, check.condition is not None


def _views(warehouse: Reader) -> frozenset[str]:
    found = warehouse.answer(
        "SELECT view_name FROM duckdb_views() "
        "WHERE NOT internal AND database_name = current_database()"
    ).rows
    return frozenset(name for (name,) in found)


def rows_of(warehouse: Reader, rows: DataSet, columns: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a small data set."""
    return warehouse.answer(rows.sql(columns, _views(warehouse))).frame().to_dicts()


def conditions_held(warehouse: Reader, study_version: str) -> list[str]:
    """The conditions that the version's episodes belong to."""
    episodes = DataSet(study_version, "v_episodes", {}, by_condition=False)
    return sorted({row["condition"] for row in rows_of(warehouse, episodes, ["condition"])})
