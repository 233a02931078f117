"""What a rerun works, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from prefect.settings import get_current_settings

from flows.requests import StudyReport
from flows.settings import AUTH, URL, server_configured
from tasks.coding import prompt as judge_prompt
from tasks.environments.discussion import environment as discussion
from tasks.episodes import prompts
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

#: Tables that say when something was done; everything else must be the same after a rerun.
DATED = {"validations", "study_units", "runs", "schema_version"}


def rows(folder: Path) -> dict[str, pl.DataFrame]:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        names = warehouse.frame_sql(
            "select table_name from information_schema.tables where table_type = 'BASE TABLE'"
        )["table_name"]
        return {
            name: warehouse.frame_sql(f'select * from "{name}" order by all')
            for name in names
            if name not in DATED
        }


def value(folder: Path, sql: str) -> object:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        return warehouse.frame_sql(sql).row(0)[0]


def done(report: StudyReport) -> dict[str, int]:
    return {step.step: step.done for step in report.steps if step.done}


@pytest.fixture
def agents_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The templates of discussions, in a copy; a process finds their folder once, so it is anew."""
    folder = Path(str(discussion.__file__)).parent / "prompts"
    copied = Path(shutil.copytree(folder, tmp_path / "discussion" / "prompts"))
    monkeypatch.setattr(discussion, "__file__", str(copied.parent / "environment.py"))
    prompts._folder.cache_clear()
    yield copied
    prompts._folder.cache_clear()


@pytest.fixture
def judges_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The templates of judges, in a copy; a process reads them once, so the test reads anew."""
    folder = Path(str(judge_prompt.__file__)).parent / "prompts"
    copied = Path(shutil.copytree(folder, tmp_path / "prompts"))
    monkeypatch.setattr(judge_prompt, "_source", lambda name: (copied / name).read_text("utf-8"))
    yield copied
    forget_judges_prompts()


def forget_judges_prompts() -> None:
    judge_prompt.template_digest.cache_clear()
    judge_prompt._template.cache_clear()


def reword(template: Path) -> None:
    template.write_text(template.read_text("utf-8") + "\nTake your time.\n", "utf-8")


def test_the_first_run_completes(first_report: StudyReport) -> None:
    assert first_report.complete
    assert first_report.calls_asked > 0
    # Two conditions, two replicates; two judges; two rules.
    assert done(first_report)["episodes"] == 4
    assert done(first_report)["code"] == 8
    assert done(first_report)["label"] == 8


async def test_a_rerun_asks_nothing_and_changes_no_row(
    study_file: Path, tmp_path: Path, rerun: Ran
) -> None:
    before = rows(tmp_path)
    report = await rerun(study_file)
    assert report.calls_asked == 0
    assert done(report) == {}
    after = rows(tmp_path)
    assert before.keys() == after.keys()
    # When a version was run last is the one thing that a rerun changes.
    assert before["studies"]["last_run_at"].item() < after["studies"]["last_run_at"].item()
    for name in before:
        found, then = (frames[name].drop("last_run_at", strict=False) for frames in (after, before))
        assert found.equals(then), name


async def test_another_replicate_runs_only_that(
    study_file: Path, tmp_path: Path, rerun: Ran
) -> None:
    before = value(tmp_path, "select string_agg(text, '|' order by episode_key, seq) from events")
    study_file.write_text(study_file.read_text().replace("replicates: 2", "replicates: 3"))
    report = await rerun(study_file)
    assert done(report)["episodes"] == 2
    assert done(report)["code"] == 4
    kept = value(
        tmp_path,
        "select string_agg(text, '|' order by episode_key, seq) from events "
        "where episode_key in (select unit_key from study_units where replicate <= 2)",
    )
    assert kept == before


async def test_another_judge_runs_only_that_judges_codings(study_file: Path, rerun: Ran) -> None:
    text = study_file.read_text().replace(
        "  judge_b:", "  judge_c: {model: sim/judge, sim: {sensitivity: 0.5}}\n  judge_b:"
    )
    study_file.write_text(text.replace("[judge_a, judge_b]", "[judge_a, judge_b, judge_c]"))
    report = await rerun(study_file)
    assert "episodes" not in done(report)
    assert done(report)["code"] == 4


async def test_another_metric_runs_no_episode_and_no_coding(study_file: Path, rerun: Ran) -> None:
    study_file.write_text(study_file.read_text().replace("draws: 50", "draws: 60"))
    report = await rerun(study_file)
    assert report.calls_asked == 0
    assert not {"episodes", "code", "label"} & done(report).keys()
    assert done(report)["measure"] > 0


async def test_another_codebook_codes_again_and_plays_no_episode(
    study_file: Path, tmp_path: Path, rerun: Ran
) -> None:
    book = tmp_path / "codebook.yaml"
    book.write_text(book.read_text().replace("Pleasantries", "Greetings and thanks"))
    report = await rerun(study_file)
    assert "episodes" not in done(report)
    assert done(report)["code"] == 8


async def test_another_template_of_agents_plays_episodes_again_and_keeps_the_old_ones(
    study_file: Path, tmp_path: Path, agents_prompts: Path, rerun: Ran
) -> None:
    reword(agents_prompts / "system.md")
    report = await rerun(study_file)
    assert done(report)["episodes"] == 4
    assert done(report)["code"] == 8
    assert value(tmp_path, "select count(*) from episodes") == 8
    told = "role = 'system' and text like '%Take your time.'"
    asked = f"select count(*) from prompt_messages where {told}"
    assert value(tmp_path, asked) != 0
    # The study is what it was; its numbers are now those of the episodes played last.
    assert value(tmp_path, "select count(*) from studies") == 1
    assert value(tmp_path, "select count(distinct episode_key) from v_episodes") == 4
    assert (await rerun(study_file)).calls_asked == 0


async def test_another_template_of_judges_codes_again_and_plays_no_episode(
    study_file: Path, judges_prompts: Path, rerun: Ran
) -> None:
    reword(judges_prompts / "judge_system.md")
    forget_judges_prompts()
    report = await rerun(study_file)
    assert "episodes" not in done(report)
    assert done(report)["code"] == 8
    assert done(report)["label"] == 8


async def test_two_versions_each_give_their_own_numbers(
    study_file: Path, tmp_path: Path, first_report: StudyReport, rerun: Ran
) -> None:
    first = first_report
    sql = (
        "select string_agg(concat_ws(':', metric, condition, subject, value), '|' "
        "order by metric, condition, subject, value) "
        "from v_metrics_all where study_version = '{}'"
    )
    before = value(tmp_path, sql.format(first.version))
    study_file.write_text(study_file.read_text().replace("rounds: 4", "rounds: 3"))
    second = await rerun(study_file)
    assert second.version != first.version
    assert value(tmp_path, sql.format(first.version)) == before
    assert value(tmp_path, sql.format(second.version)) != before


async def test_one_stage_alone_can_be_run(study_file: Path, ran: Ran) -> None:
    report = await ran(study_file, stages=("episodes",))
    assert set(done(report)) == {"episodes"}
    assert not report.complete


ROOT = Path(__file__).resolve().parents[2]
PROBE = """
import sys
from flows.cli.main import main
sys.argv = ["agora", "run", "small.yaml"]
try:
    main()
finally:
    print("modules:", *sys.modules, file=sys.stderr)
"""
SERVER = {"aiohttp", "prefect", "litellm", "great_expectations", "pandas"}


def _again(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The study run by a process of its own, in which no server is configured."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    home = {"PREFECT_HOME": str(folder / "prefect"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=folder,
        env={**plain, **home, **settings},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )


def test_a_run_with_nothing_to_do_starts_no_server_and_imports_no_large_library(
    first_report: StudyReport, study_file: Path, tmp_path: Path
) -> None:
    again = _again(tmp_path)
    assert "Made no model calls." in again.stdout
    assert "4 of 4" in again.stdout
    assert not SERVER & set(again.stderr.partition("modules:")[2].split())


def test_a_run_with_nothing_to_do_is_recorded_where_a_server_is_configured(
    prefect_server: None, first_report: StudyReport, study_file: Path, tmp_path: Path
) -> None:
    url = str(get_current_settings().api.url)
    again = _again(tmp_path, **{URL: url, AUTH: os.environ[AUTH]})
    assert "Made no model calls." in again.stdout
    assert "prefect" in again.stderr.partition("modules:")[2].split()


@pytest.mark.parametrize("place", ["env", "toml", "pyproject", "profile", "dotenv"])
def test_a_server_is_found_wherever_prefect_looks(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    assert not server_configured()
    url = "http://127.0.0.1:9/api"
    profiles = f'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "{url}"\n'
    if place == "env":
        monkeypatch.setenv("PREFECT_API_URL", url)
    file, text = {
        "env": ("unused", ""),
        "toml": ("prefect.toml", f'[api]\nurl = "{url}"\n'),
        "pyproject": ("pyproject.toml", f'[tool.prefect.api]\nurl = "{url}"\n'),
        "profile": ("profiles.toml", profiles),
        "dotenv": (".env", f"PREFECT_API_URL={url}\n"),
    }[place]
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert server_configured()
