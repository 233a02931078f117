"""Retries of a version on record: what failed and what is missing, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from flows.planning import plans
from flows.recorded import as_retried
from flows.requests import RunRequest, StudyReport
from flows.status import study_status
from tasks.stages.codes import CodeStep
from tasks.stages.episodes import EpisodeStep
from tasks.stages.measures import MeasureStep
from tasks.stages.registry import steps
from tasks.studies.design import design
from tasks.studies.load import load_study
from warehouse.reader import reader
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Fault, Ran

pytestmark = pytest.mark.slow


def done(report: StudyReport) -> dict[str, int]:
    return {step.step: step.done for step in report.steps if step.done}


def selected(folder: Path, sql: str) -> pl.DataFrame:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        return warehouse.frame_sql(sql)


def left(path: Path, warehouse: Path) -> dict[str, int]:
    """How many units the code as it is would work if the study was run."""
    resolved = design(load_study(path).study)
    with reader(warehouse) as reading:
        planned = list(plans(resolved, reading, steps()))
    return {one.step.name: n for one in planned if (n := len(one.units) - len(one.held))}


@pytest.fixture
async def failed(
    fault: Fault, judged_once: Callable[..., Path], ran: Ran
) -> tuple[Path, StudyReport]:
    """The small study, of whose codings two of one condition and one of the other failed."""
    fault.kinds = ["server_error", "server_error", None, None, None, None, None, "timeout"]
    path = judged_once()
    report = await ran(path)
    fault.over = True
    return path, report


KEPT = "SELECT * FROM units WHERE status = 'done' AND step IN ('episodes', 'code') ORDER BY ALL"


async def test_only_what_failed_is_worked_though_the_code_of_other_stages_changed(
    failed: tuple[Path, StudyReport], tmp_path: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, report = failed
    before = selected(tmp_path, KEPT)
    episodes = selected(tmp_path, "SELECT * FROM events ORDER BY ALL")
    for step in (EpisodeStep, MeasureStep):
        monkeypatch.setattr(step, "recipe", step.recipe + 1)
    # To run the study would play its episodes and code them anew.
    assert {"episodes": 4, "code": 8}.items() <= left(path, tmp_path / "agora.duckdb").items()
    again = await ran(path, version=report.version)
    assert again.complete
    assert again.version == report.version
    # Two rules, over two episodes whose codes changed; what rests on no label was left, too.
    assert done(again) == {"code": 3, "label": 4, "measure": 2}
    assert selected(tmp_path, "SELECT * FROM events ORDER BY ALL").equals(episodes)
    after = selected(tmp_path, KEPT)
    assert after.join(before, on=after.columns, how="inner", nulls_equal=True).height == len(before)
    assert len(after) == len(before) + 3
    assert study_status(report.version, tmp_path / "agora.duckdb").complete
    nothing = await ran(path, version=report.version)
    assert (nothing.calls_asked, done(nothing)) == (0, {})


async def test_units_that_other_code_planned_are_left_and_told(
    failed: tuple[Path, StudyReport], tmp_path: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, report = failed
    before = selected(tmp_path, "SELECT * FROM units ORDER BY ALL")
    monkeypatch.setattr(CodeStep, "recipe", CodeStep.recipe + 1)
    again = await ran(path, version=report.version)
    assert (again.calls_asked, again.complete) == (0, False)
    code = next(step for step in again.steps if step.step == "code")
    assert (code.held, code.done, code.failed, code.outdated) == (5, 0, 3, 3)
    assert selected(tmp_path, "SELECT * FROM units ORDER BY ALL").equals(before)


async def test_a_condition_or_a_stage_alone_can_be_retried(
    failed: tuple[Path, StudyReport], tmp_path: Path, ran: Ran
) -> None:
    path, report = failed
    warehouse = tmp_path / "agora.duckdb"
    status = study_status("small", warehouse)
    codes = {one.condition: one for one in status.stages if one.stage == "codes"}
    assert {name: one.failed for name, one in codes.items()} == {"uniform": 2, "mixed": 1}
    assert [(one.condition, one.kind, one.units, one.mended_by_time) for one in status.failures][
        :2
    ] == [("mixed", "timeout", 1, True), ("uniform", "server_error", 2, True)]
    assert sum(one.calls for one in status.stages) == report.calls_asked
    one = await ran(path, version=report.version, conditions=("mixed",), stages=("codes",))
    assert done(one)["code"] == 1
    assert "measure" not in done(one)
    codes = {
        one.condition: (one.failed, one.missing)
        for one in study_status("small", warehouse).stages
        if one.stage == "codes"
    }
    assert codes["mixed"] == (0, 0)
    assert codes["uniform"][0] == 2
    assert (await ran(path, version=report.version)).complete


async def test_stages_that_no_run_began_are_missing(
    study_file: Path, tmp_path: Path, ran: Ran
) -> None:
    first = await ran(study_file, stages=("episodes",))
    status = study_status(str(study_file), tmp_path / "agora.duckdb")
    assert (status.complete, status.not_begun) == (False, ("codes", "metrics"))
    study_file.unlink()  # what is on record is enough
    again = await ran(study_file, version=first.version)
    assert again.complete
    assert "episodes" not in done(again)


async def test_a_run_that_prefect_retries_is_of_the_version_that_it_began_with(
    failed: tuple[Path, StudyReport], tmp_path: Path
) -> None:
    path, report = failed
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("replicates: 2", "replicates: 3"), encoding="utf-8")
    request = RunRequest(study=path, warehouse=tmp_path / "agora.duckdb")
    run_id = str(selected(tmp_path, "SELECT run_id FROM runs")["run_id"].item())
    assert as_retried(request, run_id).version == report.version
    assert as_retried(request, "another").version is None
    nowhere = request.model_copy(update={"warehouse": tmp_path / "none.duckdb"})
    assert as_retried(nowhere, run_id).version is None
