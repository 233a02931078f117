"""Text vectors by an embedding model that a study names, from a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from schemas.errors import Mistake
from schemas.unit import Result
from tasks.models.gateway import open_gateway
from tasks.models.retry import Backoff
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of

s: Any = None
#: The words that every message of these studies is made of, one dimension each.
WORDS = ("ship", "budget", "map", "rider", "kitchen", "test", "plan", "agree")


class Embeddings(BaseHTTPRequestHandler):
    """Counts words; refuses where the server was told to."""

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        self.server.asked += len(texts)  # type: ignore[attr-defined]
        data = [
            {
                "object": "embedding",
                "index": place,
                "embedding": [float(text.split().count(word)) for word in WORDS],
            }
            for place, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        body = {"object": "list", "model": "words", "data": data, "usage": usage}
        refused = self.server.refuse  # type: ignore[attr-defined]
        self.send_response(401 if refused else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"error": {"message": "no"}} if refused else body).encode())

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def _builder(studies: ModuleType) -> None:
    globals()["s"] = studies


@pytest.fixture
def server() -> Iterator[Any]:
    served: Any = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    served.asked, served.refuse = 0, False
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


def declared(server: Any, *encoders: str) -> Any:
    base = f"http://127.0.0.1:{server.server_port}/v1"
    small = {"model": "openai/text-embedding-3-small", "api_base": base}
    models = {"m": {"model": "sim/agent"}, "small": small}
    metrics = [{"name": "vendi", "encoder": name} for name in encoders]
    return s.study(models=models, metrics=metrics, contrasts={})


async def measured(study: Any, folder: Path) -> list[Result]:
    step = MeasureStep()
    units = step.plan(s.design(study), s.upstream(study))
    rows = s.picked(s.rows(study), step.reads(units))
    async with open_gateway(folder, backoff=Backoff(first_s=0.01, longest_s=0.02)) as gateway:
        return await results_of(step, units, rows, gateway)


async def test_a_model_of_the_study_encodes_texts_once_and_its_calls_are_on_record(
    server: Any, tmp_path: Path
) -> None:
    study = declared(server, "hashed", "small")
    hashed, small = await measured(study, tmp_path / "a.journal")
    assert small.failure is None
    found, plain = small.rows["metrics"], hashed.rows["metrics"]
    assert isinstance(found, pl.DataFrame)
    assert isinstance(plain, pl.DataFrame)
    assert "embeddings by openai/text-embedding-3-small" in found["method"][0]
    assert not found["value"].equals(plain["value"])
    calls = pl.DataFrame(small.rows["calls"], infer_schema_length=None)
    assert calls["purpose"].unique().to_list() == ["embedding"]
    assert "calls" not in hashed.rows
    asked = server.asked
    assert 0 < asked <= 12 * 48
    (_, again) = await measured(study, tmp_path / "a.journal")
    assert server.asked == asked
    repeated = again.rows["metrics"]
    assert isinstance(repeated, pl.DataFrame)
    assert found.equals(repeated)


async def test_vectors_that_do_not_come_fail_the_unit_and_no_other(
    server: Any, tmp_path: Path
) -> None:
    server.refuse = True
    hashed, small = await measured(declared(server, "hashed", "small"), tmp_path / "a.journal")
    assert hashed.failure is None
    assert small.failure is not None
    assert small.failure.kind == "authentication"
    assert "metrics" not in small.rows
    assert small.rows["calls"]


def test_an_encoder_is_refused_unless_it_is_a_model_that_can_encode(server: Any) -> None:
    for name, words in (("smal", "write small"), ("m", "this simulated model makes no vectors")):
        with pytest.raises(Mistake, match=words):
            MeasureStep().plan(
                s.design(declared(server, name)), s.upstream(declared(server, "hashed"))
            )
