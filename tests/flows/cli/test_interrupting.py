"""A run that is ended: one line, the status of the signal, and no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .processes import MARK, left_after, marked, processes_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STUDY = """\
name: long
models:
  ana: {model: sim/talkative}
episode:
  environment: discussion
  brief: Plan a festival for a small town
  rounds: 40
  seats: [ana, ana, ana, ana]
replicates: 40
run: {concurrency: 2}
"""
#: What a run does while it works, or while it reads a study, without the time it takes to start.
SLEEPING = """
import asyncio, sys, time
from flows.cli.ending import told_to_end

async def work():
    try:
        print("begun", flush=True)
        await asyncio.sleep(60)
    finally:
        print("closed", flush=True)

with told_to_end() as ending:
    if sys.argv[1:]:
        ending.result(work())
    print("begun", flush=True)
    time.sleep(60)
"""
INTERRUPTED = "Interrupted. Finished work is kept; run the study again to continue.\n"
#: A killed process leaves no child for longer, on a machine that is busy.
LIMIT_S = 120
#: Signals that end a run.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed_signals() -> None:
    """Ends what a shell does to its background jobs, which ignore an interrupt."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def begun(
    folder: Path, replicates: int = 40, url: str | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A run that has named its study, and the mark of its processes; all are gone at the end.

    It starts a Prefect server where the address of none is given.
    """
    text = STUDY.replace("replicates: 40", f"replicates: {replicates}")
    (folder / "long.yaml").write_text(text, encoding="utf-8")
    mark = uuid.uuid4().hex
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment |= {"PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR"}
    environment |= {MARK: mark}
    environment.pop("PREFECT_API_URL", None)
    if url is not None:
        environment["PREFECT_API_URL"] = url
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "flows.cli.main", "run", "long.yaml"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_signals,  # noqa: PLW1509 (no thread of the tests forks)
    ) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline().startswith("long  version")
            yield run, mark
        finally:
            run.kill()
    assert left_after(mark, LIMIT_S) == []


def wait_until_at_work(folder: Path, limit_s: float = 60) -> None:
    """Wait until a run has opened its journal, after which its flow begins."""
    until = time.monotonic() + limit_s
    while not list(folder.glob("agora.duckdb.journal/*.running")):
        assert time.monotonic() < until, "the run has not begun to work"
        time.sleep(0.05)
    time.sleep(1)


def test_a_signal_ends_a_run_with_one_line_whatever_the_user_has_set(tmp_path: Path) -> None:
    with begun(tmp_path) as (run, mark):
        # A terminal sends a signal to every process of the command.
        os.killpg(run.pid, signal.SIGINT)
        said, complained = run.communicate(timeout=600)
        assert marked(mark) == []  # it waits for the processes that it has started
    assert run.returncode == 128 + signal.SIGINT
    assert said == ""
    assert complained == INTERRUPTED


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("busy", [True, False], ids=["at work", "between studies"])
def test_every_signal_ends_what_goes_on(number: signal.Signals, busy: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLEEPING, *(["busy"] if busy else [])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_signals,  # noqa: PLW1509 (no thread of the tests forks)
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        run.send_signal(number)
        said, complained = run.communicate(timeout=600)
    assert (run.returncode, complained) == (128 + number, INTERRUPTED)
    assert said == ("closed\n" if busy else "")


@pytest.mark.parametrize("at_work", [False, True], ids=["at the start", "at work"])
def test_a_run_whose_server_is_killed_ends_soon_with_one_message(
    tmp_path: Path, at_work: bool
) -> None:
    with begun(tmp_path) as (run, mark):
        (server,) = processes_of(mark, "flows.server_process")
        if at_work:
            wait_until_at_work(tmp_path)
        os.kill(server, signal.SIGKILL)
        said, complained = run.communicate(timeout=600)
        assert marked(mark) == []  # it ends the processes that it has started
    assert run.returncode == 2
    assert said == ""
    assert "Prefect's server does not answer any more\n" in complained
    assert complained.endswith(
        "run the study again to continue; finished work and the answers so far are kept\n"
    )
    assert complained.count("\n") == 4


def test_a_run_whose_reader_has_gone_ends_without_a_word(
    prefect_server: None, tmp_path: Path
) -> None:
    from prefect.settings import get_current_settings

    # Whether somebody still reads is found out with the next line, at the end of a step.
    url = str(get_current_settings().api.url)
    with begun(tmp_path, replicates=2, url=url) as (run, _):
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert run.wait(600) == 1
        assert run.stderr.read() == ""
