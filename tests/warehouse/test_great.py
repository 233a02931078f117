"""Great Expectations as the second look at a batch."""

from __future__ import annotations

import polars as pl

from schemas.tables import TABLES
from warehouse.committing import staging
from warehouse.committing.batch import NUMBER, UNIT, Staged
from warehouse.committing.great import expectations_met
from warehouse.projections.frames import frame_of


def _staged(rows: list[dict[str, object]]) -> Staged:
    model = TABLES["events"]
    good = [model.model_validate(row) for row in rows]
    frame = frame_of(model, good).with_columns(
        pl.Series(NUMBER, range(10, 10 + len(rows)), dtype=pl.Int64), pl.lit("u").alias(UNIT)
    )
    return Staged(model, frame, ((10, "u", rows),))


def test_rows_that_meet_the_suite_are_left_alone(make):
    staged = _staged([make.event(make.key("a"), seq) for seq in range(3)])
    checks = expectations_met(staged)
    assert not staged.refused
    assert all(check.n_failed == 0 for check in checks)
    assert all(check.n_rows == 3 for check in checks)
    names = {check.name for check in checks}
    assert {"table_columns_to_match_set", "column_values_to_not_be_null(seq)"} <= names


def test_rows_that_fail_an_expectation_are_refused_by_number(make):
    staged = _staged([make.event(make.key("a"), seq) for seq in range(3)])
    staged.frame = staged.frame.with_columns(
        kind=pl.Series(["say", "sing", "say"]), actor=pl.Series(["s1", "s1", ""])
    )
    failed = {check.name: check for check in expectations_met(staged) if check.n_failed}
    assert set(staged.refused) == {11, 12}
    assert "column values to be in set" in staged.refused[11]
    assert failed["column_values_to_be_in_set(kind)"].detail["found"] == ["sing"]
    assert staged.unit_of(12) == "u"


def test_a_column_too_many_refuses_every_row(make):
    staged = _staged([make.event(make.key("a"), seq) for seq in range(2)])
    staged.frame = staged.frame.with_columns(colour=pl.lit("red"))
    expectations_met(staged)
    assert set(staged.refused) == {10, 11}
    assert staged.refused[10].startswith("events: table columns to match set")


def test_a_unit_whose_rows_only_fail_an_expectation_is_refused(make, commit, monkeypatch):
    unit = make.key("a")
    real = staging.frame_of

    def lenient(row, models):
        frame = real(row, models)
        return frame.with_columns(status=pl.lit("fine")) if "status" in frame.columns else frame

    monkeypatch.setattr(staging, "frame_of", lenient)
    report = commit(make.result("a"))
    assert "column values to be in set" in report.failed[unit].message
