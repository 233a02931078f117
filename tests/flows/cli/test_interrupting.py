"""Ctrl-C during a run: one line, status 130, no server left behind, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
STUDY = """\
name: long
models:
  ana: {model: sim/talkative}
episode:
  environment: discussion
  brief: Plan a festival for a small town
  rounds: 40
  seats: [ana, ana, ana, ana]
replicates: 40
run: {concurrency: 2}
"""


def test_ctrl_c_ends_a_run_with_one_line_whatever_the_user_has_set(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(STUDY, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path / "prefect")}
    environment |= {"PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_LOGGING_INTERNAL_LEVEL": "ERROR"}
    environment.pop("PREFECT_API_URL", None)
    run = subprocess.Popen(
        [sys.executable, "-u", "-m", "flows.cli.main", "run", "long.yaml"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline().startswith("long  version")
    time.sleep(0.5)
    # A terminal sends the signal to every process of the command, the server among them.
    os.killpg(run.pid, signal.SIGINT)
    said, complained = run.communicate(timeout=60)
    assert run.returncode == 130
    assert said == ""
    assert complained == "Interrupted. Finished work is kept; run the study again to continue.\n"
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)
