"""A real Prefect server for the session, and small studies on simulated models."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.requests import RunRequest, StudyReport
from flows.settings import apply_defaults

CODEBOOK = """
name: small
flags:
  phatic: {definition: "Pleasantries without substance."}
  tech: {definition: "Names two or more specific technologies."}
"""

STUDY = """
name: small
models:
  talker: {model: sim/talkative}
  quiet: {model: sim/reserved}
  judge_a: {model: sim/judge}
  judge_b: {model: sim/judge, sim: {sensitivity: 0.9}}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people on a small budget."
  rounds: 4
  seats: [talker, talker, talker]
conditions:
  uniform: {}
  mixed: {seats: [talker, quiet, quiet]}
replicates: 2
coding:
  codebook: codebook.yaml
  judges: [judge_a, judge_b]
  adjudication: {use: intersection, also: [union]}
metrics:
  - {name: profile_cosine, resamples: 200, draws: 50}
  - {name: participation, resamples: 200}
contrasts:
  mix: {of: participation.gini_words, between: [uniform, mixed]}
"""


@pytest.fixture(scope="session", autouse=True)
def prefect_server() -> Iterator[None]:
    """One server for all tests of flows."""
    apply_defaults()
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """The small study, with its codebook beside it."""
    (tmp_path / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    path = tmp_path / "small.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


Ran = Callable[..., Awaitable[StudyReport]]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Runs a study file into the test's own warehouse and gives the report."""
    from flows.study import run_study

    async def run(path: Path, **options: Any) -> StudyReport:
        request = RunRequest(study=path, warehouse=tmp_path / "agora.duckdb", **options)
        state: Any = await run_study(request, return_state=True)
        report = await state.aresult(raise_on_failure=False)
        if isinstance(report, BaseException):
            raise report
        assert isinstance(report, StudyReport)
        return report

    return run
