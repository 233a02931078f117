"""Defaults of the libraries that flows run on, set before any of them is imported."""

from __future__ import annotations

import contextlib
import logging
import os
import tomllib
from pathlib import Path
from typing import Any

from schemas.errors import printable_lines

#: Libraries that log every step they take.
TALKATIVE = ("great_expectations", "LiteLLM", "httpx")
#: What hands Prefect's events and log over at the end says so where that takes seconds.
HANDING_OVER = ("EventsWorker", "APILogWorker")

#: Nothing leaves the machine, and the server's chatter is kept quiet.
DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
    "DO_NOT_TRACK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "GX_ANALYTICS_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


#: What a run needs as it is, whatever the user has set for Prefect's own commands: the log of its
#: flows and tasks goes to the server, and nothing of Prefect's to the terminal.
QUIET = {
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "INFO",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "INFO",
}
URL = "PREFECT_API_URL"
AUTH = "PREFECT_API_AUTH_STRING"


def server_configured() -> bool:
    """Whether a Prefect server is configured, told without importing Prefect.

    Looked at are the environment, ``.env``, ``prefect.toml`` and ``pyproject.toml`` in the working
    directory, and the profile in use, as Prefect does.
    """
    if os.environ.get(URL):
        return True
    with contextlib.suppress(OSError):
        lines = Path(".env").read_text(encoding="utf-8").splitlines()
        if any(line.partition("=")[0].strip() == URL for line in lines):
            return True
    project = _toml(Path("pyproject.toml")).get("tool", {}).get("prefect", {})
    if any(part.get("api", {}).get("url") for part in (_toml(Path("prefect.toml")), project)):
        return True
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles = _toml(Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")))
    active = os.environ.get("PREFECT_PROFILE") or profiles.get("active", "")
    return bool(profiles.get("profiles", {}).get(active, {}).get(URL))


def _toml(path: Path) -> dict[str, Any]:
    """A settings file; an empty one where there is none, or Prefect will say what is wrong."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}


class PrintableRecord(logging.LogRecord):
    """A line of a log that holds no character that a terminal obeys, whatever a server sent."""

    def getMessage(self) -> str:  # noqa: N802
        """See :meth:`logging.LogRecord.getMessage`."""
        return printable_lines(super().getMessage())


def apply_defaults(*, quiet: bool = True) -> None:
    """Set the defaults that the environment does not set already, and what a run needs.

    Args:
        quiet: Keep Prefect's own log lines off the terminal, whatever level the user has set; what
            is raised is told all the same.
    """
    logging.setLogRecordFactory(PrintableRecord)
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    if quiet:
        for name in HANDING_OVER:
            logging.getLogger(name).setLevel(logging.ERROR)
        os.environ.update(QUIET)
