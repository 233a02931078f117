"""The founding study from its files to its numbers, by the commands that a user would type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.imports import Imported, import_data
from flows.requests import ImportRequest
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

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


async def test_kappas_are_the_published_ones_whatever_was_imported_first(
    shared: Path, tmp_path: Path, ran: Ran
) -> None:
    folder = shared / "data" / "warroom"
    paths = {"codes": folder / "human_coding_results.csv", "transcripts": folder / "transcripts"}

    def brought(kind: str) -> Imported:
        return import_data(
            ImportRequest.model_validate(
                {
                    "kind": kind,
                    "path": paths[kind],
                    "warehouse": tmp_path / "agora.duckdb",
                    "format": "warroom",
                }
            )
        )

    # The wrong order: codes of runs that are not there yet are kept, and give way to the real ones.
    assert brought("codes").new > 0
    late = brought("transcripts")
    assert late.new == 151
    assert "import the codes again" in late.notes[0]
    assert brought("codes").new > 0
    assert brought("codes").new == 0
    assert brought("transcripts") == Imported(0, 151)

    report = await ran(STUDY)
    assert report.calls_asked == 0
    own = [one for one in report.checked if one.declared_by == "study"]
    assert len(own) == 13
    assert [one.sentence for one in own if not one.passed] == []
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        found = warehouse.frame_sql(_SQL, {"version": report.version})
    assert set(found["n_measured"]) == {609}
    values = dict(found.select("flag", "value").iter_rows())
    assert values == pytest.approx(KAPPAS, abs=0.0005)
