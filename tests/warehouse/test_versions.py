"""What stands in a warehouse with two versions of a study: nothing is counted twice.

Version one has two replicates, version two has three: it shares the episodes of the first and adds
one, and measures again. A warehouse with version two alone says what is true of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.unit import Result
from warehouse.query import query
from warehouse.store import Warehouse

ROOT = Path(__file__).resolve().parents[2]
STUDY = "demo_discussion"
REPLICATES = {"one": 2, "two": 3}
CONDITIONS = ("uniform", "mixed")
#: What guides tell their reader to make first.
MADE_BY_GUIDES = ("topics",)
_ASKED = re.compile(r"agora sql \"(?P<sql>[^\"]+)\"")
_VERSIONED = re.compile(r"\bv_(studies|units|runs|costs|metrics|contrasts|quality|labels)\b")


def documented() -> Iterator[tuple[str, str]]:
    """Every query of the README and the guides, with the file that it stands in."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for match in _ASKED.finditer(path.read_text(encoding="utf-8")):
            if not any(table in match["sql"] for table in MADE_BY_GUIDES):
                yield path.name, match["sql"]


def filled(path: Path, make: Any, versions: tuple[str, ...]) -> Path:
    """A warehouse in which these versions were run, each a day after the one before."""
    with Warehouse.open(path) as opened:
        for version in versions:
            day = list(REPLICATES).index(version) + 1
            began = dt.datetime(2026, 1, day, tzinfo=dt.UTC)
            study = make.study(version, created_at=began) | {"name": STUDY}
            results, members = [], []
            for condition in CONDITIONS:
                for replicate in range(1, REPLICATES[version] + 1):
                    name = f"{condition} {replicate}"
                    unit = make.unit(name, step="episodes")
                    call = make.call(
                        unit.key,
                        prompt_tokens=10,
                        completion_tokens=5,
                        cost_usd=0.5,
                        asked_at=began,
                    )
                    outcome = {
                        "episode_key": unit.key,
                        "unit_key": unit.key,
                        "scope": "episode",
                        "subject": "",
                        "metric": "rounds",
                        "value": 2.0,
                    }
                    rows = make.result(name, calls=[call], outcomes=[outcome]).rows
                    results.append(Result(unit, rows))
                    of = {"condition": condition, "replicate": replicate}
                    members.append(make.study_unit(version, unit, **of))
            measured = make.unit(("measure", version), stage="metrics", step="measure")
            metric = {
                "unit_key": measured.key,
                "metric": "participation",
                "options": {},
                "scope": "study",
                "condition": "",
                "subject": "",
                "value": float(REPLICATES[version]),
                "n_measured": REPLICATES[version],
                "n_excluded": 0,
                "method": "counted",
            }
            results.append(Result(measured, {"metrics": [metric]}))
            members.append(make.study_unit(version, measured, condition="", replicate=0))
            make.record(opened, study, members)
            assert not opened.commit(results, run_id=version, code_version="0").failed
    return path


@pytest.fixture(scope="module")
def alone(make, tmp_path_factory):
    """A warehouse with the second version alone."""
    return filled(tmp_path_factory.mktemp("alone") / "agora.duckdb", make, ("two",))


@pytest.fixture(scope="module")
def both(make, tmp_path_factory):
    """A warehouse with both versions, the second run last."""
    return filled(tmp_path_factory.mktemp("both") / "agora.duckdb", make, ("one", "two"))


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query in any order; when units were committed is left out."""
    answer = query(path, sql)
    kept = [place for place, name in enumerate(answer.columns) if name not in UNLIKE]
    return sorted((tuple(row[place] for place in kept) for row in answer.rows), key=repr)


#: Columns that differ though nothing is counted twice.
UNLIKE = {"committed_at", "run_id", "number", "cached"}
#: A view that differs all the same: a version that comes after another pays less.
COSTS = "v_costs"


@pytest.mark.parametrize(("file", "sql"), documented())
def test_a_documented_query_counts_nothing_twice(file, sql, alone, both):
    found = rows(both, sql)
    if _VERSIONED.search(sql) and COSTS not in sql:
        assert found == rows(alone, sql) != [], file


@pytest.mark.parametrize("view", ["studies", "units", "episodes", "metrics", "quality"])
def test_a_view_shows_the_version_that_was_run_last(view, alone, both):
    shown = rows(both, f"FROM v_{view}")
    assert shown == rows(alone, f"FROM v_{view}") == rows(alone, f"FROM v_{view}_all")
    assert len(rows(both, f"FROM v_{view}_all")) > len(shown) > 0


def test_every_view_of_versions_has_one_of_the_version_run_last(both):
    names = {name for (name,) in rows(both, "SELECT view_name FROM duckdb_views()")}
    history = {name for name in names if name.endswith("_all")}
    assert {name.removesuffix("_all") for name in history} <= names
    columns = "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'study_version'"
    versioned = {name for (name,) in rows(both, columns) if name.startswith("v_")}
    assert versioned == history | {name.removesuffix("_all") for name in history}


def test_an_older_version_that_is_run_again_is_shown_again(make, tmp_path, both):
    path = tmp_path / "agora.duckdb"
    path.write_bytes(both.read_bytes())
    with Warehouse.open(path) as opened:
        again = make.study("one", created_at=dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
        opened.record_study(again | {"name": STUDY})
    sql = "SELECT condition, count(*) FROM v_episodes GROUP BY ALL"
    assert rows(path, sql) == [("mixed", 2), ("uniform", 2)]
    assert rows(both, sql) == [("mixed", 3), ("uniform", 3)]


def test_messages_of_episodes_are_counted_once(both):
    sql = (
        "SELECT condition, count(*) FROM v_messages JOIN v_episodes USING (episode_key) "
        "GROUP BY ALL"
    )
    assert rows(both, sql) == [("mixed", 6), ("uniform", 6)]


def test_a_version_pays_for_the_calls_of_its_own_runs_only(alone, both):
    sql = "SELECT study_version, sum(calls), sum(usd), sum(cached_calls) FROM {} GROUP BY ALL"
    paid = {(calls, usd, cached) for _, calls, usd, cached in rows(alone, sql.format(COSTS))}
    assert paid == {(6, 3.0, 0)}
    paid = {(calls, usd, cached) for _, calls, usd, cached in rows(both, sql.format(COSTS))}
    assert paid == {(2, 1.0, 4)}
    paid = {(calls, usd, cached) for _, calls, usd, cached in rows(both, sql.format("v_costs_all"))}
    assert paid == {(4, 2.0, 0), (2, 1.0, 4)}
