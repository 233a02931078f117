"""Studies whose shards the workers of real Dask and Ray clusters work, one of which is killed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.server
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.gateway import PAID
from warehouse.store import Warehouse

from .conftest import run_plainly
from .without_prefect import replaceable

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

#: Calls in flight at once on all workers together.
IN_FLIGHT = 8
STUDY = """
name: spread
models:
  agent: {{model: openai/mock, api_base: "{url}", api_key_env: A_KEY, max_in_flight: {in_flight}}}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people."
  rounds: 4
  seats: [agent, agent, agent]
replicates: 12
metrics: [{{name: participation, resamples: 100}}]
run: {{concurrency: 4{run}}}
"""
#: Tables that say how and when answers were come by, not what they were.
HOW = {"calls", "attempts", "units", "runs", "validations", "studies", "schema_version"}
HOW |= {"earlier_calls", "earlier_attempts", "earlier_units", "uncommitted_calls"}


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers what the request alone decides, and counts each."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        request = self.rfile.read(int(self.headers["content-length"]))
        digest = hashlib.sha256(request).hexdigest()
        with server.counting:
            server.requests[digest, self.client_address] += 1
            server.asked[digest] += 1
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        time.sleep(server.latency_s)
        message = {"role": "assistant", "content": f"I propose plan {digest[:6]}."}
        body = {
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        data = json.dumps(body).encode()
        with server.counting:
            server.at_once -= 1
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    with pytest.MonkeyPatch.context() as patched, serving as served:
        patched.setenv("A_KEY", "sk-none")
        served.daemon_threads = True
        made: Any = served
        made.requests, made.asked, made.counting = Counter(), Counter(), threading.Lock()
        made.latency_s, made.at_once, made.most_at_once = 0.05, 0, 0
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield made
        served.shutdown()


def written(folder: Path, server: Any, run: str = "") -> Path:
    path = folder / "spread.yaml"
    url = f"http://127.0.0.1:{server.server_port}/v1"
    path.write_text(STUDY.format(url=url, in_flight=IN_FLIGHT, run=run), encoding="utf-8")
    return path


def descendants(ancestor: int) -> dict[int, bytes]:
    """Command lines of all processes that a process started, or that these did."""
    parents, lines = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            lines[int(folder.name)] = (folder / "cmdline").read_bytes()
            stat = (folder / "stat").read_text().rpartition(")")[2]
            parents[int(folder.name)] = int(stat.split()[1])
    found = {ancestor}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return {one: lines[one] for one in found - {ancestor}}


def workers() -> list[int]:
    """Processes of the local cluster that work shards."""
    marks = (b"spawn_main", b"ray::shard")
    lines = descendants(os.getpid())
    return sorted(one for one, line in lines.items() if any(mark in line for mark in marks))


async def killed_in_the_middle(server: Any, after: int) -> int:
    """The worker that was killed once the server had seen some requests."""
    deadline = time.monotonic() + 600
    while len(server.requests) < after or not (working := workers()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    os.kill(working[0], signal.SIGKILL)
    return working[0]


def tables(path: Path) -> dict[str, Any]:
    with Warehouse.open(path, read_only=True) as shelf:
        names = shelf.frame_sql(
            "select table_name from information_schema.tables where table_type = 'BASE TABLE'"
        )["table_name"].to_list()
        return {
            name: shelf.frame_sql(f'select * from "{name}" order by all').to_dicts()
            for name in sorted(set(names) - HOW)
        }


@dataclass
class Alone:
    """What a run without a cluster asks, and the tables that it leaves."""

    asked: Counter[str] = field(default_factory=Counter)
    tables: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def alone() -> Alone:
    """To be filled by the first test that needs it."""
    return Alone()


@pytest.mark.parametrize(("runner", "package"), [("dask", "distributed"), ("ray", "ray")])
async def test_a_killed_worker_changes_no_table_and_wastes_only_what_was_in_flight(
    runner: str,
    package: str,
    server: Any,
    alone: Alone,
    tmp_path: Path,
    ran_by_prefect: Ran,
) -> None:
    if find_spec(package) is None:
        pytest.skip(f"the extra [{runner}] is not installed")
    if not Path("/proc/self/stat").exists():
        pytest.skip("this system does not show processes in /proc")
    if not alone.tables:
        here = tmp_path / "here"
        here.mkdir()
        with replaceable():
            await run_plainly(written(here, server), here / "agora.duckdb")
        alone.asked, alone.tables = Counter(server.asked), tables(here / "agora.duckdb")
    for counts in (server.requests, server.asked):
        counts.clear()
    server.most_at_once = 0
    killing = asyncio.create_task(killed_in_the_middle(server, after=len(alone.asked) // 3))
    report = await ran_by_prefect(written(tmp_path, server, f", runner: {runner}, workers: 2"))
    victim = await killing
    assert report.complete
    assert victim not in workers()
    assert server.most_at_once <= IN_FLIGHT
    assert tables(tmp_path / "agora.duckdb") == alone.tables
    assert server.asked.keys() == alone.asked.keys()
    assert server.asked.total() - alone.asked.total() <= IN_FLIGHT
    assert not list((tmp_path / "agora.duckdb.journal").glob("*.jnl"))
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as shelf:
        kinds = set(shelf.frame_sql("select distinct kind from attempts")["kind"])
    assert kinds <= PAID
