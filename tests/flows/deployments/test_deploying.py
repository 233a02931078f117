"""Deployments on a real server: what is made for them, and what keeps their runs apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.deployments import run_deployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployments import deploying
from flows.deployments.deploying import FLOWS, deploy
from flows.deployments.limits import holding
from flows.deployments.plans import CronSchedule, study_plan
from flows.deployments.serving import open_plans
from flows.requests import RunRequest
from flows.study import run_study
from schemas.errors import Mistake

#: Where nothing listens.
NOWHERE = "http://127.0.0.1:9/api"

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.slow
async def test_a_pool_and_a_limit_are_made_once_and_the_schedule_is_paused(
    study_file: Path, tmp_path: Path
) -> None:
    plan = study_plan(study_file, tmp_path / "agora.duckdb")
    nightly = replace(plan, schedule=CronSchedule("0 2 * * *", "Europe/Berlin"))
    first = await deploy(nightly, "made-once")
    assert (first.pool, first.new_pool, first.new_limit) == (("made-once", "process"), True, True)
    assert first.schedules == (CronSchedule("0 2 * * *", "Europe/Berlin", active=False),)
    started = replace(nightly, schedule=CronSchedule("0 3 * * *", active=True))
    again = await deploy(started, "made-once")
    assert (again.new_pool, again.new_limit) == (False, False)
    assert again.schedules == (CronSchedule("0 3 * * *", "UTC", active=True),)
    async with get_client() as client:
        limit = await client.read_global_concurrency_limit_by_name("agora-small")
    assert limit.limit == 1


@pytest.mark.slow
async def test_parameters_have_a_schema_and_others_are_refused(
    study_file: Path, tmp_path: Path
) -> None:
    plan = study_plan(study_file, tmp_path / "agora.duckdb")
    await deploy(plan, "schema")
    async with get_client() as client:
        held = await client.read_deployment_by_name(plan.full_name)
    schema: Any = held.parameter_openapi_schema
    fields = schema["definitions"]["RunRequest"]["properties"]
    assert set(fields) == set(RunRequest.model_fields)
    assert all(field.get("description") for field in fields.values())
    for wrong in ({"concurrency": 0}, {"stages": ["nonsense"]}, {"budget": 3}):
        with pytest.raises(PrefectHTTPStatusError, match="Validation failed"):
            await run_deployment(
                held.id, parameters={"request": {**plan.request, **wrong}}, timeout=0
            )


async def test_every_flow_can_be_deployed_and_says_what_it_does(tmp_path: Path) -> None:
    plans = open_plans(tmp_path / "agora.duckdb")
    assert [plan.flow for plan in plans] == [flow.name for flow in FLOWS.values()] == list(FLOWS)
    assert all(plan.about for plan in plans)


@flow(validate_parameters=False)
async def hold(limit: str, inside: list[int]) -> None:
    """Hold a limit, and put down how many do."""
    async with holding(limit):
        inside.append(len([*inside]) + 1)
        await asyncio.sleep(0.2)
        inside.clear()


@pytest.mark.slow
async def test_runs_that_hold_one_limit_take_turns(study_file: Path, tmp_path: Path) -> None:
    await deploy(study_plan(study_file, tmp_path / "agora.duckdb"), "turns")
    inside: list[int] = []
    most = []

    class Seen(list[int]):
        def append(self, count: int) -> None:
            super().append(count)
            most.append(len(self))

    inside = Seen()
    await asyncio.gather(*(hold("agora-small", inside) for _ in range(3)))
    assert most == [1, 1, 1]


async def test_a_limit_that_nobody_created_is_a_mistake(study_file: Path, tmp_path: Path) -> None:
    request = RunRequest(study=study_file, warehouse=tmp_path / "agora.duckdb", limit="never-made")
    state: Any = await run_study(request, return_state=True)
    with pytest.raises(Mistake, match="prefect gcl create never-made --limit 1"):
        await state.aresult()
    assert not request.warehouse.exists()


async def test_a_server_that_is_not_there_is_a_mistake(
    study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploying, "STARTING_S", 0)
    plan = study_plan(study_file, tmp_path / "agora.duckdb")
    for url, said in ((None, "no Prefect server is configured"), (NOWHERE, "no Prefect server an")):
        with (
            temporary_settings({PREFECT_API_URL: url}),
            pytest.raises(Mistake, match=f"{said}(.|\n)*prefect server start"),
        ):
            await deploy(plan, "nowhere")
