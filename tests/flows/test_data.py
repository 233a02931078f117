"""Reports and coding sheets as flows with one pydantic parameter, as schedules call them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.data import run_report, run_sample
from flows.human_coding import HandedOut
from flows.requests import ReportRequest, SampleRequest
from schemas.errors import Mistake

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]


def data_of(flow: Any, request: ReportRequest | SampleRequest) -> Any:
    return flow(request, return_state=True).result(raise_on_failure=False)


async def test_flows_write_the_report_and_the_coding_sheets(
    study_file: Path, tmp_path: Path, ran: Ran
) -> None:
    text = study_file.read_text().replace("coding:\n", "coding:\n  human: {sample: 6}\n")
    study_file.write_text(text)
    await ran(study_file)
    warehouse = tmp_path / "agora.duckdb"

    page = tmp_path / "page.html"
    report = ReportRequest(study="small", warehouse=warehouse, output=page)
    assert await asyncio.to_thread(data_of, run_report, report) == page
    assert "small" in page.read_text(encoding="utf-8")

    sheets = SampleRequest(study="small", warehouse=warehouse, folder=tmp_path / "sheets")
    out = await asyncio.to_thread(data_of, run_sample, sheets)
    assert isinstance(out, HandedOut)
    assert out.n_items == 6
    assert {path.parent for path in out.files} == {tmp_path / "sheets"}


async def test_flow_of_a_study_that_is_not_there_fails_with_the_mistake(tmp_path: Path) -> None:
    request = ReportRequest(study="none", warehouse=tmp_path / "agora.duckdb")
    ended = await asyncio.to_thread(data_of, run_report, request)
    assert isinstance(ended, Mistake)
