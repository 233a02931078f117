"""Whatever was paid is on record once: of units that failed, and of runs that were killed."""

from __future__ import annotations

import http.server
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect.settings import get_current_settings

from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
#: What the server charges for a request, by the study's prices: 10 tokens in, 5 out.
USD = (10 * 10 + 5 * 30) / 1e6
#: What it says, whoever asks: prose about a persona, words for a discussion.
TEXT = '{"echo": {"occupation": "nurse"}, "texts": {"biography": "A nurse from the coast."}}'
STUDY = """
name: paid
models:
  agent: {{model: openai/mock, api_base: "{url}", api_key_env: A_KEY, max_attempts: 2,
          usd_per_million_input_tokens: 10, usd_per_million_output_tokens: 30}}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people."
  rounds: 4
  seats: [agent, agent]
replicates: {replicates}
run: {{concurrency: 2}}
"""
PEOPLE = """
population: {size: 6, prose: agent, targets: {occupation: {nurse: 1.0}}}
"""


class Charging(http.server.BaseHTTPRequestHandler):
    """Answers and charges; while it is faulty, it filters every third answer and charges too.

    From some request on it keeps its answers back until it is released.
    """

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        server: Any = self.server
        with server.counting:
            server.n_requests += 1
            held = server.n_requests >= server.held_from
            filtered = server.faulty and server.n_requests % 3 == 0
        if held:
            server.released.wait(600)
        body = {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "" if filtered else TEXT},
                    "finish_reason": "content_filter" if filtered else "stop",
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("A_KEY", "sk-none")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Charging) as served:
        served.daemon_threads = True
        made: Any = served
        made.n_requests, made.faulty, made.held_from = 0, False, math.inf
        made.counting, made.released = threading.Lock(), threading.Event()
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield made
        served.shutdown()


def written(folder: Path, server: Any, replicates: int) -> Path:
    path = folder / "paid.yaml"
    url = f"http://127.0.0.1:{server.server_port}/v1"
    path.write_text(STUDY.format(url=url, replicates=replicates), encoding="utf-8")
    return path


def on_record(folder: Path) -> tuple[int, int, float]:
    """Calls, attempts and dollars of all versions."""
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        (row,) = warehouse.frame_sql(
            "SELECT sum(calls)::BIGINT, sum(attempts)::BIGINT, sum(usd) FROM v_costs_all"
        ).rows()
        (other,) = warehouse.frame_sql(
            "SELECT count(*), sum(attempts)::BIGINT, sum(cost_usd) FROM v_calls_made"
        ).rows()
        (tried,) = warehouse.frame_sql(
            "SELECT sum(calls)::BIGINT, sum(attempts)::BIGINT, sum(usd) FROM v_tries_all"
        ).rows()
    assert row == pytest.approx(other)
    assert row == pytest.approx(tried)
    calls, attempts, usd = row
    return calls, attempts, usd


async def test_what_failed_units_cost_stays_on_record_after_they_succeed(
    server: Any, tmp_path: Path, ran: Ran
) -> None:
    study = written(tmp_path, server, replicates=4)
    study.write_text(study.read_text() + PEOPLE)
    server.faulty = True
    n_failed = sum(step.failed for step in (await ran(study)).steps)
    assert n_failed > 0
    n_first = server.n_requests
    assert on_record(tmp_path) == pytest.approx((n_first, n_first, n_first * USD))
    server.faulty = False
    assert (await ran(study)).complete
    assert server.n_requests > n_first
    n = server.n_requests
    assert on_record(tmp_path) == pytest.approx((n, n, n * USD))
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        failed = warehouse.frame_sql(
            "SELECT error_kind, kind FROM earlier_calls JOIN earlier_attempts USING (call_key)"
        ).rows()
        replaced = warehouse.frame_sql("SELECT count(*) FROM v_tries WHERE standing = 'replaced'")
    assert set(failed) == {("refused", "refused")}
    assert len(failed) == replaced.item() == n_failed


async def test_what_was_paid_for_units_that_are_not_worked_again_is_on_record(
    server: Any, tmp_path: Path, ran: Ran
) -> None:
    study = written(tmp_path, server, replicates=4)

    def recorded() -> tuple[int, float, int]:
        with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
            (made,) = warehouse.frame_sql(
                "SELECT count(*), sum(cost_usd), (SELECT count(*) FROM uncommitted_calls) "
                "FROM v_calls_made WHERE paid_by IS NOT NULL"
            ).rows()
            (cost,) = warehouse.frame_sql(
                "SELECT sum(calls)::BIGINT, sum(usd) FROM v_costs_all"
            ).rows()
        assert cost == pytest.approx(made[:2])
        return made

    assert (await ran(study, budget_calls=11)).stopped
    n = server.n_requests
    calls, usd, uncommitted = recorded()
    assert (calls, usd) == pytest.approx((n, n * USD))
    assert uncommitted > 0
    original = study.read_text()
    study.write_text(original.replace("5,000 people", "6,000 people"))
    assert (await ran(study)).complete
    n = server.n_requests
    assert recorded() == pytest.approx((n, n * USD, uncommitted))
    study.write_text(original)
    report = await ran(study)
    assert report.calls_reused == uncommitted
    n = server.n_requests
    assert n == 2 * 4 * 8
    assert recorded() == pytest.approx((n, n * USD, 0))


async def test_what_a_killed_run_paid_is_on_record_after_the_next(
    prefect_server: None, server: Any, tmp_path: Path, ran: Ran
) -> None:
    study = written(tmp_path, server, replicates=6)
    server.held_from = 13
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PREFECT_API_URL": str(get_current_settings().api.url),
    }
    command = [sys.executable, "-m", "flows.cli.main", "run", str(study)]
    command += ["--warehouse", str(tmp_path / "agora.duckdb")]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as run:
        deadline = time.monotonic() + 600
        while server.n_requests < 13 and time.monotonic() < deadline and run.poll() is None:
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGKILL)
    n_killed = server.n_requests
    server.held_from = math.inf
    server.released.set()
    assert 13 <= n_killed < 6 * 8
    # Another version, so that what the killed run paid is its own and not this one's.
    study.write_text(study.read_text().replace("replicates: 6", "replicates: 7"))
    assert (await ran(study)).complete
    lost = server.n_requests - 7 * 8
    assert 0 <= lost <= AT_ONCE
    n = server.n_requests - lost
    assert on_record(tmp_path) == pytest.approx((n, n, n * USD))
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        paid = warehouse.frame_sql(
            "SELECT calls, cached_calls FROM v_costs_all ORDER BY created_at"
        ).rows()
    killed, later = paid
    assert killed[0] == later[1] == n_killed - lost
    assert later[0] == killed[1] + 8 == n - killed[0]
