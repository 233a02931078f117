"""The Prefect server that a run talks to."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.server import StartingServer
from flows.settings import AUTH, URL
from schemas.errors import Mistake

from .processes import MARK, left_after

#: A killed process leaves no server for longer, on a machine that is busy.
LIMIT_S = 120
ROOT = Path(__file__).resolve().parents[3]
OWNER = """
import os, sys, time
from flows.server import StartingServer
server = StartingServer()
if sys.argv[1] == "ready":
    server.ready()
print(server.pid, os.environ["PREFECT_API_URL"], os.environ["PREFECT_API_AUTH_STRING"], flush=True)
time.sleep(600)
"""


def test_server_that_does_not_answer_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "http://127.0.0.1:9/api")
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(Mistake, match="no Prefect server answers"),
    ):
        StartingServer().ready()


#: Where servers of tests keep their database, made once.
HOME = Path(os.environ["PREFECT_HOME"])


def owner(folder: Path, moment: str, home: Path = HOME) -> subprocess.Popen[str]:
    """A process that owns a server, killed later at a moment of the server's life."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(home)}
    for name in (URL, AUTH):
        environment.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, moment],
        cwd=folder,
        env={**environment, MARK: folder.name},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_servers_that_start_together_make_one_database_for_their_user(tmp_path: Path) -> None:
    owners = [owner(tmp_path, "ready", tmp_path / "prefect") for _ in range(2)]
    for process in owners:
        with process:
            assert process.stdout is not None
            said = process.stdout.readline()
            process.kill()
        assert "http://127.0.0.1:" in said
    assert left_after(tmp_path.name, LIMIT_S) == []
    stored = list((tmp_path / "prefect").glob("prefect.db*"))
    assert stored
    assert all(file.stat().st_mode & 0o077 == 0 for file in stored)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["starting", "ready"])
def test_server_answers_its_owner_alone_and_ends_with_it(moment: str, tmp_path: Path) -> None:
    with owner(tmp_path, moment) as process:
        try:
            assert process.stdout is not None
            pid, url, secret = process.stdout.readline().split()
            if moment == "ready":
                assert url.startswith("http://127.0.0.1:")
                assert secret not in Path(f"/proc/{pid}/cmdline").read_text()
                assert secret not in Path(f"/proc/{pid}/environ").read_text()
                answers = [_status(url, "flows/filter", given) for given in (None, "guess", secret)]
                assert answers == [401, 401, 200]
                # Nothing of the packages of Prefect's integrations: Dask would bring numpy with it.
                assert "numpy" not in Path(f"/proc/{pid}/maps").read_text()
        finally:
            process.kill()
    assert left_after(tmp_path.name, LIMIT_S) == []


def _status(url: str, path: str, secret: str | None) -> int:
    """Status of a request with a secret, or without."""
    import base64

    host, _, rest = url.removeprefix("http://").partition("/")
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(secret.encode()).decode()}"
    connection = http.client.HTTPConnection(host, timeout=600)
    try:
        connection.request("POST", f"/{rest}/{path}", body="{}", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
