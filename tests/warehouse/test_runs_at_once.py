"""Runs that go on at the same time: each pays for its own calls, whatever the times."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.unit import Failure
from warehouse.store import Warehouse

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def at(minute: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minute)


def begin(make: Any, warehouse: Warehouse, version: str, run: str, minute: int, unit: Any) -> None:
    study = make.study(version, created_at=at(minute))
    warehouse.record_study(study)
    warehouse.record_run(run, study["study_version"], at(minute))
    warehouse.record_units(study["study_version"], "play", [make.study_unit(version, unit)])


def test_calls_and_units_are_of_the_run_that_they_name(make: Any, warehouse: Any) -> None:
    a, b = make.unit("a"), make.unit("b")
    begin(make, warehouse, "one", "first", 0, a)
    begin(make, warehouse, "two", "second", 5, b)
    for unit, run in ((a, "first"), (b, "second")):
        call = make.call(unit.key, cost_usd=0.5, asked_at=at(6), run_id=run)
        result = make.result("a" if unit is a else "b", calls=[call])
        warehouse.commit([result], run_id=run, code_version="0")
    found = warehouse.frame_sql(
        "SELECT study_version, calls, usd, cached_calls FROM v_costs_all ORDER BY created_at"
    ).rows()
    assert found == [(make.key("one"), 1, 0.5, 0), (make.key("two"), 1, 0.5, 0)]
    tried = warehouse.frame_sql("SELECT unit_key, study_version FROM v_tries_all").rows()
    assert set(tried) == {(a.key, make.key("one")), (b.key, make.key("two"))}
    assert warehouse.frame_sql("SELECT DISTINCT cached FROM v_units_all").rows() == [(False,)]


def test_a_run_that_was_tried_again_keeps_its_name_and_pays_for_the_version_it_ran_then(
    make: Any, warehouse: Any
) -> None:
    """Prefect tries a flow run again under its identifier; the study may have changed meanwhile."""
    unit = make.unit("a")
    begin(make, warehouse, "one", "same", 0, unit)
    begin(make, warehouse, "two", "same", 10, unit)
    calls = [
        make.call(unit.key, n, cost_usd=0.5, asked_at=at(minute), run_id="same")
        for n, minute in enumerate((1, 11))
    ]
    warehouse.commit([make.result("a", calls=calls)], run_id="same", code_version="0")
    paid = warehouse.frame_sql("SELECT paid_by FROM v_calls_made ORDER BY asked_at").rows()
    assert paid == [(make.key("one"),), (make.key("two"),)]


def contents(warehouse: Any) -> dict[str, list[Any]]:
    tables = (
        *("units", "earlier_units", "calls", "earlier_calls", "attempts", "earlier_attempts"),
        *("events", "quarantine", "validations", "prompt_messages", "uncommitted_calls"),
    )
    return {name: sorted(warehouse.frame_sql(f"FROM {name}").rows(), key=repr) for name in tables}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["first", "second"]),
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.sampled_from(["done", "failed", "refused"])),
            min_size=1,
            max_size=4,
            unique_by=lambda one: one[0],
        ),
        st.integers(1, 2),
    ),
    min_size=2,
    max_size=4,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_a_commit_that_is_asked_for_again_changes_nothing_and_says_the_same(
    make: Any, template: Any, tmp_path_factory: Any, steps: Any
) -> None:
    path = tmp_path_factory.mktemp("twice") / "agora.duckdb"
    path.write_bytes(template.read_bytes())
    with Warehouse.open(path) as warehouse:
        for number, (run, units, again) in enumerate(steps):
            results = []
            for name, fate in units:
                key = make.key(name)
                call = make.call(key, asked_at=at(number), run_id=run)
                given = {"calls": [call], "attempts": [make.attempt(key)]}
                if fate == "refused":
                    given["events"] = [make.event(key, kind="shout")]
                failure = Failure("server_error", "500") if fate == "failed" else None
                results.append(make.result(name, failure, **given))

            def commit(some: Any = results, run: str = run, number: int = number) -> Any:
                return warehouse.commit(some, run_id=run, code_version="0", at=at(1000 + number))

            report = commit()
            stored = contents(warehouse)
            for _ in range(again):
                repeated = commit()
                assert contents(warehouse) == stored
                assert repeated.batch == report.batch
                assert set(repeated.done) == set(report.done)
                assert set(repeated.unchanged) == set(report.unchanged)
                assert dict(repeated.failed) == dict(report.failed)
