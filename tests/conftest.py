"""Fixtures that tests of several rooms use."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

import pytest

#: Settings that tests are handed on purpose.
GIVEN = ("AGORA_SHARED", "AGORA_WRITE_GOLDEN")


def _isolate() -> None:
    """Take away what a user has set for Prefect and Agora, before either is imported."""
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "AGORA_"))]:
        if name not in GIVEN:
            del os.environ[name]
    home = tempfile.TemporaryDirectory(prefix="agora-prefect-")
    atexit.register(home.cleanup)
    os.environ["PREFECT_HOME"] = home.name
    os.environ["PREFECT_PROFILES_PATH"] = f"{home.name}/profiles.toml"


_isolate()

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with published data and the model server; tests skip where it is missing."""
    folder = Path(os.environ.get("AGORA_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"published data is not at {folder}; set AGORA_SHARED to its folder")
    return folder
