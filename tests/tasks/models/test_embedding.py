"""Vectors of texts by an embedding model behind an OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib

import numpy as np
import pytest

from schemas.errors import Mistake
from schemas.gateway import EmbeddingFailed
from schemas.keys import digest
from schemas.study.models import ModelSpec
from schemas.tables.calls import AttemptRow, CallRow
from tasks.environments.market.environment import Market
from tasks.environments.market.params import MarketParams
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
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


async def test_a_text_that_two_units_want_at_once_is_asked_about_once(server, said, spec, tmp_path):
    server.answer = lambda request, number: embedded(said, request)
    async with open_gateway(tmp_path / "a.journal") as gateway:
        one, two = await asyncio.gather(
            gateway.embed(["a", "b"], spec(), digest("unit", 1)),
            gateway.embed(["b", "a"], spec(), digest("unit", 2)),
        )
    np.testing.assert_array_equal(one, two[::-1])
    assert [request.json["input"] for request in server.requests] == [["a", "b"]]


async def test_nobody_waits_for_texts_of_others_and_a_text_given_up_is_asked_about_again(
    server, said, spec, tmp_path
):
    def answer(request, number):
        slow = request.json["input"] == ["a", "b"]
        return dataclasses.replace(embedded(said, request), delay_s=600.0 if slow else 0.0)

    server.answer = answer
    async with open_gateway(tmp_path / "a.journal") as gateway:
        slow = asyncio.ensure_future(gateway.embed(["a", "b"], spec(), digest("unit", 1)))
        same = asyncio.ensure_future(gateway.embed(["b"], spec(), digest("unit", 2)))
        other = await gateway.embed(["c"], spec(), digest("unit", 3))
        assert not same.done()
        slow.cancel()
        np.testing.assert_allclose(await same, [vector("b")], rtol=1e-6)
    np.testing.assert_allclose(other, [vector("c")], rtol=1e-6)


async def test_vectors_of_one_model_that_differ_in_length_are_refused(
    server, said, spec, quick, tmp_path
):
    server.answer = lambda request, number: embedded(said, request)
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        await gateway.embed(["a"], spec(), UNIT)
        server.answer = lambda request, number: said.Said(
            body={"data": [{"index": 0, "embedding": [1.0, 0.5]}]}
        )
        with pytest.raises(EmbeddingFailed, match="vectors of 2 and of 8 numbers"):
            await gateway.embed(["a", "b"], spec(), UNIT)


async def test_episodes_of_a_market_share_the_vectors_of_a_served_model(
    server, said, spec, quick, tmp_path
):
    def refused(request, number):
        return said.refusal(400, "no such model")

    models = {
        "c": ModelSpec(model="sim/agent"),
        "b": ModelSpec(model="sim/agent"),
        "small": spec(usd_per_million_input_tokens=10),
    }
    params = MarketParams.model_validate(
        {
            "catalogue": {"drawn": {"customers": 2, "seed": 3}},
            "models": {"customer": "c", "business": "b"},
            "search": {"kind": "embedding", "model": "small"},
        }
    )
    seats = seats_of(Market(), params, models, 1)
    first, second = (
        Episode(digest("episode", n), Market(), params, seats, models, seed=n) for n in (1, 2)
    )
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        server.answer = refused
        failed = await play(first, gateway)
        assert failed.failure.kind == "bad_request"
        assert [row["status"] for row in gateway.rows(first.key)["calls"]].count("failed") == 1
        server.answer = lambda request, number: embedded(said, request)
        played = [await play(one, gateway) for one in (first, second)]
        calls = [row for row in gateway.rows(first.key)["calls"] if row["purpose"] == "embedding"]
    texts = [text for request in server.requests[1:] for text in request.json["input"]]
    assert len(texts) == len(set(texts)) == 6 + 2  # businesses, and the customers' queries
    assert len(calls) == 1
    assert calls[0]["cost_usd"] == pytest.approx(3e-5 * len(texts))
    async with open_gateway(tmp_path / "a.journal", backoff=quick) as gateway:
        assert [await play(one, gateway) for one in (first, second)] == played
    assert len(server.requests) == 2


async def test_a_simulated_embedding_model_costs_nothing_and_leaves_nothing(tmp_path):
    texts = ["Red soup", "red soup, please", "a tram"]
    async with open_gateway(tmp_path / "a.journal") as gateway:
        clear, blurred = [
            await gateway.embed(texts, ModelSpec(model="sim/encoder", sim={"noise": noise}), UNIT)
            for noise in (0.0, 2.0)
        ]
        again = await gateway.embed(texts[::-1], ModelSpec(model="sim/encoder"), UNIT)
        calls = gateway.rows(UNIT)["calls"]
    assert clear[0] @ clear[1] > 0.7
    assert clear[0] @ clear[2] == 0
    np.testing.assert_array_equal(again[::-1], clear)
    assert np.linalg.norm(blurred - clear, axis=1) == pytest.approx(2.0)
    assert [(row["status"], row["cost_usd"]) for row in calls] == [("answered", 0.0)] * 3
    assert not list(tmp_path.rglob("*.vectors"))


async def test_a_simulated_embedding_model_fails_as_declared(quick, tmp_path):
    model = ModelSpec(model="sim/encoder", sim={"failure_rate": 1}, max_attempts=2)
    async with open_gateway(tmp_path / "a.journal") as gateway:
        with pytest.raises(EmbeddingFailed) as caught:
            await gateway.embed(["a"], model, UNIT)
        kinds = [row["kind"] for row in gateway.rows(UNIT)["attempts"]]
    assert caught.value.failure.kind == "server_error"
    assert kinds == ["server_error"] * 2


async def test_a_simulated_agent_makes_no_vectors(tmp_path):
    async with open_gateway(tmp_path / "a.journal") as gateway:
        with pytest.raises(Mistake, match="makes no vectors"):
            await gateway.embed(["a"], ModelSpec(model="sim/agent"), UNIT)
