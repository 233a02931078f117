"""A study of personas alone: it has a population, and neither plays nor imports an episode."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.cli.show import print_study
from flows.cli.studies import print_studies
from flows.reporting import report_data
from tasks.report.page import page
from tasks.studies.load import load_study
from warehouse.reader import reader
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

STUDY = """
name: towns
models: {w: {model: sim/writer}}
population:
  size: 12
  targets: {town: {inland: 0.5, coast: 0.5}}
  traits: big_five
  prose: w
conditions:
  few: {}
  many: {population.size: 20}
metrics: [assigned_traits]
contrasts:
  size: {of: assigned_traits, subject: openness, between: [few, many], test: welch}
expect:
  - expect_column_values_to_not_be_null: {view: persona_traits, column: score}
"""


@pytest.fixture
def towns(tmp_path: Path) -> Path:
    path = tmp_path / "towns.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


async def test_it_makes_the_population_of_every_condition_and_nothing_else(
    towns: Path, ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await ran(towns)
    assert {step.step: (step.done, step.failed) for step in report.steps if step.units} == {
        "population": (2, 0),
        "personas": (20, 0),
        "measure_personas": (1, 0),
        "contrast": (1, 0),
    }
    assert all(one.passed for one in report.checked)
    held = towns.with_name("agora.duckdb")
    with Warehouse.open(held, read_only=True) as warehouse:
        counts = warehouse.frame_sql("select count(*) from personas group by population_key")
        assert sorted(counts.to_series().to_list()) == [12, 20]
        assert warehouse.frame_sql("select count(*) from episodes").item() == 0
        compared = warehouse.frame_sql("select n_a, n_b, warning from v_contrasts").row(0)
        assert compared == (12, 20, None)

    study = load_study(towns).study
    with reader(held) as reading:
        made = page(report_data(study, report.version, reading))
    assert "12 personas" in made
    assert "20 and 12 personas" in made
    assert "small dots are single personas" in made
    assert "Incomplete episodes" not in made
    assert "Episodes per condition" not in made

    print_study("towns", held)
    shown = capsys.readouterr().out
    assert "many       20        population.size: 12 → 20" in shown
    print_studies(held)
    assert "2 of personas" in capsys.readouterr().out


async def test_running_it_again_makes_nothing(towns: Path, ran: Ran) -> None:
    await ran(towns)
    again = await ran(towns)
    assert sum(step.done for step in again.steps) == 0
    assert again.calls_asked == 0
