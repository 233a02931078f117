"""One run of a version at a time, whatever becomes of the process that runs it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.only_run import only_run
from schemas.errors import Mistake

#: Of runs that begin and end at once, for each thread.
ROUNDS = 60
ROOT = Path(__file__).resolve().parents[2]
RUNNING = """
import asyncio, sys
from pathlib import Path
from flows.only_run import only_run

async def run():
    async with only_run(Path(sys.argv[1]), "version", print):
        print("runs", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(run())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("flows.only_run.LOOK_S", 0.001)
    return tmp_path / "agora.duckdb.journals"


@pytest.fixture
def other(folder: Path) -> Any:
    """Another process that runs the version."""
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        yield process
        process.kill()


async def told_while_waiting(folder: Path, end_other: Any) -> list[str]:
    """What a run is told that begins while another goes on, which is ended then."""
    told: list[str] = []

    def tell(process: str) -> None:
        told.append(process)
        end_other()

    async with asyncio.timeout(600):
        async with only_run(folder, "version", tell):
            assert (folder / "version.running").read_text() == str(os.getpid())
    return told


def test_a_second_run_of_a_version_waits_and_is_told_once_which_process_it_waits_for(
    folder: Path, other: Any
) -> None:
    def end() -> None:
        other.stdin.write("\n")
        other.stdin.flush()

    assert asyncio.run(told_while_waiting(folder, end)) == [str(other.pid)]
    assert other.wait() == 0


def test_a_process_that_is_killed_gives_up_its_run(folder: Path, other: Any) -> None:
    def end() -> None:
        os.kill(other.pid, signal.SIGKILL)

    assert asyncio.run(told_while_waiting(folder, end)) == [str(other.pid)]


def test_what_a_dead_process_left_keeps_nobody_waiting(folder: Path) -> None:
    folder.mkdir()
    (folder / "version.running").write_text("1234567890 is longer than any process's number")
    assert asyncio.run(told_while_waiting(folder, lambda: None)) == []


def test_runs_of_other_versions_do_not_wait(folder: Path) -> None:
    async def both() -> list[str]:
        told: list[str] = []
        async with only_run(folder, "one", told.append), only_run(folder, "two", told.append):
            return told

    assert asyncio.run(both()) == []


def test_never_two_runs_of_a_version_go_on_however_many_begin_and_end(folder: Path) -> None:
    """The file and its folder are taken away and made again all the while."""
    going_on: list[int] = []

    async def runs() -> None:
        for _ in range(ROUNDS):
            async with only_run(folder, "version", lambda process: None):
                going_on.append(1)
                assert len(going_on) == 1
                await asyncio.sleep(0)
                going_on.pop()

    with ThreadPoolExecutor(4) as threads:
        for ended in [threads.submit(asyncio.run, runs()) for _ in range(4)]:
            ended.result()


def test_a_run_whose_file_was_taken_away_before_it_was_locked_makes_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ends takes its file away; who had opened it would lock a file of nobody."""
    file = folder / "version.running"
    lock = fcntl.flock
    opened: list[int] = []

    def taken_away(descriptor: int, operation: int) -> None:
        opened.append(descriptor)
        if len(opened) == 1:
            file.unlink()
        lock(descriptor, operation)

    async def run() -> None:
        async with only_run(folder, "version", lambda process: None):
            with file.open() as again, pytest.raises(BlockingIOError):
                lock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)

    monkeypatch.setattr("flows.only_run.fcntl.flock", taken_away)
    asyncio.run(run())
    assert len(opened) == 2


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda folder: folder.touch(), "Not a directory"),
        (lambda folder: folder.symlink_to(folder.with_name("gone")), "No such file"),
    ],
    ids=["a file", "a link to nowhere"],
)
def test_a_folder_that_cannot_be_one_is_told_of(folder: Path, make: Any, found: str) -> None:
    make(folder)
    with pytest.raises(Mistake, match=found):
        asyncio.run(told_while_waiting(folder, lambda: None))


@pytest.mark.parametrize("fails", [False, True], ids=["ends", "fails"])
def test_a_run_leaves_nothing_but_journals(folder: Path, fails: bool) -> None:
    async def run() -> None:
        async with only_run(folder, "version", lambda process: None):
            if fails:
                raise ValueError("a bug")

    def ended() -> list[str]:
        if fails:
            with pytest.raises(ValueError, match="a bug"):
                asyncio.run(run())
        else:
            asyncio.run(run())
        return [path.name for path in folder.glob("*")]

    assert ended() == []
    assert not folder.exists()
    folder.mkdir()
    (folder / "1.jsonl").touch()
    assert ended() == ["1.jsonl"]


def test_a_run_that_is_cancelled_while_it_waits_holds_nothing(folder: Path) -> None:
    async def cancelled() -> None:
        async with only_run(folder, "version", lambda process: None):
            waiting = asyncio.Event()
            second = asyncio.create_task(told(waiting))
            await waiting.wait()
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second

    async def told(waiting: asyncio.Event) -> None:
        async with only_run(folder, "version", lambda process: waiting.set()):
            raise AssertionError("the other run goes on")

    asyncio.run(cancelled())
    assert asyncio.run(told_while_waiting(folder, lambda: None)) == []
