"""What is deployed, told without a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.deployments.plans import checked_schedule, maintenance_plan, study_plan
from flows.requests import MaintenanceRequest, RunRequest
from schemas.errors import Mistake


def test_a_studys_deployment_names_every_path_in_full(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(study_file.parent)
    plan = study_plan(Path(study_file.name), Path("agora.duckdb"), allowed=[Path("..")])
    assert plan.full_name == "agora-study/small"
    request = RunRequest.model_validate(plan.request)
    assert request.study == study_file.resolve()
    assert request.warehouse == study_file.parent.resolve() / "agora.duckdb"
    assert request.allow_paths == (study_file.parent.parent.resolve(),)


def test_a_stages_deployment_shares_the_limit_of_its_study(study_file: Path) -> None:
    whole = study_plan(study_file, Path("agora.duckdb"))
    codes = study_plan(study_file, Path("agora.duckdb"), stages=["codes"])
    assert codes.full_name == "agora-study/small-codes"
    assert codes.request["stages"] == ["codes"]
    assert codes.request["limit"] == whole.request["limit"] == "agora-small"


def test_all_maintenance_shares_one_limit() -> None:
    one, other = maintenance_plan(Path("one.duckdb")), maintenance_plan(Path("other.duckdb"))
    assert (one.full_name, other.full_name) == ("agora-maintenance/one", "agora-maintenance/other")
    assert one.request["limit"] == other.request["limit"] is not None
    assert MaintenanceRequest.model_validate(one.request).warehouse == Path("one.duckdb").resolve()


def test_maintenance_exports_what_it_is_told_to_a_folder_in_full() -> None:
    plan = maintenance_plan(Path("one.duckdb"), studies=["small"])
    request = MaintenanceRequest.model_validate(plan.request)
    assert (request.studies, request.archives) == (("small",), Path("archives").resolve())


def test_a_schedule_that_prefect_refuses_is_a_mistake() -> None:
    assert not checked_schedule("0 2 * * *", "Europe/Berlin", active=False).active
    for cron in ("", "tomorrow", "0 2 * *", "0 25 * * *", "H 2 * * *"):
        with pytest.raises(Mistake, match="not a cron schedule"):
            checked_schedule(cron, "UTC", active=False)
    with pytest.raises(Mistake, match="not a time zone"):
        checked_schedule("0 2 * * *", "Europe/Nowhere", active=False)
