"""Units that fail: who says so, what is worked again, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterTags,
    TaskRunFilter,
)

from flows.requests import StudyReport
from flows.session import Silence, told_to
from flows.status import study_status
from schemas.errors import Mistake
from tasks.stages.codes import CodeStep
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Fault, Ran

pytestmark = pytest.mark.slow


def failures(report: StudyReport) -> dict[str, list[tuple[str, int]]]:
    return {
        step.step: [(one.kind, one.units) for one in step.failures]
        for step in report.steps
        if step.failed
    }


class Waits(Silence):
    """Notes how often, and on how many units, a run waits; time mends a fault meanwhile."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.waited: list[tuple[int, float, int, int]] = []
        self.fault = fault

    def waits(self, units: int, seconds: float, number: int, retries: int) -> None:
        self.waited.append((units, seconds, number, retries))
        if self.fault is not None:
            self.fault.over = True


async def test_a_run_waits_and_works_again_what_time_mends_and_nothing_else(
    fault: Fault, judged_once: Callable[..., Path], ran: Ran
) -> None:
    fault.kinds = ["server_error", "authentication", "rate_limit", None, None, "timeout"]
    with told_to(waits := Waits(fault)):
        report = await ran(judged_once("{retries: 3, retry_after_s: 0.01}"))
    assert waits.waited == [(3, 0.01, 1, 3)]
    assert failures(report)["code"] == [("authentication", 1)]
    assert {step.step: step.done for step in report.steps}["code"] == 7
    # Labels were made once, upon all codes that there will be.
    assert {step.step: step.units for step in report.steps}["label"] == 8


async def test_an_account_without_credit_is_asked_no_more_and_others_go_on(
    fault: Fault, judged_once: Callable[..., Path], ran: Ran, tmp_path: Path
) -> None:
    fault.kinds = [None, "no_credit", "server_error"]
    study = judged_once("{concurrency: 1, retries: 3, retry_after_s: 0.01}")
    paid = study.read_text(encoding="utf-8").replace("judge_b: {", "judge_b: {api_key_env: B_KEY, ")
    study.write_text(paid, encoding="utf-8")
    with told_to(waits := Waits(fault)):
        report = await ran(study)
    assert waits.waited == [(1, 0.01, 1, 3)]
    assert failures(report)["code"] == [("no_credit", 1)]
    assert {step.step: (step.done, step.left) for step in report.steps}["code"] == (4, 3)
    account = "the account at sim/judge (B_KEY) has no credit left"
    assert report.stopped == f"{account} (a simulated fault): pay there first"
    assert "4 of 8" in report.left
    told = study_status("small", tmp_path / "agora.duckdb").failures
    assert [one.example for one in told] == [account]


async def test_a_key_that_a_judge_lacks_is_missed_before_anything_is_asked(
    study_file: Path, ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("B_KEY", raising=False)
    simulated = "{model: sim/judge, sim: {sensitivity: 0.9}}"
    hosted = "{model: openai/mock, api_base: 'http://127.0.0.1:9/v1', api_key_env: B_KEY}"
    text = study_file.read_text(encoding="utf-8")
    assert simulated in text
    study_file.write_text(text.replace(simulated, hosted), encoding="utf-8")
    with pytest.raises(Mistake, match="B_KEY is not set"):
        await ran(study_file)
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        assert warehouse.frame_sql("select count(*) from v_calls_made").item() == 0
    # A stage that asks no such model needs no key of it.
    report = await ran(study_file, stages=("episodes",))
    assert {step.step: step.done for step in report.steps}["episodes"] == 4


async def test_a_run_gives_up_after_as_many_retries_as_declared(
    fault: Fault, judged_once: Callable[..., Path], study_file: Path, ran: Ran
) -> None:
    fault.kinds = ["server_error"] * 8
    with told_to(waits := Waits()):
        report = await ran(judged_once("{retries: 2, retry_after_s: 0}"))
    assert [(units, number) for units, _, number, _ in waits.waited] == [(8, 1), (8, 2)]
    assert failures(report)["code"] == [("server_error", 8)]
    fault.over = True
    assert (await ran(study_file)).complete


async def test_states_of_runs_and_tasks_say_what_failed(
    fault: Fault,
    judged_once: Callable[..., Path],
    ran_by_prefect: Ran,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault.kinds = ["server_error", None, "authentication"]
    work, spoiled = CodeStep.work, []

    async def work_badly(self: CodeStep, unit: Any, *others: Any) -> dict[str, Any]:
        rows = await work(self, unit, *others)
        if not spoiled:  # the commit refuses a row of the first unit that ends well
            spoiled.append(unit.key)
            rows["codes"][0] = {**rows["codes"][0], "flag": ""}
        return rows

    monkeypatch.setattr(CodeStep, "work", work_badly)
    report = await ran_by_prefect(judged_once())
    status = study_status("small", tmp_path / "agora.duckdb")
    assert sum(one.quarantined for one in status.stages if one.stage == "codes") > 0
    tags = [f"version:{report.version[:12]}", "study:small"]
    async with get_client() as client:
        newest: Any = "EXPECTED_START_TIME_DESC"
        tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=tags))
        found = await client.read_flow_runs(flow_run_filter=tagged, sort=newest)
        run = next(one for one in found if one.parent_task_run_id is None)
        stages = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run.id])
            )
        )
        stage = next(one for one in stages if one.name == "small / codes")
        tasks = await client.read_task_runs(
            flow_run_filter=FlowRunFilter.model_validate({"id": {"any_": [stage.id]}}),
            task_run_filter=TaskRunFilter(),
        )
    assert (run.name, run.state.type.value) == ("small", "FAILED")
    assert run.state.name == stage.state.name == "Completed with 3 failed units"
    assert "code: 3 failed: 1 server_error (a simulated fault)" in run.state.message
    assert "Time alone does not mend: authentication, invalid_rows" in run.state.message
    assert sorted(one.name for one in stages) == [
        f"small / {name}" for name in ("codes", "episodes", "metrics", "personas")
    ]
    assert {*tags, "stage:codes"} <= set(stage.tags)
    states = {one.name: (one.state.type.value, one.state.message) for one in tasks}
    kind, message = states["small / codes / code 1 of 1"]
    assert kind == "FAILED"
    assert message.startswith(
        "3 of 8 units failed: 1 server_error (a simulated fault), "
        "1 authentication (a simulated fault), 1 invalid_rows (codes: flag: "
    )
    assert states["small / codes / label 1 of 1"][0] == "COMPLETED"
