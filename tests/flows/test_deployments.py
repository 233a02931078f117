"""Every flow can be served: a deployment is triggered on a real server and completes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.deployments import run_deployment
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry
from prefect.types.entrypoint import EntrypointType

from flows import data, stages, study
from flows.status import study_status
from warehouse.query import query

from .conftest import run as ran

ROOT = Path(__file__).resolve().parents[2]

SERVE = """
from flows.study import run_study

if __name__ == "__main__":
    run_study.serve(name="nightly", pause_on_shutdown=False, print_starting_message=False)
"""
LOAD = """
import cloudpickle, inspect, sys
for sent in cloudpickle.load(sys.stdin.buffer):
    flow = cloudpickle.loads(sent)
    types = [one.annotation for one in inspect.signature(flow.fn).parameters.values()]
    assert not [one for one in types if isinstance(one, str)], types
    print(flow.name)
"""
FLOWS: tuple[Flow[Any, Any], ...] = (
    study.run_study,
    stages.run_stage,
    data.run_report,
    data.run_sample,
    data.run_import,
)


@pytest.mark.slow
def test_every_flow_can_be_sent_to_another_process() -> None:
    sent = cloudpickle.dumps([cloudpickle.dumps(flow) for flow in FLOWS])
    again = subprocess.run(
        [sys.executable, "-c", LOAD], input=sent, capture_output=True, check=False, timeout=600
    )
    assert again.stdout.decode().split() == [flow.name for flow in FLOWS], again.stderr[-2000:]


@pytest.mark.slow
async def test_a_served_study_is_run_when_its_deployment_is_triggered(
    study_file: Path, tmp_path: Path
) -> None:
    script = tmp_path / "serve.py"
    script.write_text(SERVE, encoding="utf-8")
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    server = subprocess.Popen([sys.executable, str(script)], env={**os.environ, **settings})
    try:
        request = {
            "study": str(study_file),
            "warehouse": str(tmp_path / "agora.duckdb"),
            "stages": ["episodes"],
        }
        run = await _triggered("agora-study/nightly", {"request": request})
    finally:
        server.terminate()
        server.wait(600)
    assert run.state is not None
    assert run.state.is_completed(), run.state.message
    assert (tmp_path / "agora.duckdb").exists()


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


@pytest.mark.slow
async def test_a_worker_runs_every_flow_that_is_deployed_to_its_pool(
    study_file: Path, first_run: tuple[Path, Any], tmp_path: Path
) -> None:
    """Each on a warehouse of its own, since the worker runs them at the same time.

    A study is run by a worker in the next test.
    """
    market = tmp_path / "market"
    for side, text in (("customers", CUSTOMER), ("businesses", BUSINESS)):
        (market / side).mkdir(parents=True)
        (market / side / "one.yaml").write_text(text, encoding="utf-8")
    study_file.write_text(
        study_file.read_text().replace("coding:\n", "coding:\n  human: {sample: 6}\n")
    )
    for name in ("report", "lost", "sample"):
        shutil.copy(first_run[0] / "agora.duckdb", tmp_path / f"{name}.duckdb")
    assert (await ran(study_file, tmp_path / "sample.duckdb")).complete

    def at(name: str) -> str:
        return str(tmp_path / name)

    wanted = {
        "sample": (data.run_sample, {"study": "small", "folder": at("sheets")}),
        "import": (data.run_import, {"kind": "marketplace", "path": str(market)}),
        "report": (data.run_report, {"study": "small", "output": at("page.html")}),
        "lost": (data.run_report, {"study": "small"}),
    }
    pool = await _pool("agora-test")
    runs = {}
    for name, (flow, request) in wanted.items():
        parameters = {"request": {**request, "warehouse": at(f"{name}.duckdb")}}
        runs[name] = await _deployed(flow, pool, parameters)
    _work(pool)
    states = {name: await _state(run) for name, run in runs.items()}
    assert [name for name, state in states.items() if not state.is_completed()] == ["lost"]
    assert "temporary folder of Prefect's worker" in str(states["lost"].message)
    assert "small" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert query(tmp_path / "import.duckdb", "SELECT count(*) FROM catalogues").rows == [(1,)]
    assert query(tmp_path / "sample.duckdb", "SELECT count(*) FROM samples").rows == [(6,)]
    assert list((tmp_path / "sheets").glob("*.csv"))


@pytest.mark.slow
async def test_a_retry_of_a_flow_run_works_what_failed_of_the_version_that_it_began_with(
    study_file: Path, tmp_path: Path
) -> None:
    """As Prefect's UI does it: the run waits again, and a worker takes it up."""
    text = study_file.read_text(encoding="utf-8")
    faulty = text.replace(
        "sim/judge, sim: {", "sim/judge, max_attempts: 1, sim: {failure_rate: 0.3, "
    )
    study_file.write_text(faulty, encoding="utf-8")
    warehouse = tmp_path / "agora.duckdb"
    request = {"study": str(study_file), "warehouse": str(warehouse)}
    pool = await _pool("agora-retried")
    run = await _deployed(study.run_study, pool, {"request": request})
    _work(pool)
    state = await _state(run)
    failed = query(warehouse, "SELECT count(*) FROM units WHERE status = 'failed'").rows[0][0]
    assert state.is_failed()
    assert state.name == f"Completed with {failed} failed units"
    before = query(warehouse, "FROM units WHERE status = 'done' AND step <> 'measure'").rows

    # How often a model is asked is no part of the version.
    patient = faulty.replace("max_attempts: 1", "max_attempts: 30")
    study_file.write_text(patient, encoding="utf-8")
    async with get_client() as client:
        await client.set_flow_run_state(run, AwaitingRetry())
    _work(pool)
    state = await _state(run)
    assert state.is_completed(), state.message
    units = query(warehouse, "FROM units WHERE status = 'done'").rows
    assert set(before) < set(units)
    assert study_status("small", warehouse).complete
    assert query(warehouse, "SELECT count(DISTINCT run_id) FROM runs").rows == [(1,)]


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


async def _triggered(deployment: str, parameters: dict[str, Any]) -> Any:
    """The flow run of a deployment, once the deployment is there and the run has ended."""
    from prefect.exceptions import ObjectNotFound

    for _ in range(120):
        try:
            return await run_deployment(deployment, parameters=parameters, timeout=600)
        except ObjectNotFound:
            time.sleep(0.5)
    raise TimeoutError(deployment)
