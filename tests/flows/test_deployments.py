"""Every flow can be served: a deployment is triggered on a real server and completes."""

from __future__ import annotations

import asyncio
import inspect
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.flow_engine import load_flow_and_flow_run, run_flow
from prefect.settings import (
    PREFECT_RUNNER_POLL_FREQUENCY,
    get_current_settings,
    temporary_settings,
)
from prefect.states import AwaitingRetry
from prefect.types.entrypoint import EntrypointType

from flows import data, stages, study
from flows.deployments.plans import study_plan
from flows.deployments.serving import serve
from flows.status import study_status
from warehouse.query import query

from .conftest import run_plainly
from .without_prefect import replaceable

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

ROOT = Path(__file__).resolve().parents[2]

FLOWS: tuple[Flow[Any, Any], ...] = (
    study.run_study,
    stages.run_stage,
    data.run_report,
    data.run_sample,
    data.run_import,
)


def test_every_flow_can_be_sent_to_another_process() -> None:
    """What is sent knows the types of its parameters, which Prefect reads there."""
    for flow in FLOWS:
        sent = cloudpickle.loads(cloudpickle.dumps(flow))
        types = [one.annotation for one in inspect.signature(sent.fn).parameters.values()]
        assert sent.name == flow.name
        assert sent.fn is not flow.fn
        assert [one for one in types if isinstance(one, str)] == []


@pytest.fixture
def ended_by_sigterm() -> Iterator[None]:
    """Takes back what Prefect's runner does to this signal, which would no longer end the tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


async def test_a_served_study_is_run_when_its_deployment_is_triggered(
    ended_by_sigterm: None, study_file: Path, tmp_path: Path
) -> None:
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(text.replace("name: small", "name: served"), encoding="utf-8")
    plan = study_plan(study_file, tmp_path / "agora.duckdb", stages=("episodes",))
    with temporary_settings({PREFECT_RUNNER_POLL_FREQUENCY: 1}):
        serving = asyncio.create_task(serve([plan]))
        run = await _triggered(plan.full_name)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert run.state is not None
    assert run.state.is_completed(), run.state.message
    assert query(tmp_path / "agora.duckdb", "SELECT count(*) FROM episodes").rows == [(4,)]


CUSTOMER = """
id: customer_1
name: Ana
request: I would like tacos
menu_features: {"Tacos": 3.0}
amenity_features: [Parking]
"""
BUSINESS = """
id: business_1
name: Taqueria
description: Tacos
rating: 0.9
menu_features: {"Tacos": 2.5}
amenity_features: {"Parking": true}
"""


async def test_every_flow_that_is_deployed_runs_with_the_parameters_of_its_deployment(
    study_file: Path, first_run: tuple[Path, Any], tmp_path: Path
) -> None:
    """A study is run by a worker in the next test."""
    market = tmp_path / "market"
    for side, text in (("customers", CUSTOMER), ("businesses", BUSINESS)):
        (market / side).mkdir(parents=True)
        (market / side / "one.yaml").write_text(text, encoding="utf-8")
    study_file.write_text(
        study_file.read_text().replace("coding:\n", "coding:\n  human: {sample: 6}\n")
    )
    for name in ("report", "sample"):
        shutil.copy(first_run[0] / "agora.duckdb", tmp_path / f"{name}.duckdb")
    with replaceable():
        assert (await run_plainly(study_file, tmp_path / "sample.duckdb")).complete

    def at(name: str) -> str:
        return str(tmp_path / name)

    wanted = {
        "sample": (data.run_sample, {"study": "small", "folder": at("sheets")}),
        "import": (data.run_import, {"kind": "marketplace", "path": str(market)}),
        "report": (data.run_report, {"study": "small", "output": at("page.html")}),
    }
    pool = await _pool("agora-test")
    for name, (flow, request) in wanted.items():
        parameters = {"request": {**request, "warehouse": at(f"{name}.duckdb")}}
        state = await _worked_here(await _deployed(flow, pool, parameters))
        assert state.is_completed(), state.message
    assert "small" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert query(tmp_path / "import.duckdb", "SELECT count(*) FROM catalogues").rows == [(1,)]
    assert query(tmp_path / "sample.duckdb", "SELECT count(*) FROM samples").rows == [(6,)]
    assert list((tmp_path / "sheets").glob("*.csv"))


async def test_a_worker_runs_what_failed_again_and_refuses_to_write_into_its_own_folder(
    study_file: Path, first_run: tuple[Path, Any], tmp_path: Path
) -> None:
    """A retry as Prefect's UI does it: the run waits again, and a worker takes it up.

    It is of the version that it began with.
    """
    text = study_file.read_text(encoding="utf-8")
    faulty = text.replace(
        "sim/judge, sim: {", "sim/judge, max_attempts: 1, sim: {failure_rate: 0.3, "
    )
    study_file.write_text(faulty, encoding="utf-8")
    warehouse = tmp_path / "agora.duckdb"
    request = {"study": str(study_file), "warehouse": str(warehouse)}
    pool = await _pool("agora-retried")
    run = await _deployed(study.run_study, pool, {"request": request})
    state = await _worked_here(run)
    failed = query(warehouse, "SELECT count(*) FROM units WHERE status = 'failed'").rows[0][0]
    assert state.is_failed()
    assert state.name == f"Completed with {failed} failed units"
    before = query(warehouse, "FROM units WHERE status = 'done' AND step <> 'measure'").rows

    # How often a model is asked is no part of the version.
    patient = faulty.replace("max_attempts: 1", "max_attempts: 30")
    study_file.write_text(patient, encoding="utf-8")
    async with get_client() as client:
        await client.set_flow_run_state(run, AwaitingRetry())
    report = {"study": "small", "warehouse": str(first_run[0] / "agora.duckdb")}
    lost = await _deployed(data.run_report, pool, {"request": report})
    _work(pool)
    state = await _state(run)
    assert state.is_completed(), state.message
    units = query(warehouse, "FROM units WHERE status = 'done'").rows
    assert set(before) < set(units)
    assert study_status("small", warehouse).complete
    assert query(warehouse, "SELECT count(DISTINCT run_id) FROM runs").rows == [(1,)]
    state = await _state(lost)
    assert state.is_failed()
    assert "temporary folder of Prefect's worker" in str(state.message)


async def _pool(name: str) -> str:
    """A work pool whose workers start processes."""
    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name=name, type="process"), overwrite=True)
    return name


async def _deployed(flow: Flow[Any, Any], pool: str, parameters: dict[str, Any]) -> Any:
    """The identifier of a run that waits for a worker of the pool, in another folder than this."""
    deployment = await flow.ato_deployment(
        name="worked", work_pool_name=pool, entrypoint_type=EntrypointType.MODULE_PATH
    )
    identifier = await deployment.aapply()
    run: Any = await run_deployment(identifier, parameters=parameters, timeout=0)
    return run.id


async def _worked_here(run: Any) -> Any:
    """The state of a run that this process works, as the process does that a worker starts."""
    flow_run, flow = await asyncio.to_thread(load_flow_and_flow_run, run)
    working = partial(run_flow, flow, flow_run=flow_run, return_type="state")
    return await (working() if flow.isasync else asyncio.to_thread(working))


def _work(pool: str) -> None:
    """Have a worker run what waits in the pool, and end."""
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    subprocess.run(
        [sys.executable, "-P", "-m", "prefect", "worker", "start", "--pool", pool, "--run-once"],
        env={
            **os.environ,
            **settings,
            "PYTHONPATH": str(ROOT),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        },
        check=True,
        capture_output=True,
        timeout=600,
    )


async def _state(run: Any) -> Any:
    """The state in which a run ended."""
    async with get_client() as client:
        return (await client.read_flow_run(run)).state


async def _triggered(deployment: str) -> Any:
    """The flow run of a deployment, once the deployment is there and the run has ended."""
    for _ in range(1200):
        try:
            return await run_deployment(deployment, timeout=600, poll_interval=1)
        except ObjectNotFound:
            await asyncio.sleep(0.5)
    raise TimeoutError(deployment)
