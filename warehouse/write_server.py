"""The owner's side of writing: other processes of this user ask, the owner validates and commits.

Every request is done by the owner's :class:`warehouse.store.Warehouse`, in its one writing lock.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from schemas.errors import Mistake
from warehouse.closing import Closing
from warehouse.committing.batch import BatchRefused
from warehouse.messages import Parts, plain_report, reply, requested, results_of
from warehouse.projections.ddl import models_digest
from warehouse.view_files import files_digest
from warehouse.wire import received, send, welcome
from warehouse.writer import Writer

_LOG = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
#: Clients that have not proved yet that they know the token; further ones are turned away.
MOST_STRANGERS = 32
#: How often the server looks whether it was closed, where nobody connects.
LOOK_S = 1.0

Values = dict[str, Any]
Frames = list[pl.DataFrame]


def schema_of_code() -> str:
    """What the owner and its clients must have in common: the models of tables, and the views."""
    return f"{models_digest()} {files_digest()}"


class WriteServer(Closing):
    """Serves requests to write, on a port of the loopback address, until it is closed.

    Args:
        warehouse: The warehouse, open here.
        token: What a client must know.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, warehouse: Writer, token: str) -> None:
        self._warehouse, self._token = warehouse, token
        self._connections: dict[socket.socket, threading.Lock] = {}
        self._strangers = threading.BoundedSemaphore(MOST_STRANGERS)
        self._changing = threading.Lock()
        self._closed = threading.Event()
        self._operations: Mapping[str, Callable[[Values, Frames], Values]] = {
            "meet": self._meet,
            "record_study": self._record_study,
            "record_run": self._record_run,
            "record_uncommitted": self._record_uncommitted,
            "record_units": self._record_units,
            "replace": self._replace,
            "copy_to": self._copy_to,
            "import_archive": self._import_archive,
            "commit": self._commit,
        }
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        self._listening.settimeout(LOOK_S)
        self._accepting = threading.Thread(target=self._accept, name="warehouse", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Ends serving; a request that is being done is done and answered first."""
        self._closed.set()
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=LOOK_S):
            pass  # wakes whoever accepts connections, who else looks only so often
        self._accepting.join()
        self._listening.close()
        with self._changing:
            connections = list(self._connections.items())
        for connection, busy in connections:
            with busy:
                _shut(connection)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError as error:  # too many files are open, say; those who ask ask again
                _LOG.warning("a connection to %s failed: %s", self._warehouse.path, error)
                continue
            if self._closed.is_set() or not self._strangers.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Answers one client until it goes away."""
        busy = threading.Lock()
        try:
            try:
                welcome(connection, self._token)
            finally:
                self._strangers.release()
            with self._changing:
                self._connections[connection] = busy
            while not self._closed.is_set():
                parts = received(connection)
                with busy:
                    send(connection, self._answered(parts))
        except OSError as error:
            _LOG.debug("a client of %s went away: %s", self._warehouse.path, error)
        finally:
            with self._changing:
                self._connections.pop(connection, None)
            connection.close()

    def _answered(self, parts: Parts) -> Parts:
        """The answer to a request. What is raised here is raised where the request came from."""
        try:
            operation, values, frames = requested(parts)
            if operation not in self._operations:
                raise ValueError(f"unknown operation {operation!r}")
            return reply({"done": self._operations[operation](values, frames)})
        except Mistake as mistake:
            return reply({"mistake": mistake.details})
        except BatchRefused as error:
            failures = {unit: vars(failure) for unit, failure in error.failures.items()}
            return reply({"refused": failures})
        except Exception:  # noqa: BLE001 - it is raised on the other side
            return reply({"bug": traceback.format_exc()})

    def _meet(self, values: Values, frames: Frames) -> Values:
        if values["schema"] != schema_of_code():
            raise Mistake(
                what="another version of Agora has the warehouse open",
                place=str(self._warehouse.path),
                found=f"process {os.getpid()}, whose tables differ from those of this version",
                expected="one version for all that write a warehouse at a time",
                fix="wait until that process has ended, or run that version",
            )
        return {"pid": os.getpid()}

    def _record_study(self, values: Values, frames: Frames) -> Values:
        self._warehouse.record_study(values["study"])
        return {}

    def _record_run(self, values: Values, frames: Frames) -> Values:
        began_at = dt.datetime.fromisoformat(values["began_at"])
        self._warehouse.record_run(values["run_id"], values["study_version"], began_at)
        return {}

    def _record_uncommitted(self, values: Values, frames: Frames) -> Values:
        self._warehouse.record_uncommitted(values["calls"])
        return {}

    def _record_units(self, values: Values, frames: Frames) -> Values:
        self._warehouse.record_units(values["study_version"], values["step"], values["units"])
        return {}

    def _replace(self, values: Values, frames: Frames) -> Values:
        self._warehouse.replace(values["table"], values["values"], frames[0])
        return {}

    def _copy_to(self, values: Values, frames: Frames) -> Values:
        self._warehouse.copy_to(Path(values["target"]))
        return {}

    def _import_archive(self, values: Values, frames: Frames) -> Values:
        return asdict(self._warehouse.import_archive(Path(values["folder"])))

    def _commit(self, values: Values, frames: Frames) -> Values:
        report = self._warehouse.commit(
            results_of(values["results"], frames),
            run_id=values["run_id"],
            code_version=values["code_version"],
            whole=values["whole"],
            at=dt.datetime.fromisoformat(values["at"]),
        )
        return plain_report(report)


def _shut(connection: socket.socket) -> None:
    """Ends both directions of a connection, if the other side has not."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
