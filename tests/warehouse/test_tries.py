"""What was paid for a unit is kept, and counted once, however often the unit was worked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.unit import Failure, Result
from warehouse.schema import migrations
from warehouse.store import Warehouse

from .conftest import on_both

FAILED = Failure("server_error", "500")


def at(minute: int) -> dt.datetime:
    """A time long ago, since commits are dated by the clock."""
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)


def begin(make: Any, warehouse: Warehouse, version: str, minute: int, units: list[Any]) -> None:
    """A run of a version begins, which consists of some units."""
    study = make.study(version, created_at=at(minute)) | {"name": "study"}
    make.record(warehouse, study, [make.study_unit(version, unit) for unit in units])


def paid(make: Any, unit: str, ordinal: int, minute: int, **changes: Any) -> dict[str, Any]:
    return make.call(unit, ordinal, cost_usd=0.5, asked_at=at(minute), **changes)


def bad(make: Any, unit: str, ordinal: int, minute: int) -> dict[str, Any]:
    """A call that was paid for and gave nothing usable."""
    return paid(make, unit, ordinal, minute, status="failed", error_kind="bad_shape")


def costs(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    """Version, calls, dollars, calls that others paid for, failed calls, attempts."""
    return warehouse.frame_sql(
        "SELECT study_version, calls, usd, cached_calls, failed_calls, attempts "
        "FROM v_costs_all ORDER BY created_at"
    ).rows()


@on_both
def test_a_call_that_is_made_again_stays_beside_the_one_that_stands(
    make, commit, warehouse, counts
):
    unit = make.key("a")
    begin(make, warehouse, "one", 0, [make.unit("a")])
    first = {
        "calls": [paid(make, unit, 0, 1), bad(make, unit, 1, 2)],
        "attempts": [make.attempt(unit, 0), make.attempt(unit, 1, kind="bad_shape")],
    }
    commit(make.result("a", FAILED, **first), run_id="first")
    assert costs(warehouse) == [(make.key("one"), 2, 1.0, 0, 1, 2)]
    again = {
        "calls": [paid(make, unit, 0, 1), paid(make, unit, 1, 5), paid(make, unit, 2, 6)],
        "attempts": [make.attempt(unit, n) for n in range(3)],
    }
    report = commit(make.result("a", **again), run_id="second")
    assert report.done == (unit,)
    assert counts("calls", "earlier_calls", "attempts", "earlier_attempts") == [3, 1, 3, 1]
    assert costs(warehouse) == [(make.key("one"), 4, 2.0, 0, 1, 4)]
    (old,) = warehouse.frame_sql(
        "SELECT call_key, status, error_kind, asked_at FROM earlier_calls"
    ).rows()
    assert old == (make.key((unit, 1)), "failed", "bad_shape", at(2).replace(tzinfo=None))
    assert warehouse.frame_sql("SELECT kind, asked_at FROM earlier_attempts").rows() == [
        ("bad_shape", at(2).replace(tzinfo=None))
    ]
    assert warehouse.frame_sql("SELECT count(*) FROM v_calls").item() == 3


@on_both
def test_every_try_of_a_unit_is_on_record_with_what_it_cost(make, commit, warehouse):
    unit = make.key("a")
    begin(make, warehouse, "one", 0, [make.unit("a")])
    commit(make.result("a", FAILED, calls=[bad(make, unit, 0, 1)]), run_id="first")
    times = "SELECT committed_at FROM units"
    between = warehouse.frame_sql(times).item() + dt.timedelta(microseconds=1)
    again = paid(make, unit, 0, 1) | {"asked_at": between.replace(tzinfo=dt.UTC)}
    commit(make.result("a", calls=[again]), run_id="second")
    tries = warehouse.frame_sql(
        "SELECT number, status, failure_kind, standing, calls, usd, run_id FROM v_tries "
        "ORDER BY number"
    ).rows()
    assert tries == [
        (1, "failed", "server_error", "replaced", 1, 0.5, "first"),
        (2, "done", None, "part of a version", 1, 0.5, "second"),
    ]


def test_a_failed_unit_that_no_version_has_any_more_is_its_runs(make, commit, warehouse):
    old, new = make.unit("over two episodes"), make.unit("over three episodes")
    begin(make, warehouse, "one", 0, [old])
    commit(Result(old, {"calls": [bad(make, old.key, 0, 1)]}, FAILED))
    begin(make, warehouse, "one", 5, [new])
    commit(Result(new, {"calls": [paid(make, new.key, 0, 6)]}))
    tries = warehouse.frame_sql("SELECT unit_key, status, standing, usd FROM v_tries_all").rows()
    assert sorted(tries) == sorted(
        [
            (old.key, "failed", "no part of a version any more", 0.5),
            (new.key, "done", "part of a version", 0.5),
        ]
    )
    (cost,) = warehouse.frame_sql(
        "SELECT sum(calls), sum(usd) FROM v_costs WHERE study_version = $1", [make.key("one")]
    ).rows()
    assert cost == (2, 1.0)


def test_a_version_that_was_interrupted_does_not_pay_for_what_a_later_one_did(
    make, commit, warehouse
):
    shared, both = make.unit("shared"), [make.unit("a"), make.unit("shared")]
    begin(make, warehouse, "one", 0, both)
    commit(make.result("a", calls=[paid(make, both[0].key, 0, 1)]))
    # Interrupted. The second version shares the unit that was left, and works it.
    begin(make, warehouse, "two", 10, [shared])
    commit(make.result("shared", calls=[paid(make, shared.key, 0, 11)]))
    one, two = make.key("one"), make.key("two")
    assert costs(warehouse) == [(one, 1, 0.5, 1, 0, 1), (two, 1, 0.5, 0, 0, 1)]
    begin(make, warehouse, "one", 20, both)
    assert costs(warehouse) == [(one, 1, 0.5, 1, 0, 1), (two, 1, 0.5, 0, 0, 1)]


def test_a_unit_is_cached_for_versions_whose_runs_did_not_work_it(make, commit, warehouse):
    units = {name: make.unit(name) for name in "ab"}
    for version, members, worked in (("one", "ab", "a"), ("two", "ab", "b")):
        study = make.study(version, created_at=dt.datetime.now(dt.UTC))
        make.record(warehouse, study, [make.study_unit(version, units[name]) for name in members])
        commit(make.result(worked))
    cached = warehouse.frame_sql("SELECT study_version, unit_key FROM v_units_all WHERE cached")
    one, two = (make.key(version) for version in ("one", "two"))
    assert set(cached.rows()) == {(one, units["b"].key), (two, units["a"].key)}


@on_both
def test_an_answer_that_outlived_its_run_is_paid_by_that_run(make, commit, warehouse):
    """The first version asked and was killed; the second took its answer from the journal."""
    unit = make.unit("a")
    begin(make, warehouse, "one", 0, [unit])
    begin(make, warehouse, "two", 10, [unit])
    commit(make.result("a", calls=[paid(make, unit.key, 0, 1), paid(make, unit.key, 1, 11)]))
    one, two = make.key("one"), make.key("two")
    assert costs(warehouse) == [(one, 1, 0.5, 1, 0, 1), (two, 1, 0.5, 1, 0, 1)]


@pytest.fixture(scope="module")
def emptied(make, template, tmp_path_factory):
    """A warehouse that examples share, emptied before each."""
    path = tmp_path_factory.mktemp("emptied") / "agora.duckdb"
    path.write_bytes(template.read_bytes())
    with Warehouse.open(path) as opened:
        yield opened


TRIES = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]),
        st.lists(
            st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, unique_by=lambda t: t[0]
        ),
    ),
    min_size=2,
    max_size=5,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs=TRIES)
def test_the_versions_together_pay_for_every_call_once(runs, make, emptied):
    """Versions in any order, each of which works some of its units well or in vain."""
    with emptied.cursor() as cursor:
        for table in (
            *("studies", "study_units", "runs", "units", "calls", "attempts", "quarantine"),
            *("earlier_units", "earlier_calls", "earlier_attempts", "validations"),
        ):
            cursor.execute(f"DELETE FROM {table}")
    done: set[str] = set()
    made = 0
    for number, (version, worked) in enumerate(runs):
        members = [make.unit(name) for name in ("abc" if version == "one" else "ab")]
        begin(make, emptied, version, 10 * number, members)
        results = []
        for name, fails in worked:
            unit = make.unit(name)
            if unit.key in done or unit.key not in {member.key for member in members}:
                continue
            call = bad if fails else paid
            rows = {"calls": [call(make, unit.key, 0, 10 * number + 1)]}
            results.append(Result(unit, rows, FAILED if fails else None))
            made += 1
            if not fails:
                done.add(unit.key)
        emptied.commit(results, run_id=f"run {number}", code_version="0")
    (total,) = emptied.frame_sql(
        "SELECT coalesce(sum(calls), 0), coalesce(sum(usd), 0), coalesce(sum(attempts), 0) "
        "FROM v_costs_all"
    ).rows()
    assert total == (made, 0.5 * made, made)
    assert emptied.frame_sql("SELECT count(*) FROM v_calls_made").item() == made
    assert emptied.frame_sql("SELECT coalesce(sum(calls), 0) FROM v_tries_all").item() == made


def test_a_warehouse_without_runs_opens_with_the_runs_that_are_known(path: Path, make):
    connection = duckdb.connect(str(path))
    known = [migration.name for migration in migrations()]
    before = migrations()[: known.index("tries")]
    connection.execute(
        "CREATE TABLE schema_version (number BIGINT NOT NULL, name VARCHAR NOT NULL, "
        "models_digest VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)"
    )
    for migration in before:
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO schema_version VALUES ($1, $2, 'x', now()::TIMESTAMP)",
            [migration.number, migration.name],
        )
    for version, created, last in (("one", 0, 20), ("two", 10, 10)):
        connection.execute(
            "INSERT INTO studies VALUES ($1, 'study', '{}', '', '', '0', $2, $3)",
            [make.key(version), at(created).replace(tzinfo=None), at(last).replace(tzinfo=None)],
        )
        connection.execute(
            "INSERT INTO study_units VALUES ($1, 'episodes', 'play', $2, 'baseline', 1, 'a')",
            [make.key(version), make.key("a")],
        )
    call = {**make.call(make.key("a")), "cost_usd": 0.5, "asked_at": at(11).replace(tzinfo=None)}
    names = ", ".join(f'"{name}"' for name in call)
    marks = ", ".join("?" * len(call))
    connection.execute(f"INSERT INTO calls ({names}) VALUES ({marks})", list(call.values()))
    connection.close()
    with Warehouse.open(path) as warehouse:
        assert warehouse.frame_sql("SELECT count(*) FROM runs").item() == 3
        one, two = make.key("one"), make.key("two")
        assert costs(warehouse) == [(one, 0, None, 1, 0, 0), (two, 1, 0.5, 0, 0, 1)]
