"""A Prefect server that is stopped in the middle of a run, and comes back."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    get_current_settings,
    temporary_settings,
)

from flows.planning import StepPlan
from flows.server import RETRIES, URL, StartingServer
from flows.session import Silence, told_to
from schemas.errors import Mistake
from warehouse.address import free_port

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow


class Way:
    """The way to a server, which can be closed and opened: what is open breaks when it closes."""

    def __init__(self, host: str, port: int) -> None:
        self.port = free_port()
        self._target = (host, port)
        self._listening: socket.socket | None = None
        self._open: list[socket.socket] = []

    def open(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def close(self) -> None:
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._listening, self._open = None, []

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = listening.accept()
                there = socket.create_connection(self._target)
                self._open += [here, there]
                for a, b in ((here, there), (there, here)):
                    threading.Thread(target=_copy, args=(a, b), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def way(prefect_server: None) -> Iterator[Way]:
    """A way that stays open: Prefect sends by it in later tests what it still has to send."""
    url = urlsplit(str(get_current_settings().api.url))
    way = Way(str(url.hostname), int(url.port or 0))
    way.open()
    with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{way.port}/api"}):
        yield way


class Outage(Silence):
    """Closes the way when the codings begin, and opens it again after a while."""

    def __init__(self, way: Way, lasts_s: float) -> None:
        self.way = way
        self.lasts_s = lasts_s
        self.happened = False

    def step_begins(self, plan: StepPlan) -> None:
        if plan.step.name == "code" and not self.happened:
            self.happened = True
            self.way.close()
            threading.Timer(self.lasts_s, self.way.open).start()


async def test_a_run_survives_a_restart_of_the_server(
    way: Way, study_file: Path, ran_by_prefect: Ran
) -> None:
    with told_to(outage := Outage(way, 1.0)):
        report = await ran_by_prefect(study_file)
    assert outage.happened
    assert report.complete


def test_a_server_that_stays_away_is_told_of_and_one_that_restarts_is_not(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.server.AWAY_S", 1.2)
    monkeypatch.setenv(RETRIES, "3")
    monkeypatch.setenv(URL, f"http://127.0.0.1:{way.port}/api")
    monkeypatch.setattr(logging, "raiseExceptions", True)
    told: Queue[Mistake] = Queue()
    StartingServer().watch(told.put)
    way.close()
    way.open()
    with pytest.raises(Empty):
        told.get(timeout=2)
    way.close()
    mistake = told.get(timeout=600)
    assert f"127.0.0.1:{way.port}" in mistake.message()
    assert "does not answer any more" in mistake.message()
    way.open()
