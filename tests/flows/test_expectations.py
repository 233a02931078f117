"""What a run does with expectations that hold, that do not, and that were checked before."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName

from flows.cli.run import run_studies
from flows.naming import place
from flows.requests import RunRequest, StudyReport
from flows.running import open_session
from flows.session import checked_by
from warehouse.expectations.checker import Checker
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

EXPECT = """
expect:
  - expect_column_mean_to_be_between:
      {view: v_messages, column: words, max_value: 1, per: condition}
  - {expect_column_values_to_be_between: {view: v_messages, column: words, min_value: 1}}
  - {expect_table_row_count_to_equal: {view: v_trades, value: 5, severity: info}}
  - {contrast: mix, direction: less}
  - {contrast: mix, direction: greater}
  - {of: participation.gini_words, condition: uniform, min_value: 0, max_value: 1}
  - {of: participation.gini_words, condition: mixed, max_value: -1}
"""
CRITICAL = """
expect:
  - expect_column_values_to_be_between:
      {view: v_messages, column: words, max_value: 2, severity: critical}
"""


def validations(folder: Path, version: str) -> pl.DataFrame:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        return warehouse.frame_sql(
            "select * from validations where study_version = $1 order by stage, check_name, "
            "condition, expected",
            [version],
        )


async def stage_state(stage: str) -> Any:
    """The state of the latest run of a stage of the small study."""
    named = FlowRunFilter(name=FlowRunFilterName(any_=[place("small", stage)]))
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=named)
    return max(runs, key=lambda run: run.start_time).state


def test_the_suites_of_all_stages_hold_for_a_good_study(
    first_report: StudyReport, tmp_path: Path
) -> None:
    assert [one.sentence for one in first_report.checked if not one.passed] == []
    held = validations(tmp_path, first_report.version)
    assert set(held["stage"]) == {"episodes", "codes", "metrics"}
    assert set(held["declared_by"]) == {"stage"}
    assert held.filter(table_name="v_episodes")["condition"].sort().to_list() == [
        "mixed",
        "uniform",
    ]
    assert "great_expectations" not in sys.modules


async def test_a_rerun_takes_results_from_the_warehouse(
    study_file: Path, tmp_path: Path, first_report: StudyReport, ran: Ran,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(Checker, "start", lambda self: pytest.fail("the worker was started"))
    before = validations(tmp_path, first_report.version)
    report = await ran(study_file)
    assert report.checked == first_report.checked
    assert validations(tmp_path, report.version).equals(before)


async def test_broken_warnings_are_reported_and_end_nothing(
    study_file: Path, tmp_path: Path, rerun_by_prefect: Ran, first_report: StudyReport
) -> None:
    study_file.write_text(study_file.read_text("utf-8") + EXPECT, "utf-8")
    report = await rerun_by_prefect(study_file)
    assert report.complete
    assert report.calls_asked == 0
    assert report.version != first_report.version
    held = validations(tmp_path, report.version).filter(declared_by="study")
    found = {
        (row["check_name"], row["condition"], row["expected"]): (row["severity"], row["passed"])
        for row in held.to_dicts()
    }
    mean, contrast = "expect_column_mean_to_be_between(words)", "contrast mix"
    assert found == {
        (mean, "uniform", "max_value 1"): ("warning", False),
        (mean, "mixed", "max_value 1"): ("warning", False),
        ("expect_column_values_to_be_between(words)", "", "min_value 1"): ("warning", True),
        ("expect_table_row_count_to_equal", "", "value 5"): ("info", False),
        (contrast, "", "less than the baseline"): ("warning", False),
        (contrast, "", "greater than the baseline"): ("warning", True),
        ("participation.gini_words", "uniform", "0 to 1"): ("warning", True),
        ("participation.gini_words", "mixed", "at most -1"): ("warning", False),
    }
    state = await stage_state("episodes")
    assert state.is_completed()
    assert "warning: v_messages (mixed): expect_column_mean_to_be_between(words)" in state.message
    assert set(held.filter(stage="metrics")["source"]) == {"agora"}


async def test_a_broken_critical_expectation_fails_its_stage_and_ends_the_run(
    study_file: Path, tmp_path: Path, rerun_by_prefect: Ran
) -> None:
    text = study_file.read_text("utf-8").replace("replicates: 2", "replicates: 3")
    study_file.write_text(text + CRITICAL, "utf-8")
    report = await rerun_by_prefect(study_file)
    assert not report.complete
    (one,) = report.critical
    assert (one.view, one.severity, one.expected) == ("v_messages", "critical", "max_value 2")
    state = await stage_state("episodes")
    assert state.is_failed()
    assert state.message.startswith("critical: v_messages: expect_column_values_to_be_between")
    assert "expected max_value 2, found" in state.message
    done = {step.step: step.done for step in report.steps if step.done}
    assert done == {"episodes": 2}
    assert next(step for step in report.steps if step.step == "code").left == 4


async def test_a_checker_that_was_started_for_a_run_is_used_and_left_open(
    study_file: Path, tmp_path: Path
) -> None:
    with Checker() as checker, checked_by(checker):
        async with open_session(
            RunRequest(study=study_file, warehouse=tmp_path / "a.duckdb"), "run"
        ) as session:
            assert session.checker is checker
        checker.start()
        started = checker.process_id
        async with open_session(
            RunRequest(study=study_file, warehouse=tmp_path / "a.duckdb"), "run"
        ) as session:
            assert session.checker.process_id == started
        assert checker.process_id == started


def test_the_terminal_says_what_does_not_hold(
    study_file: Path, tmp_path: Path, first_report: StudyReport, capsys: pytest.CaptureFixture[str]
) -> None:
    study_file.write_text(study_file.read_text("utf-8") + CRITICAL, "utf-8")
    request = RunRequest(study=study_file, warehouse=tmp_path / "agora.duckdb")
    assert not run_studies([request], verbose=False)
    out = capsys.readouterr().out
    assert "critical: v_messages: expect_column_values_to_be_between(words): expected" in out
