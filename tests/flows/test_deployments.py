"""Every flow can be served: a deployment is triggered on a real server and completes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
from prefect import Flow
from prefect.deployments import run_deployment
from prefect.settings import get_current_settings

from flows import data, stages, study

SERVE = """
from flows.study import run_study

if __name__ == "__main__":
    run_study.serve(name="nightly", pause_on_shutdown=False, print_starting_message=False)
"""
LOAD = """
import cloudpickle, inspect, sys
flow = cloudpickle.load(sys.stdin.buffer)
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


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_can_be_sent_to_another_process(flow: Flow[Any, Any]) -> None:
    again = subprocess.run(
        [
            sys.executable,
            "-c",
            "import cloudpickle, sys; print(cloudpickle.load(sys.stdin.buffer).name)",
        ],
        input=cloudpickle.dumps(flow),
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert again.stdout.decode().strip() == flow.name


@pytest.mark.slow
async def test_a_served_study_is_run_when_its_deployment_is_triggered(
    study_file: Path, tmp_path: Path
) -> None:
    script = tmp_path / "serve.py"
    script.write_text(SERVE, encoding="utf-8")
    settings = get_current_settings().to_environment_variables(exclude_unset=True)
    server = subprocess.Popen([sys.executable, str(script)], env={**os.environ, **settings})
    try:
        request = {"study": str(study_file), "warehouse": str(tmp_path / "agora.duckdb")}
        run = await _triggered("agora-study/nightly", {"request": request})
    finally:
        server.terminate()
        server.wait(60)
    assert run.state is not None
    assert run.state.is_completed(), run.state.message
    assert (tmp_path / "agora.duckdb").exists()


async def _triggered(deployment: str, parameters: dict[str, Any]) -> Any:
    """The flow run of a deployment, once the deployment is there and the run has ended."""
    from prefect.exceptions import ObjectNotFound

    for _ in range(120):
        try:
            return await run_deployment(deployment, parameters=parameters, timeout=120)
        except ObjectNotFound:
            time.sleep(0.5)
    raise TimeoutError(deployment)
