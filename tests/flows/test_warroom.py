"""The founding study from its files to its numbers, by the commands that a user would type."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.imports import Imported, import_data
from flows.reporting import report_data
from flows.requests import ImportRequest, StudyReport
from schemas.study import Study
from tasks.report.page import page
from tasks.report.sections.findings import findings
from warehouse.store import Warehouse

from .conftest import run_plainly
from .without_prefect import replaceable

pytestmark = pytest.mark.slow

STUDY = Path(__file__).resolve().parents[2] / "studies" / "warroom_agreement.yaml"
KAPPAS = {
    "phatic": 0.931, "meta": 0.559, "lead": 0.801, "arch": 0.792, "agree": 0.693, "comp": 0.626
}  # fmt: skip
_SQL = """
select split_part(subject, ':', 1) as flag, value, n_measured from v_metrics
where study_version = $version and metric = 'agreement.cohen_kappa'
  and subject like '%human ~ gemini' and condition = ''
"""


@dataclass(frozen=True)
class Founding:
    """The study after its data were imported and it was run.

    Attributes:
        warehouse: Its warehouse.
        brought: What each import brought, in the order in which they were made.
        report: What the run reports.
    """

    warehouse: Path
    brought: list[Imported]
    report: StudyReport


@pytest.fixture(scope="module")
def founding(
    own_settings: None, checker: object, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Founding:
    folder = shared / "data" / "warroom"
    paths = {"codes": folder / "human_coding_results.csv", "transcripts": folder / "transcripts"}
    warehouse = tmp_path_factory.mktemp("founding") / "agora.duckdb"

    def brought(kind: str) -> Imported:
        request = {"kind": kind, "path": paths[kind], "warehouse": warehouse, "format": "warroom"}
        return import_data(ImportRequest.model_validate(request))

    # The codes come first, in the wrong order.
    order = ("codes", "transcripts", "codes", "codes", "transcripts")
    came = list(map(brought, order))
    with replaceable():
        return Founding(warehouse, came, asyncio.run(run_plainly(STUDY, warehouse)))


def test_kappas_are_the_published_ones_whatever_was_imported_first(founding: Founding) -> None:
    # Codes of runs that are not there yet are kept, and give way to the real ones.
    codes, late, again, *nothing_new = founding.brought
    assert codes.new > 0
    assert late.new == 151
    assert "import the codes again" in late.notes[0]
    assert again.new > 0
    assert nothing_new[0].new == 0
    assert nothing_new[1] == Imported(0, 151)

    report = founding.report
    assert report.calls_asked == 0
    own = [one for one in report.checked if one.declared_by == "study"]
    assert len(own) == 13
    assert [one.sentence for one in own if not one.passed] == []
    with Warehouse.open(founding.warehouse, read_only=True) as warehouse:
        found = warehouse.frame_sql(_SQL, {"version": report.version})
    assert set(found["n_measured"]) == {609}
    values = dict(found.select("flag", "value").iter_rows())
    assert values == pytest.approx(KAPPAS, abs=0.0005)


def test_the_report_shows_the_adjudication_problem(founding: Founding) -> None:
    assert founding.report.complete
    with Warehouse.open(founding.warehouse, read_only=True) as warehouse:
        spec = warehouse.frame_sql("SELECT spec FROM studies").item()
        study = Study.model_validate(json.loads(spec))
        data = report_data(study, founding.report.version, warehouse)
    rank, missed, *_ = findings(data)
    assert rank.level == missed.level == "alarm"
    assert "intersection, is the worst of the 4 rules on the gold sample" in rank.text
    assert "mean κ of 0.642" in rank.text
    assert "union 0.793" in rank.text
    for words in ("meta 0.37 [", "lead 0.49 [", "agree 0.50 ["):
        assert words in missed.text
    text = page(data)
    assert text.index("worst of the 4 rules") < text.index('id="design"')
