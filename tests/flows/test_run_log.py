"""The log of a run, as lines of JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.requests import StepReport
from flows.run_log import log_step_ends, log_study_begins
from schemas.errors import Mistake
from schemas.failures import FailureGroup
from tasks.shards import telling_mistakes


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Lines that the console shows of a flow's log, as its environment has them formatted."""
    from prefect.logging.configuration import DEFAULT_LOGGING_SETTINGS_PATH, load_logging_config

    monkeypatch.setenv("PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER", "json")
    config = load_logging_config(DEFAULT_LOGGING_SETTINGS_PATH)
    name = config["handlers"]["console"]["formatter"]
    making: Any = logging.config.DictConfigurator(config)
    formatter = making.configure_formatter(config["formatters"][name])
    found: list[str] = []

    class Console(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record))

    caplog.set_level(logging.INFO, "prefect.flow_runs")
    logger, console = logging.getLogger("prefect.flow_runs"), Console()
    logger.addHandler(console)
    yield found
    logger.removeHandler(console)


def test_a_line_of_json_has_its_text_study_version_stage_and_step(
    prefect_server: None, lines: list[str]
) -> None:
    from prefect import flow

    group = FailureGroup(kind="rate_limit", units=2, example="429 of 100%")
    step = StepReport(
        step="code", units=9, held=3, done=4, failed=2, blocked=0, left=0, failures=(group,)
    )
    session: Any = SimpleNamespace(
        design=SimpleNamespace(study=SimpleNamespace(name="small"), version="0123456789abcdef"),
        warehouse=SimpleNamespace(path=Path("lab 100%.duckdb")),
        gateway=SimpleNamespace(usage=SimpleNamespace(cost_usd=1.25, calls_asked=12)),
        report=lambda name: step,
    )

    @flow
    def logged() -> None:
        log_study_begins(session)
        log_step_ends(session, SimpleNamespace(step=SimpleNamespace(name="code", stage="codes")))

    logged()
    began, ended, failed = (one for one in map(json.loads, lines) if "study" in one)
    assert began["msg"] == "small begins: version 0123456789ab, warehouse lab 100%.duckdb"
    assert "stage" not in began
    assert ended["msg"] == "code ends: 4 done now, 3 before; $1.25 so far for 12 calls"
    assert failed["msg"].startswith("code: 2 failed: ")
    assert "429 of 100%" in failed["msg"]
    for line, level in ((began, "INFO"), (ended, "INFO"), (failed, "ERROR")):
        assert (line["study"], line["version"]) == ("small", "0123456789abcdef")
        assert (line["severity"], line["flow_name"]) == (level, "logged")
    assert {(line["stage"], line["step"]) for line in (ended, failed)} == {("codes", "code")}


def test_what_the_user_can_mend_is_told_once_by_each_run_and_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from prefect import flow, task

    @task(name="shard")
    @telling_mistakes
    async def asked() -> Any:
        raise Mistake(what="model m has no key", place="models", fix="export KEY=...")

    @flow(name="agora-stage")
    @telling_mistakes
    async def stage() -> Any:
        raise await (await asked(return_state=True)).aresult(raise_on_failure=False)

    caplog.set_level(logging.INFO, "prefect")
    state = asyncio.run(stage(return_state=True))
    told = "models: model m has no key; to do: export KEY=..."
    assert (state.type.value, state.name, state.message) == ("FAILED", "Mistake", told)
    with pytest.raises(Mistake, match="has no key"):
        state.result()
    errors = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert [(one.name, one.exc_info) for one in errors] == [
        ("prefect.task_runs", None),
        ("prefect.flow_runs", None),
    ]
    assert all(f"Finished in state Mistake({told!r}" in one.getMessage() for one in errors)


def test_a_bug_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    from prefect import flow

    @flow(name="agora-stage")
    @telling_mistakes
    def stage() -> Any:
        raise ZeroDivisionError("a bug")

    caplog.set_level(logging.INFO, "prefect")
    state: Any = stage(return_state=True)
    assert state.name == "Failed"
    assert any(one.exc_info and one.exc_info[0] is ZeroDivisionError for one in caplog.records)
