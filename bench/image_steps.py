"""Works the steps of the Dockerfile, and those of compose.yaml, in a clean virtual environment.

For machines without a container engine: ``python bench/image_steps.py``. Folders of the image are
folders of a temporary one; what needs root (making the user and what belongs to it) is left out.
Then the server and the worker of compose.yaml are started by their own commands, on a free port,
and a study is deployed, triggered and queried.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
#: Commands of RUN that need root.
ROOTS = ("useradd", "install")
#: Environment of this process that the image would not have.
LEFT_OUT = ("PYTHON", "PREFECT_", "AGORA_", "VIRTUAL_ENV")
UNTIL_S = 120


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Instructions of a Dockerfile with their arguments."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


class Image:
    """A folder that stands for the file system of the image.

    Attributes:
        folder: The folder.
        environment: The environment of its processes.
        command: The command of CMD.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)
        }
        self.environment["HOME"] = str(self.at("/home/agora"))
        self.at("/home/agora").mkdir(parents=True)
        self.command: list[str] = []
        self._here = folder

    def at(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.folder / path.lstrip("/") if path.startswith("/") else self._here / path

    def work(self, name: str, rest: str) -> None:
        """Work one instruction."""
        match name:
            case "FROM":
                subprocess.run([sys.executable, "-m", "venv", self.at("/venv")], check=True)
                path = f"{self.at('/venv/bin')}:{self.environment['PATH']}"
                self.environment["PATH"] = path
            case "ENV":
                given = (word.split("=", 1) for word in shlex.split(rest))
                self.environment |= {
                    key: str(self.at(value)) if value.startswith("/") else value
                    for key, value in given
                }
            case "WORKDIR":
                self._here = self.at(rest)
                self._here.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *sources, target = rest.split()
                for source in sources:
                    self._copy(ROOT / source, self.at(target))
            case "RUN":
                commands = [one.strip() for one in rest.split("&&")]
                for command in commands:
                    if not command.startswith(ROOTS):
                        self.run(shlex.split(command))
            case "USER":
                pass
            case "CMD":
                self.command = YAML(typ="safe").load(rest)
            case _:
                raise ValueError(f"{name}: not known here")

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)

    def run(self, command: list[str]) -> str:
        """Run a command where the image now is; what it printed."""
        done = subprocess.run(
            command,
            cwd=self._here,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def running(self, command: list[str]) -> Iterator[None]:
        """Run a command for as long as the context lasts."""
        with (self.folder / f"{command[1]}.log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self._here, env=self.environment, stdout=log, stderr=log
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def main() -> None:
    """Work the steps and print how long each took."""
    with tempfile.TemporaryDirectory(prefix="agora-image-") as folder:
        image = Image(Path(folder))
        for name, rest in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")):
            began_s = time.perf_counter()
            image.work(name, rest)
            print(f"{time.perf_counter() - began_s:6.1f} s  {name} {rest[:80]}", flush=True)
        services: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")["services"]
        compose(image, services)


def compose(image: Image, services: dict[str, Any]) -> None:
    """Start what compose.yaml starts, and have a study deployed, run and queried there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    image.environment["PREFECT_SERVER_API_PORT"] = str(port)
    address = f"http://127.0.0.1:{port}/api"
    image.at("warehouse").mkdir()
    image.at("studies").mkdir()
    began_s = time.perf_counter()
    with image.running([*services["server"]["command"][:-1], "127.0.0.1"]):
        answers(f"{address}/health")
        image.environment["PREFECT_API_URL"] = address
        with image.running(image.command):
            image.run(["agora", "init", "my-study"])
            shutil.move(image.at("my-study"), image.at("studies"))
            study = "studies/my-study/study.yaml"
            print(image.run(["agora", "deploy", study, "--cron", "0 2 * * *"]))
            watch = ["prefect", "deployment", "run", "agora-study/my-study", "--watch"]
            print(image.run(watch).strip().splitlines()[-1])
            print(image.run(["agora", "sql", "SELECT count(*) AS episodes FROM episodes"]))
    print(f"{time.perf_counter() - began_s:6.1f} s  server, worker, deployment, run, query")


def answers(address: str) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + UNTIL_S
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(1)
        else:
            return


if __name__ == "__main__":
    main()
