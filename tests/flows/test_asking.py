"""Studies that ask a model server on a real socket: budgets, costs, keys, lost connections."""

from __future__ import annotations

import base64
import http.server
import itertools
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.errors import Mistake
from warehouse.address import free_port
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Ran

pytestmark = pytest.mark.slow

#: The server quotes words that nobody said, so a judge is asked again as often as is allowed.
ASKED = 3

MARK = "zq-marker-4be1-of-a-secret"

STUDY = """
name: asked
models:
  agent: {{model: openai/mock, api_base: "{api_base}", {key}, max_attempts: 2,
          attempt_timeout_s: 600, max_tokens: 100,
          usd_per_million_input_tokens: 10, usd_per_million_output_tokens: 30}}
  judge: {{model: openai/mock-judge, api_base: "{api_base}"}}
episode:
  environment: discussion
  brief: "Plan an open-air festival for 5,000 people."
  rounds: 2
  seats: [agent, agent]
replicates: {replicates}
run: {{concurrency: 2}}
"""

CODING = """
coding:
  codebook:
    name: small
    flags:
      phatic: {definition: "Pleasantries without substance."}
  judges: [judge]
  adjudication: {use: intersection}
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a study on a server."""

    def write(api_base: str, *, replicates: int = 6, key: str = "", coded: bool = False) -> Path:
        key = key or "api_key_env: MARKED_KEY"
        text = STUDY.format(api_base=api_base, replicates=replicates, key=key)
        path = tmp_path / "asked.yaml"
        path.write_text(text + (CODING if coded else ""), encoding="utf-8")
        return path

    return write


@pytest.fixture(autouse=True)
def _marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKED_KEY", MARK)


@pytest.fixture
def mock(shared: Path) -> Iterator[str]:
    """The model server of the measurements."""
    port = free_port()
    command = [sys.executable, str(shared / "bench" / "mock_llm.py"), "--port", str(port)]
    with subprocess.Popen(
        [*command, "--latency-ms", "5"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}/v1"
        process.terminate()


def requests_seen(api_base: str) -> int:
    with urllib.request.urlopen(api_base.replace("/v1", "/stats"), timeout=600) as answer:
        return int(json.load(answer)["requests"])


def selected(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    with Warehouse.open(folder / "agora.duckdb", read_only=True) as warehouse:
        return warehouse.frame_sql(sql).rows()


async def test_a_spent_budget_keeps_whole_units_and_says_what_is_left(
    mock: str, write: Callable[..., Path], tmp_path: Path, ran: Ran
) -> None:
    study = write(mock, coded=True)
    first = await ran(study, budget_calls=11)
    assert first.calls_asked == requests_seen(mock) == 11
    assert first.stopped is not None
    assert "spent 11 of 11 calls" in first.stopped
    assert not first.complete
    units = selected(tmp_path, "select status, count(*) from units group by all")
    assert units == [("done", 2)]
    assert selected(tmp_path, "select count(*) from calls") == [(8,)]
    assert "4 of 6 episodes" in first.left
    assert "6 of 6 codings" in first.left
    assert "beside 3 answered already" in first.left
    assert "calls of unknown price (judge)" in first.left

    rest = await ran(study)
    assert rest.complete
    assert rest.left == ""
    assert rest.calls_reused == 3
    assert first.calls_asked + rest.calls_asked == requests_seen(mock) == 6 * 4 * (1 + ASKED)
    assert not list(tmp_path.glob("*.journal"))


async def test_dollars_are_never_passed(
    mock: str, write: Callable[..., Path], tmp_path: Path, ran: Ran
) -> None:
    study = write(mock)
    first = await ran(study, budget_usd=0.04)
    assert first.stopped is not None
    assert "of $0.0400" in first.stopped
    assert 0.02 < first.cost_usd <= 0.04
    assert first.left.startswith(("1 of 6", "2 of 6", "3 of 6", "4 of 6", "5 of 6"))
    assert "$0.0" in first.left
    assert (await ran(study)).complete


async def test_costs_are_told_by_stage_and_model_with_cached_calls_apart(
    mock: str, write: Callable[..., Path], tmp_path: Path, ran: Ran
) -> None:
    await ran(write(mock, replicates=1, coded=True))
    await ran(write(mock, replicates=2, coded=True))
    costs = selected(
        tmp_path,
        "select stage, model, calls, cached_calls, usd > 0, cached_usd > 0, unknown_price_calls "
        "from v_costs_all order by created_at, stage desc",
    )
    assert costs == [
        ("episodes", "openai/mock", 4, 0, True, None, 0),
        ("codes", "openai/mock-judge", 4 * ASKED, 0, None, None, 4 * ASKED),
        ("episodes", "openai/mock", 4, 4, True, True, 0),
        ("codes", "openai/mock-judge", 4 * ASKED, 4 * ASKED, None, None, 4 * ASKED),
    ]


async def test_a_server_that_is_not_there_fails_units_and_shows_no_key(
    write: Callable[..., Path],
    tmp_path: Path,
    ran: Ran,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = f"http://127.0.0.1:{free_port()}"
    report = await ran(write(f"{server}/v1", replicates=1))
    (group,) = [one for step in report.steps for one in step.failures]
    failure = group.example
    assert (group.kind, group.units) == ("connection", 1)
    assert failure == f"s1, turn: cannot connect: Connection refused (server {server})"
    written = "".join([failure, *capfd.readouterr(), caplog.text, report.model_dump_json()])
    assert MARK not in written
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.suffix == ".duckdb" for path in files)
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []
    assert selected(tmp_path, "select distinct kind from attempts") == [("connection",)]


async def test_a_key_that_is_not_set_stops_the_study_and_names_the_variable(
    write: Callable[..., Path], ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MARKED_KEY")
    with pytest.raises(Mistake, match="MARKED_KEY"):
        await ran(write("http://127.0.0.1:9/v1", replicates=1))


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers a POST request with what a subclass makes of it."""

    protocol_version = "HTTP/1.1"

    def answered(self, asked: dict[str, Any], key: str) -> tuple[int, str]:
        """Status and body of the answer to a question under a key."""
        raise NotImplementedError

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers["authorization"].removeprefix("Bearer ")
        status, text = self.answered(asked, key)
        self.send_response(status)
        self.send_header("content-length", str(len(text.encode())))
        self.send_header("x-request-id", key)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def served(handler: type[Answering]) -> Iterator[str]:
    """The base URL of a server, while it lasts."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


class Keyed(Answering):
    """Answers whoever shows the key; tells others what they showed, as some providers do."""

    def answered(self, asked: dict[str, Any], key: str) -> tuple[int, str]:
        if key != MARK:
            message = f"Incorrect API key provided: Bearer {key}"
            return 401, json.dumps({"error": {"message": message}})
        said = {"role": "assistant", "content": "I agree."}
        return 200, json.dumps(
            {
                "object": "chat.completion",
                "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
            }
        )


@pytest.fixture
def keyed() -> Iterator[str]:
    yield from served(Keyed)


async def test_a_key_may_stand_in_a_secret_block(
    prefect_server: None, keyed: str, write: Callable[..., Path], tmp_path: Path, ran: Ran
) -> None:
    from prefect.blocks.system import Secret

    await Secret(value=MARK).save("agora-tested", overwrite=True)
    study = write(keyed, replicates=1, key="api_key_block: agora-tested")
    report = await ran(study)
    assert report.complete
    assert report.calls_asked == 4
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []


async def test_a_refused_key_is_told_without_the_key(
    keyed: str, write: Callable[..., Path], tmp_path: Path, ran: Ran, monkeypatch: Any
) -> None:
    wrong = f"{MARK}-of-yesterday"
    monkeypatch.setenv("MARKED_KEY", wrong)
    report = await ran(write(keyed, replicates=1))
    (failure,) = [one for step in report.steps for one in step.failures]
    assert failure.kind == "authentication"
    assert "Incorrect API key" in failure.example
    assert MARK not in failure.example
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []


class Leaking(Answering):
    """Shows the key that it is sent in every answer, in ever other places and forms."""

    number = itertools.count()

    def answered(self, asked: dict[str, Any], key: str) -> tuple[int, str]:
        number = next(self.number)
        form = base64.b64encode(f"user:{key}".encode()).decode() if number % 3 else key
        pad = "." * (560 + number % 40)
        if number % 4 == 0:
            return 500, json.dumps({"error": {"message": f"{pad}{form}", "code": form}})
        if number % 4 == 1:
            return 500, f"{pad}{form}{pad}"
        words = json.dumps({"say": form}) if "response_format" in asked else f"I say {form}."
        choice = {"message": {"content": words, "reasoning": form}, "finish_reason": form}
        answer = {"id": form, "model": form, "system_fingerprint": form, "choices": [choice]}
        return 200, json.dumps(answer)


@pytest.fixture
def leaking() -> Iterator[str]:
    yield from served(Leaking)


async def test_a_key_that_comes_back_stands_in_no_file_no_log_and_no_state(
    leaking: str,
    write: Callable[..., Path],
    tmp_path: Path,
    ran_by_prefect: Ran,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    from flows.report_file import write_report

    path = write(leaking, replicates=4, coded=True)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("mock-judge", "mock-judge, api_key_env: MARKED_KEY, max_attempts: 3")
    )
    report = await ran_by_prefect(path)
    write_report("asked", tmp_path / "agora.duckdb", tmp_path / "report.html")
    assert report.calls_asked > 8
    database = Path(PREFECT_API_DATABASE_CONNECTION_URL.value().partition("///")[2])
    files = [one for one in (*tmp_path.rglob("*"), *database.parent.glob("*.db*")) if one.is_file()]
    assert database in files
    forms = [MARK[:12], *(encoded(MARK, before)[:20] for before in range(3))]
    assert {form for form in forms for one in files if form.encode() in one.read_bytes()} == set()
    said = "".join([*capfd.readouterr(), caplog.text, report.model_dump_json()])
    assert not any(form in said for form in forms)
    assert "[key]" in str(selected(tmp_path, "select text, raw from calls"))


def encoded(key: str, before: int) -> str:
    """What base64 makes of a key after so many other bytes, without what they share."""
    return base64.b64encode(bytes(before) + key.encode()).decode()[(0, 2, 3)[before] :]


async def test_a_secret_block_that_is_missing_is_a_mistake_that_says_how_to_make_it(
    prefect_server: None, write: Callable[..., Path], ran: Ran
) -> None:
    study = write("http://127.0.0.1:9/v1", replicates=1, key="api_key_block: not-there")
    with pytest.raises(Mistake, match=r"Secret.*not-there"):
        await ran(study)
