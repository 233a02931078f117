"""Vectors of texts by an embedding model behind an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np
import pytest

from schemas.errors import Mistake
from schemas.gateway import EmbeddingFailed
from schemas.keys import digest
from schemas.study.models import ModelSpec
from schemas.tables.calls import AttemptRow, CallRow
from tasks.models.budget import Budget, BudgetSpent
from tasks.models.embedding import GatewayEncoder
from tasks.models.estimate import TEXTS_PER_CALL
from tasks.models.gateway import open_gateway

UNIT = digest("unit", 1)


def vector(text: str) -> list[float]:
    return [byte / 255 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def embedded(said, request, texts=None):
    """What a server for embeddings answers, items in any order."""
    texts = request.json["input"] if texts is None else texts
    data = [
        {"object": "embedding", "index": place, "embedding": vector(text)}
        for place, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 3 * len(texts), "total_tokens": 3 * len(texts)}
    return said.Said(body={"object": "list", "model": "embed", "data": data[::-1], "usage": usage})


@pytest.fixture
def texts() -> list[str]:
    return [f"text {number}" for number in range(TEXTS_PER_CALL + 4)]


async def test_every_text_has_its_vector_and_is_asked_about_once(
    server, said, spec, quick, texts, tmp_path
):
    server.answer = lambda request, number: embedded(said, request)
    model = spec(usd_per_million_input_tokens=10, extra={"dimensions": 8})
    wanted = [*texts, texts[0], " "]
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        found = await gateway.embed(wanted, model, UNIT)
        rows = gateway.rows(UNIT)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[: len(texts)], [vector(text) for text in texts], rtol=1e-6)
    np.testing.assert_array_equal(found[-2], found[0])
    assert not found[-1].any()
    assert [request.path for request in server.requests] == ["/v1/embeddings"] * 2
    assert server.requests[0].json["dimensions"] == 8
    calls = [CallRow.model_validate(row) for row in rows["calls"]]
    assert [(one.purpose, one.status, one.ordinal) for one in calls] == [
        ("embedding", "answered", 0),
        ("embedding", "answered", 1),
    ]
    assert sum(one.cost_usd for one in calls) == pytest.approx(3e-5 * len(texts))
    assert len([AttemptRow.model_validate(row) for row in rows["attempts"]]) == 2

    other = digest("unit", 2)
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        again = await gateway.embed(wanted, model, other)
        assert gateway.rows(other)["calls"] == []
    np.testing.assert_array_equal(again, found)
    assert len(server.requests) == 2


async def test_passing_faults_are_tried_again_and_recorded(server, said, spec, quick, tmp_path):
    def answer(request, number):
        if number == 1:
            return said.refusal(429, retry_after="0")
        if number == 2:
            return embedded(said, request, texts=["only one"])
        return embedded(said, request)

    server.answer = answer
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        found = await gateway.embed(["a", "b"], spec(), UNIT)
        rows = gateway.rows(UNIT)
    assert found.shape == (2, 8)
    assert [row["kind"] for row in rows["attempts"]] == ["rate_limit", "bad_body", "ok"]
    assert rows["calls"][0]["cost_usd"] is None


async def test_what_came_before_a_lasting_failure_is_kept(
    server, said, spec, quick, texts, tmp_path
):
    def answer(request, number):
        if texts[-1] in request.json["input"]:
            return said.refusal(400, "too long")
        return embedded(said, request)

    server.answer = answer
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        with pytest.raises(EmbeddingFailed) as caught:
            await gateway.embed(texts, spec(), UNIT)
        statuses = [row["status"] for row in gateway.rows(UNIT)["calls"]]
    assert caught.value.failure.kind == "bad_request"
    assert statuses == ["answered", "failed"]
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        await gateway.embed(texts[:TEXTS_PER_CALL], spec(), UNIT)
    assert len(server.requests) == 2


async def test_a_budget_holds_for_vectors_too(server, said, spec, texts, tmp_path):
    server.answer = lambda request, number: embedded(said, request)
    async with open_gateway(tmp_path / "a.journal", budget=Budget(calls=1)) as gateway:
        with pytest.raises(BudgetSpent):
            await gateway.embed(texts, spec(), UNIT)


async def test_a_thread_may_ask_for_vectors(server, said, spec, tmp_path):
    server.answer = lambda request, number: embedded(said, request)
    async with open_gateway(tmp_path / "a.journal") as gateway:
        encoder = GatewayEncoder(gateway, spec(), UNIT)
        found = await asyncio.to_thread(encoder.vectors, ["a", "b"])
    np.testing.assert_allclose(found, [vector("a"), vector("b")], rtol=1e-6)


async def test_a_simulated_model_makes_no_vectors(tmp_path):
    async with open_gateway(tmp_path / "a.journal") as gateway:
        with pytest.raises(Mistake, match="makes no vectors"):
            await gateway.embed(["a"], ModelSpec(model="sim/agent"), UNIT)
