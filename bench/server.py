"""Starts the model server that the measurements ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from warehouse.address import free_port

ROOT = Path(__file__).resolve().parents[1]


def server_script(named: str = "") -> Path:
    """The script of the model server: as named, or beside the project, or of AGORA_SHARED.

    Raises:
        SystemExit: There is none.
    """
    shared = Path(os.environ.get("AGORA_SHARED", ROOT.parent / "shared"))
    script = Path(named) if named else shared / "bench" / "mock_llm.py"
    if not script.is_file():
        raise SystemExit(f"no model server at {script}; name one with --server")
    return script


@contextmanager
def model_server(named: str, *options: str, port: int = 0) -> Iterator[str]:
    """The base URL of a model server on loopback, on a free port unless one is named."""
    port = port or free_port()
    with subprocess.Popen(
        [sys.executable, str(server_script(named)), "--port", str(port), *options],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def server_stats(api_base: str) -> dict[str, Any]:
    """What the server says it has served."""
    with urllib.request.urlopen(api_base.removesuffix("/v1") + "/stats", timeout=10) as answer:
        return dict(json.load(answer))
