"""Small studies on simulated models, run without Prefect, and a real Prefect server."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from flows.cli.main import main
from flows.requests import RunRequest, StudyReport
from flows.server import StartingServer
from flows.settings import AUTH, URL, apply_defaults
from tasks.models import sim
from tasks.models.sim.reply import reply
from warehouse.expectations.checker import Checker

from .without_prefect import no_prefect, replaceable

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


Agora = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session", autouse=True)
def own_settings() -> None:
    """Settings of Prefect for all tests of flows.

    A test that needs a server and does not say so fails, and starts none.
    """
    apply_defaults()
    os.environ["PREFECT_LOGGING_LEVEL"] = "CRITICAL"
    os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "false"
    if (context := sys.modules.get("prefect.context")) is not None:
        context.refresh_global_settings_context()


@pytest.fixture(scope="session")
def prefect_server(own_settings: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One server for all tests of flows that need one, of the kind that a run starts for itself.

    Other processes of tests need its address, and find its secret in their environment.
    """
    from prefect.context import _temporary_global_settings_context, get_settings_context
    from prefect.events.worker import EventsWorker
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_LOGGING_TO_API_ENABLED,
        PREFECT_SERVER_DATABASE_CONNECTION_URL,
        temporary_settings,
    )

    folder = tmp_path_factory.mktemp("prefect")
    empty = Path(os.environ["PREFECT_HOME"]) / "prefect.db"
    if empty.exists():
        shutil.copy(empty, folder)
    database = f"sqlite+aiosqlite:///{folder / 'prefect.db'}"
    with pytest.MonkeyPatch.context() as patched:
        # Prefect reads the certificates of authorities for each client of a server on loopback.
        patched.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        with patched.context() as starting:
            starting.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", database)
            server = StartingServer()
            address, secret = os.environ[URL], os.environ[AUTH]
            server.ready()
            del os.environ[URL]
        patched.setattr("flows.server._TEMPORARY", set())  # to tests it is a server of the user
        settings = {
            PREFECT_API_URL: address,
            PREFECT_API_AUTH_STRING: secret,
            PREFECT_SERVER_DATABASE_CONNECTION_URL: database,
            # Nobody reads the log of most tests, and the server would be busy with it.
            PREFECT_LOGGING_TO_API_ENABLED: False,
        }
        with (
            temporary_settings(settings),
            _temporary_global_settings_context(get_settings_context()),
        ):
            yield
            EventsWorker.drain_all()  # the server is told what it has not been told yet
        server.close()


class SharedChecker(Checker):
    """A checker for all tests, since Great Expectations takes seconds to start."""

    def close(self) -> None:
        """Stays open for the next test."""

    def end(self) -> None:
        super().close()


@pytest.fixture
def without_prefect() -> Iterator[None]:
    """What flows use of Prefect can be done without."""
    with replaceable():
        yield


@pytest.fixture(scope="session", autouse=True)
def checker() -> Iterator[SharedChecker]:
    """One process that checks data sets for all tests of flows."""
    shared = SharedChecker()
    with pytest.MonkeyPatch.context() as patched:
        for module in ("flows.running", "warehouse.expectations.checker"):
            patched.setattr(f"{module}.Checker", lambda: shared)
        yield shared
    shared.end()


@pytest.fixture
def agora(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Agora:
    """Runs the command line in an empty folder, without a warehouse of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("AGORA_WAREHOUSE", raising=False)

    def run(*words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        capfd.readouterr()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["agora", *words])
            patched.setattr(sys, "stdin", io.StringIO(stdin))
            for name, value in settings.items():
                patched.setenv(name, value)
            try:
                main()
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(words, status, out, err)

    return run


def written(folder: Path) -> Path:
    """The small study in a folder, with its codebook beside it."""
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    path = folder / "small.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """The small study, with its codebook beside it."""
    return written(tmp_path)


class Fault:
    """Makes the questions of judges fail, the same for all questions of a unit.

    Attributes:
        kinds: How units fail, in the order in which they ask; ``None`` for an answer.
        lasting: Kinds that go on when the others are over.
        over: Whether the others are over.
    """

    def __init__(self) -> None:
        self.kinds: list[str | None] = []
        self.lasting = {"authentication"}
        self.over = False
        self.units: dict[str, str | None] = {}

    def __call__(self, spec: Any, question: Any, key: str, attempt: int) -> Any:
        said = reply(spec, question, key, attempt)
        if question.purpose != "judge":
            return said
        if question.unit_key not in self.units:
            place = len(self.units)
            kind = self.kinds[place] if place < len(self.kinds) else None
            self.units[question.unit_key] = kind
        kind = self.units[question.unit_key]
        if kind is None or (self.over and kind not in self.lasting):
            return said
        return replace(said, failure_kind=kind)


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Fault:
    fault = Fault()
    monkeypatch.setattr(sim, "reply", fault)
    return fault


@pytest.fixture
def judged_once(study_file: Path) -> Callable[..., Path]:
    """Writes the small study with judges that are asked only once, and with what ``run`` says."""

    def write(run: str = "{}") -> Path:
        text = study_file.read_text(encoding="utf-8")
        once = text.replace("sim/judge", "sim/judge, max_attempts: 1")
        study_file.write_text(f"{once}run: {run}\n", encoding="utf-8")
        return study_file

    return write


Ran = Callable[..., Awaitable[StudyReport]]


async def run_plainly(path: Path, warehouse: Path, **options: Any) -> StudyReport:
    """The report of running a study file without Prefect."""
    with no_prefect():
        return await run(path, warehouse, **options)


async def run(path: Path, warehouse: Path, **options: Any) -> StudyReport:
    """The report of running a study file."""
    from flows.study import run_study

    request = RunRequest(study=path, warehouse=warehouse, **options)
    state: Any = await run_study(request, return_state=True)
    report = await state.aresult(raise_on_failure=False)
    if isinstance(report, BaseException):
        raise report
    assert isinstance(report, StudyReport)
    return report


@pytest.fixture
def ran(without_prefect: None, tmp_path: Path) -> Ran:
    """Runs a study file into the test's own warehouse, without Prefect, and gives the report."""
    return partial(run_plainly, warehouse=tmp_path / "agora.duckdb")


@pytest.fixture
def ran_by_prefect(prefect_server: None, tmp_path: Path) -> Ran:
    """Runs a study file as ``ran`` does, in flows that the Prefect server records."""
    return partial(run, warehouse=tmp_path / "agora.duckdb")


@pytest.fixture(scope="session")
def first_run(
    own_settings: None, checker: SharedChecker, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, StudyReport]:
    """A folder in which the small study was run, and the report of that; to be copied."""
    folder = tmp_path_factory.mktemp("first_run")
    with replaceable():
        return folder, asyncio.run(run_plainly(written(folder), folder / "agora.duckdb"))


@pytest.fixture
def first_report(
    first_run: tuple[Path, StudyReport], study_file: Path, tmp_path: Path
) -> StudyReport:
    """The report of a first run of the small study, whose warehouse is put into the test's own."""
    folder, report = first_run
    shutil.copy(folder / "agora.duckdb", tmp_path)
    return report


@pytest.fixture
def rerun_by_prefect(first_report: StudyReport, ran_by_prefect: Ran) -> Ran:
    """Runs a study file as ``rerun`` does, in flows that the Prefect server records."""
    return ran_by_prefect


@pytest.fixture
def rerun(first_report: StudyReport, ran: Ran) -> Ran:
    """Runs a study file into a warehouse in which the small study was run before."""
    return ran
