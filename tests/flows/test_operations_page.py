"""Every command of docs/operations.md, in order, on a Prefect server that the page starts."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
COMMANDS = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    for command in block.replace("\\\n", "").splitlines()
]
PORT = "4200"
#: Fewer episodes than the study has that users get.
REPLICATES = 2
SHORTEN = f"sed -i 's/^replicates: [0-9]*/replicates: {REPLICATES}/' {{}}/study.yaml"
#: Runs commands of ours that follow each other in one process, which imports what they need once.
OURS = """
import json, os, shlex, sys
from flows.cli.main import main

for number, command, then in json.loads(sys.argv[1]):
    written = os.open(f"{number}.out", os.O_CREAT | os.O_WRONLY)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.argv, status = shlex.split(command), 0
    try:
        main()
    except SystemExit as end:
        status = int(end.code or 0)
    sys.stdout.flush()
    with open(f"{number}.status", "w") as file:
        file.write(str(status))
    os.system(then)
"""


@dataclass(frozen=True)
class Done:
    """What a command of the page printed, and its exit status."""

    status: int
    printed: str


def _several(commands: list[tuple[int, str]]) -> str:
    """A line of a script that runs numbered commands of ours."""
    told = [
        (number, command, SHORTEN.format(command.split()[-1]) if " init " in command else "")
        for number, command in commands
    ]
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(OURS)} {shlex.quote(json.dumps(told))}\n"


def _one_by_one(commands: list[tuple[int, str]]) -> str:
    """Lines of a script that run numbered commands of others."""
    return "".join(
        f"{{ {command}\n}} > {number}.out 2>&1; echo $? > {number}.status\n"
        for number, command in commands
    )


@pytest.fixture(scope="module")
def done(own_settings: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Done]]:
    """What became of every command, run one after another in one shell."""
    folder, home = tmp_path_factory.mktemp("lab"), tmp_path_factory.mktemp("prefect")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
    } | {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_API_PORT": port,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",  # whose files each new server copies
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }
    made = get_current_settings().home / "prefect.db"
    (home / "prefect.db").write_bytes(made.read_bytes() if made.exists() else b"")
    script = "".join(
        _several(list(commands)) if ours else _one_by_one(list(commands))
        for ours, commands in itertools.groupby(
            enumerate(command.replace(PORT, port) for command in COMMANDS),
            key=lambda numbered: numbered[1].startswith("agora "),
        )
    )
    shell = subprocess.Popen(["bash", "-c", script], cwd=folder, env=environment, process_group=0)
    try:
        shell.wait(600)
        yield {
            command: Done(
                int((folder / f"{number}.status").read_text()),
                (folder / f"{number}.out").read_text(),
            )
            for number, command in enumerate(COMMANDS)
        }
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)


def test_every_command_ends_as_it_should(done: dict[str, Done]) -> None:
    stopped = "agora run limited/study.yaml --budget-calls 300"
    assert {command: one.printed for command, one in done.items() if one.status} == {
        stopped: done[stopped].printed
    }
    assert done[stopped].status == 1


def printed(done: dict[str, Done], beginning: str) -> str:
    """What the command that begins so printed."""
    (one,) = (one for command, one in done.items() if command.startswith(beginning))
    return one.printed


def test_what_is_deployed_is_scheduled_and_completes_when_it_is_triggered(
    done: dict[str, Done],
) -> None:
    deployed = printed(done, "agora deploy my-study/study.yaml --cron")
    assert "0 2 * * * (UTC), paused" in deployed
    assert "prefect worker start --pool agora\n" in deployed
    assert "prefect deployment run agora-study/my-study\n" in deployed
    for flow in ("agora-study/my-study --watch", "agora-maintenance"):
        assert "finished successfully" in printed(done, f"prefect deployment run {flow}")


def test_a_retry_works_what_a_stopped_run_has_left(done: dict[str, Done]) -> None:
    assert "Stopped" in printed(done, "agora run limited")
    assert "agora retry limited" in printed(done, "agora status limited")
    retried = printed(done, "agora retry limited")
    assert "Stopped" not in retried
    assert re.search(r"expectations hold", retried)


def test_the_result_is_queried(done: dict[str, Done]) -> None:
    answer = printed(done, 'agora sql "select condition')
    assert len(re.findall(rf"^seats=\w+ names=\w+ +{REPLICATES}$", answer, re.MULTILINE)) == 4
    assert "my-study-report.html" in printed(done, "agora report")
