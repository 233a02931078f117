"""The version of the code, as it is stored with everything that the code made."""

from __future__ import annotations

import functools
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def code_version() -> str:
    """Version of the package; in a checkout with its revision, marked where files were changed.

    Example:
        >>> code_version().split("+")[0].count(".")
        2
    """
    try:
        release = version("agora-lab")
    except PackageNotFoundError:
        release = "0.0.0"
    if not (ROOT / ".git").exists():
        return release
    try:
        revision = _git("rev-parse", "--short=12", "HEAD")
        dirty = ".changed" if _git("status", "--porcelain", "--untracked-files=no") else ""
    except (OSError, subprocess.CalledProcessError):
        return release
    return f"{release}+{revision}{dirty}"


def _git(*words: str) -> str:
    return subprocess.run(
        ("git", "-C", str(ROOT), *words), check=True, capture_output=True, text=True, timeout=10
    ).stdout.strip()
