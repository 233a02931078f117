"""Defaults of the libraries that flows run on, set before any of them is imported."""

from __future__ import annotations

import logging
import os

#: Libraries that log every step they take.
TALKATIVE = ("great_expectations", "LiteLLM", "httpx")
#: What hands Prefect's events and log over at the end says so where that takes seconds.
HANDING_OVER = ("EventsWorker", "APILogWorker")

#: Nothing leaves the machine, a slow start is waited for, and the server's chatter is kept quiet.
DEFAULTS = {
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


def apply_defaults(*, quiet: bool = True) -> None:
    """Set the defaults that the environment does not set already.

    Args:
        quiet: Keep Prefect's own log lines off the terminal; what is raised is told all the same.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    if quiet:
        for name in HANDING_OVER:
            logging.getLogger(name).setLevel(logging.ERROR)
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
