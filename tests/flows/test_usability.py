"""A stage whose answers cannot be used is stopped before it is paid to the end."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.cli.progress import ProgressLines, usable_words
from flows.planning import StepPlan
from flows.requests import RunRequest
from flows.runners.here import _units_at_once
from flows.session import told_to
from flows.usability import Usability
from schemas.keys import Shared
from schemas.study import ModelSpec
from schemas.study.analysis import RunSpec, StopRule
from schemas.unit import Result, Unit
from tasks.models.batch import REQUESTS_PER_BATCH
from tasks.stages.personas import PersonaInput, PersonaStep
from tasks.stages.planned import Writing
from warehouse.store import Warehouse

from .without_prefect import no_prefect


def call(key: str, kind: str | None = None, reask_of: str | None = None) -> dict[str, Any]:
    status = "failed" if kind else "answered"
    return {"call_key": key, "status": status, "error_kind": kind, "reask_of": reask_of}


def result(*calls: dict[str, Any]) -> Result:
    return Result(Unit("codes", "code", "k", spec=None), {"calls": list(calls)})


def test_a_question_that_was_asked_again_counts_by_how_it_ended():
    usability = Usability()
    usability.count([result(call("a", "bad_shape"), call("b", None, "a"), call("c", "refused"))])
    assert (usability.questions, usability.usable_share) == (2, 0.5)


def test_units_that_asked_nothing_do_not_count():
    usability = Usability()
    usability.count([result()] * 50)
    assert (usability.units, usability.usable_share) == (0, None)
    assert usability.reason_to_stop(StopRule()) is None


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.1, 1), st.integers(1, 60))
def test_it_stops_exactly_from_the_share_on_and_after_the_first_units(units, bad, share, after):
    usability = Usability()
    usability.count(
        result(call(str(n), "empty" if n < min(bad, units) else None)) for n in range(units)
    )
    stops = usability.reason_to_stop(StopRule(share=share, after=after)) is not None
    assert stops == (units >= after and min(bad, units) >= share * units)


def test_without_a_rule_it_goes_on():
    usability = Usability()
    usability.count([result(call(str(n), "empty")) for n in range(99)])
    assert usability.reason_to_stop(None) is None


def study(folder: Path, **run: Any) -> Path:
    path = folder / "study.yaml"
    judge = {"model": "sim/judge", "sim": {"malformed_rate": 1.0}}
    coding = {
        "codebook": {
            "name": "one",
            "level": "message",
            "batch": 1,
            "flags": {"agrees": {"definition": "Agrees with somebody."}},
        },
        "judges": ["judge"],
        "adjudication": {"use": "union"},
    }
    episode = {"environment": "discussion", "brief": "Talk.", "rounds": 1, "seats": ["a", "a"]}
    content = {
        "name": "unusable",
        "models": {"a": {"model": "sim/talkative"}, "judge": judge},
        "episode": episode,
        "replicates": 12,
        "coding": coding,
        "run": {"concurrency": 2, **run},
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def run(without_prefect, tmp_path):
    def ran(**settings: Any) -> tuple[Any, str, int]:
        from flows.study import run_study

        shown = io.StringIO()
        request = RunRequest(study=study(tmp_path, **settings), warehouse=tmp_path / "w.duckdb")

        async def report() -> Any:
            console = Console(file=shown, width=120)
            with no_prefect(), ProgressLines(console) as progress, told_to(progress):
                state = await run_study(request, return_state=True)
            return await state.aresult(raise_on_failure=False)

        found = asyncio.run(report())
        with Warehouse.open(tmp_path / "w.duckdb", read_only=True) as warehouse:
            codings = warehouse.frame_sql("select count(distinct unit_key) from codes").item()
        return found, shown.getvalue(), codings

    return ran


def test_a_judge_that_says_nothing_usable_is_stopped_with_the_reason(run):
    found, shown, codings = run(stop_if_unusable={"share": 0.5, "after": 3})
    assert "answers in the first" in found.stopped
    assert "bad_shape" in found.stopped
    assert 3 <= codings < 12
    assert "0% of answers usable" in shown


def test_null_lets_it_go_on(run):
    found, _, codings = run(stop_if_unusable=None)
    assert found.stopped is None
    assert codings == 12


def test_the_default_stops_a_hopeless_stage_only():
    rule = RunSpec().stop_if_unusable
    assert rule is not None
    assert (rule.share, rule.after) == (0.9, 20)


def test_the_words_on_the_line_never_round_to_all_or_none():
    assert usable_words(0.9999) == "99% of answers usable"
    assert "1% of answers usable" in usable_words(0.0001)


@pytest.mark.parametrize("batch", [True, False])
def test_what_a_batch_can_take_is_begun_whatever_the_concurrency(batch):
    step = PersonaStep()
    model = ModelSpec(model="openai/gpt-4o", batch=batch)
    writing = Shared(Writing(model, (("biography", "A life."),), 0), "w")
    units = tuple(
        Unit("personas", "personas", str(n), PersonaInput(f"p{n}", writing, "t", f"k{n}"))
        for n in range(9)
    )
    assert _units_at_once(StepPlan(step, units), 2) == (REQUESTS_PER_BATCH if batch else 2)
