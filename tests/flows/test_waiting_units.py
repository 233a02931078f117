"""Units that rest on others of their step are worked in the same run, or in the next one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.unit import Failure, UnitFailed
from tasks.stages.searches import SearchStep
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

STUDY = """\
name: waiting
population:
  size: 30
  traits: big_five
  method:
    use: evolved
    weights: [openness]
    candidates: 4
    generations: 3
    answers: {q: {loadings: {openness: 1.0}, share: 0.6}}
"""


def generations(folder: Path) -> dict[int, int]:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        frame = warehouse.frame_sql(
            "select generation, count(*)::bigint as n from candidates group by 1 order by 1"
        )
    return dict(frame.iter_rows())


async def test_a_search_that_was_cut_short_goes_on_where_it_was(
    ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    work = SearchStep.work

    async def failing(self: SearchStep, unit: Any, prepared: Any, gateway: Any) -> Any:
        if (unit.spec.generation, unit.spec.candidate) == (1, 2):
            raise UnitFailed(Failure("test", "not now"))
        return await work(self, unit, prepared, gateway)

    with monkeypatch.context() as patched:
        patched.setattr(SearchStep, "work", failing)
        first = await ran(path)
    assert not first.complete
    assert generations(tmp_path) == {0: 4, 1: 3}
    second = await ran(path)
    assert second.complete
    assert generations(tmp_path) == {0: 4, 1: 4, 2: 4}
    assert {one.step: one.done for one in second.steps if one.done} == {
        "search": 5,
        "population": 1,
    }
