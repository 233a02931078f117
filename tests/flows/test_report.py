from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.orchestration import get_client
from typer.testing import CliRunner

from flows.cli.main import app
from flows.report_file import write_report
from flows.reporting import queries, report_data
from flows.requests import StudyReport
from schemas.errors import Mistake
from schemas.study import Study
from tasks.report.data import ReportData
from tasks.report.sections.findings import findings
from tasks.report.sections.transcripts import excerpts
from warehouse.query import query
from warehouse.reader import reader
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow


def ask(warehouse: Path, sql: str) -> Sequence[Mapping[str, Any]]:
    found = query(warehouse, sql)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def data_of(warehouse: Path) -> ReportData:
    (row,) = ask(warehouse, "SELECT study_version, spec FROM studies")
    study = Study.model_validate(json.loads(row["spec"]))
    with reader(warehouse) as held:
        return report_data(study, row["study_version"], held)


async def test_a_study_that_was_run_has_a_report(
    study_file: Path, first_report: StudyReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = first_report
    warehouse = tmp_path / "agora.duckdb"

    # By name, by version and by file; every one writes the same page but for the time.
    monkeypatch.chdir(tmp_path)
    assert write_report("small", warehouse, None) == Path("small-report.html")
    text = Path("small-report.html").read_text(encoding="utf-8")
    for reference in (done.version[:10], str(study_file)):
        other = write_report(reference, warehouse, tmp_path / "other.html").read_text("utf-8")
        assert len(other) == len(text)
    command = ["--warehouse", str(warehouse), "report", "small", "--output", "again.html"]
    said = CliRunner().invoke(app, command)
    assert (said.exit_code, said.output) == (0, "report: again.html\n")
    assert len(text) < 1_000_000
    assert study_file.read_text(encoding="utf-8").splitlines()[1] in text
    assert done.version in text

    # Every query that the page shows can be asked again and gives what the page was made of.
    data = data_of(warehouse)
    excerpts_too = {"messages", "message_codes", "message_labels"}
    assert set(data.listings) == {*queries(data.study, data.version), *excerpts_too}
    for listing in data.listings.values():
        assert "$" not in listing.sql.replace("'$", "")
        assert len(ask(warehouse, listing.sql)) == len(listing.rows)
    with Warehouse.open(warehouse, read_only=True) as opened:
        held = report_data(data.study, data.version, opened)
    assert findings(held) == findings(data)

    # Conditions stand in the order declared, with a run of each.
    assert [one.name for one in data.conditions] == ["uniform", "mixed"]
    assert [one.condition for one in excerpts(data)] == ["uniform", "mixed"]
    assert all(message.coded for one in excerpts(data) for message in one.messages)


async def test_prefect_shows_the_stages_and_the_report_in_short(
    study_file: Path, rerun_by_prefect: Ran
) -> None:
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(text.replace("replicates: 2", "replicates: 3"), encoding="utf-8")
    await rerun_by_prefect(study_file)
    async with get_client() as client:
        artifacts = await client.read_artifacts()
    kept = {artifact.key: artifact for artifact in artifacts}
    stages = {"episodes", "codes", "metrics"}
    assert {f"agora-small-{stage}" for stage in stages} <= set(kept)
    # The server of the tests has seen other runs of a study of this name.
    tables = [one.data for one in artifacts if one.key == "agora-small-episodes"]
    steps = [json.loads(data) if isinstance(data, str) else data for data in tables]
    rows = [row for step in steps for row in step]
    assert {row["step"] for row in rows} == {"episodes"}, "no row of steps without units"
    assert (6, 2, 4, 0) in [
        (row["units"], row["done now"], row["held before"], row["failed"]) for row in rows
    ]
    assert "Know before citing" in str(kept["agora-small-report"].data)


def test_a_study_that_was_never_run_has_none(study_file: Path, tmp_path: Path) -> None:
    Warehouse.open(tmp_path / "agora.duckdb").close()
    with pytest.raises(Mistake, match="has not been run"):
        write_report(str(study_file), tmp_path / "agora.duckdb", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()
