"""Steps say themselves what they ask, and nobody knows them by name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from flows.estimating import questions
from flows.planning import plans
from schemas.unit import STAGES
from tasks.models.estimate import Planned
from tasks.stages.base import Step
from tasks.stages.registry import steps
from tasks.studies.design import design
from tasks.studies.load import load_study
from warehouse.reader import reader_or_empty
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

    from flows.requests import StudyReport

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = """
instruments:
  quiz:
    models: [talker]
    instrument:
      name: quiz
      scale: {low: 1, high: 5}
      items: [{item: 1, text: I am tidy., trait: order, key: 1}]
population:
  {size: 3, prose: writer, traits: big_five, targets: {occupation: {nurse: 0.5, farmer: 0.5}}}
"""


def foreseen(study: Path, warehouse: Path) -> list[Planned]:
    resolved = design(load_study(study).study)
    with reader_or_empty(warehouse) as reading:
        return questions(resolved, plans(resolved, reading, steps()), reading)


def test_a_step_that_asks_models_and_does_not_say_how_often_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="Silent: a step that asks models"):

        class Silent(Step[Any, Any]):
            asks = "judge"

    with pytest.raises(TypeError, match="Needless: a step that asks models"):

        class Needless(Step[Any, Any]):
            def questions(self, *args: Any) -> list[Planned]:
                return []


def test_every_step_that_asks_models_foresees_what_it_asks(
    study_file: Path, tmp_path: Path
) -> None:
    with_people = tmp_path / "people.yaml"
    text = study_file.read_text().replace("  judge_a:", "  writer: {model: sim/writer}\n  judge_a:")
    with_people.write_text(text + PEOPLE)
    purposes = {one.purpose for one in foreseen(with_people, tmp_path / "none.duckdb")}
    asking = {step.asks for step in steps() if step.asks is not None}
    assert purposes == asking - {"embedding"}  # test_budgets foresees those


@pytest.mark.slow
def test_as_many_questions_are_put_as_were_foreseen(
    first_report: StudyReport, study_file: Path, tmp_path: Path
) -> None:
    spans = {
        (one.alias, one.purpose): one.questions
        for one in foreseen(study_file, tmp_path / "none.duckdb")
    }
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        judged = warehouse.frame_sql(
            "SELECT subject, count(*) AS n FROM calls "
            "WHERE purpose = 'judge' AND reask_of IS NULL GROUP BY subject"
        )
        put = {(alias, "judge"): n for alias, n in judged.iter_rows()}
        acted = warehouse.frame_sql(
            "SELECT s.model, count(*) AS n FROM actions JOIN seats AS s USING (episode_key, seat) "
            "GROUP BY s.model"
        )
        put |= {(alias, "agent"): n for alias, n in acted.iter_rows()}
    assert set(put) == set(spans)
    assert all(spans[one].low <= n <= spans[one].high for one, n in put.items())
    assert foreseen(study_file, tmp_path / "agora.duckdb") == []


@pytest.mark.slow
async def test_a_study_runs_the_same_whatever_its_steps_are_called(
    first_run: tuple[Path, StudyReport],
    study_file: Path,
    tmp_path: Path,
    ran: Ran,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, before = first_run
    none = tmp_path / "none.duckdb"
    plain = foreseen(study_file, none)
    for number, step in enumerate(steps()):
        monkeypatch.setattr(type(step), "name", f"step-{number}")
    assert foreseen(study_file, none) == plain
    report = await ran(study_file)
    assert [step.done for step in report.steps] == [step.done for step in before.steps]
    assert report.checked
    views = ("v_episodes", "v_messages", "v_codes", "v_labels", "v_metrics", "v_contrasts")
    counts: dict[str, list[int]] = defaultdict(list)
    for path in (folder, tmp_path):
        with Warehouse.open(path / "agora.duckdb", read_only=True) as warehouse:
            for view in views:
                counts[view].append(warehouse.frame_sql(f"SELECT count(*) FROM {view}").item())
    assert all(one == other and one for one, other in counts.values()), counts


def modules() -> Iterator[Path]:
    for room in ("flows", "tasks", "warehouse"):
        yield from (ROOT / room).rglob("*.py")


def names_a_step(node: ast.expr) -> bool:
    """Whether an expression is some unit's step or stage, or a step's name."""
    return ast.unparse(node).rpartition(".")[2] in {"step", "stage"} or ast.unparse(node).endswith(
        "step.name"
    )


def test_no_code_compares_a_step_or_a_stage_with_a_name() -> None:
    names = {*STAGES, *(step.name for step in steps())}
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                texts = {
                    part.value
                    for side in sides
                    for part in ast.walk(side)
                    if isinstance(part, ast.Constant)
                }
                if any(map(names_a_step, sides)) and texts & names:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []
