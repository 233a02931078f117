"""Fixtures that tests of several rooms use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with published data and the model server; tests skip where it is missing."""
    folder = Path(os.environ.get("AGORA_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"published data is not at {folder}; set AGORA_SHARED to its folder")
    return folder
