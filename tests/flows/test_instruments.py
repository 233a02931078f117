"""Instruments as their page tells it, and studies whose planted effects must come out."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from flows.cli.main import app
from schemas.errors import Mistake
from tasks.studies.load import load_study
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
STUDIES = ROOT / "studies" / "personas"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """The study of the page, with a short form beside it."""
    study, *_ = re.findall(r"```yaml\n(name: asked.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "asked.yaml"
    path.write_text(study, encoding="utf-8")
    shutil.copy(STUDIES / "instruments" / "mini_ipip.yaml", tmp_path)
    return path


def commands() -> list[list[str]]:
    text = re.sub(r"\n +from responses", " from responses", PAGE)
    return [shlex.split(line) for line in re.findall(r"^    agora (.*)$", text, re.MULTILINE)]


@pytest.mark.slow
async def test_the_study_of_the_page_finds_traits_where_they_are_shown(
    asked: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = await ran(asked)
    assert all(one.passed for one in report.checked)
    assert report.calls_asked == 30 * 2 * 2 * 20
    with Warehouse.open(asked.with_name("agora.duckdb"), read_only=True) as warehouse:
        found = warehouse.frame_sql(
            "select condition, min(value) as low, max(value) as high from v_metrics "
            "where metric = 'trait_fidelity.r' and scope = 'condition' group by 1 order by 1"
        )
    hidden, shown = found.iter_rows(named=True)
    assert shown["low"] > 0.8
    assert abs(hidden["low"]) < 0.6
    assert abs(hidden["high"]) < 0.6
    monkeypatch.chdir(asked.parent)
    plan, _, sql, _ = commands()
    for command in (plan, sql):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
    assert "unusable" in CliRunner().invoke(app, sql).output
    shown = CliRunner().invoke(app, ["show", "asked"]).output
    assert "big_five: Mini-IPIP: 20 items on extraversion, agreeableness" in shown
    assert "put to personas by ana, 2 times" in shown


def test_the_import_of_the_page_writes_what_a_study_can_name(
    asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(asked.parent)
    rows = (
        "item_no,item_text,trait,key\n1,Talk a lot.,extraversion,+\n2,Keep back.,extraversion,-\n"
    )
    Path("items.csv").write_text(rows, encoding="utf-8")
    *_, command = commands()
    assert command[:2] == ["import", "instrument"]
    for _ in range(2):
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
    assert "extraversion: 1 keyed +, 1 keyed -" in done.output
    text = asked.read_text(encoding="utf-8").replace("mini_ipip.yaml", "quiz.yaml")
    asked.write_text(text.replace("subject: big_five, ", ""), encoding="utf-8")
    items = load_study(asked).study.instruments["big_five"].instrument.items
    assert [(item.item, item.key) for item in items] == [("1", 1), ("2", -1)]
    Path("items.csv").write_text(rows.replace("Talk", "Speak"), encoding="utf-8")
    with pytest.raises(Mistake, match="there already"):
        CliRunner().invoke(app, command, catch_exceptions=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["agreeableness_sycophancy", "trait_intensity", "trait_shifts"])
async def test_what_was_planted_in_a_persona_study_comes_out(
    name: str, ran: Ran, tmp_path: Path
) -> None:
    path = STUDIES / f"{name}.yaml"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    report = await ran(path)
    declared = [one for one in report.checked if one.declared_by == "study"]
    assert len(declared) == len(load_study(path).study.expect)
    assert [one.sentence for one in report.checked if not one.passed] == []


PROBED = """
name: probed
models:
  steady: {model: sim/agent}
  swayed: {model: sim/agent, sim: {opinion_drift: 0.05}}
population: {size: 8, traits: big_five}
instruments:
  big_five: {file: mini_ipip.yaml}
episode:
  environment: discussion
  brief: Plan a festival.
  rounds: 4
  seats: [steady, steady]
  probes: [{instrument: big_five, at: [start, end], by: all}]
conditions:
  steady: {}
  swayed: {seats: [swayed, swayed]}
replicates: 8
metrics: [{name: trait_drift, resamples: 200}]
contrasts:
  sway: {of: trait_drift, subject: big_five.openness, between: [steady, swayed], test: welch}
expect:
  - {contrast: sway, direction: greater, p_below: 0.01}
"""


@pytest.mark.slow
async def test_an_instrument_in_an_episode_finds_the_drift_that_was_planted(
    asked: Path, ran: Ran
) -> None:
    path = asked.with_name("probed.yaml")
    path.write_text(PROBED, encoding="utf-8")
    report = await ran(path)
    assert [one.sentence for one in report.checked if not one.passed] == []
    with Warehouse.open(asked.with_name("agora.duckdb"), read_only=True) as warehouse:
        rows = warehouse.frame_sql(
            "select count(*) as n, count(persona_key) as personas, count(distinct item) as items, "
            "any_value(administration) as how, count(distinct position) as places from responses"
        ).row(0, named=True)
        assert rows == {"n": 2 * 8 * 2 * 2 * 20, "personas": 1280, "items": 20, "how": "probe",
                        "places": 20}  # fmt: skip
        shifted = warehouse.frame_sql(
            "select value from v_metrics where metric = 'trait_drift' and condition = 'swayed' "
            "and scope = 'condition' and subject = 'big_five.openness'"
        ).item()
    # 0.05 of the scale with each of four rounds: 0.05 * 4 * 4 points.
    assert shifted == pytest.approx(0.8, abs=0.2)
