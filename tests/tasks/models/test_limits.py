"""Limits: in flight, per minute, adaptive, shared per account."""

from __future__ import annotations

import asyncio
import time

from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway
from tasks.models.limits import Limiter, Pace, Pass, limiter_of


async def asked(gateway, ask, model, count, purpose="agent"):
    questions = [ask(model, unit_key=digest(purpose, n), purpose=purpose) for n in range(count)]
    return await asyncio.gather(*(gateway.ask(question) for question in questions))


async def test_no_more_calls_are_in_flight_than_declared(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.Said(body=said.completion().body, delay_s=0.02)
    async with open_gateway(tmp_path / "j") as gateway:
        await asked(gateway, ask, spec(max_in_flight=5), 40)
    assert server.peak == 5


async def test_agents_and_judges_share_one_limiter(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.Said(body=said.completion().body, delay_s=0.02)
    async with open_gateway(tmp_path / "j") as gateway:
        await asyncio.gather(
            asked(gateway, ask, spec(max_in_flight=4), 20, "agent"),
            asked(gateway, ask, spec(max_in_flight=4, temperature=0), 20, "judge"),
        )
    assert server.peak == 4


async def test_another_provider_is_not_slowed(server, said, spec, ask, tmp_path):
    slow = spec(requests_per_minute=60)
    fast = spec(model="openai/other")
    async with open_gateway(tmp_path / "j") as gateway:
        waiting = asyncio.ensure_future(asked(gateway, ask, slow, 30))
        began = time.monotonic()
        await asked(gateway, ask, fast, 20, "judge")
        assert time.monotonic() - began < 20.0
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_refusals_of_one_provider_do_not_slow_judges_of_another(
    server, said, spec, ask, tmp_path
):
    """The first refuses everything and asks to wait; the second has a pace of its own."""

    def answer(request, number):
        if request.json["model"] == "served":
            return said.refusal(429, retry_after="30")
        return said.completion()

    server.answer = answer
    async with open_gateway(tmp_path / "j") as gateway:
        agents = asyncio.ensure_future(asked(gateway, ask, spec(), 10))
        while not server.requests:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        judged = await asked(gateway, ask, spec(model="openai/other"), 20, "judge")
        took_s = time.monotonic() - began
        assert [answer.failure for answer in judged] == [None] * 20
        assert took_s < 25.0
        assert not agents.done()
        agents.cancel()
        await asyncio.gather(agents, return_exceptions=True)


async def test_requests_per_minute_are_kept(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        began = time.monotonic()
        await asked(gateway, ask, spec(requests_per_minute=600), 20)
        took = time.monotonic() - began
    assert 0.8 <= took < 60.0


async def test_tokens_per_minute_are_kept(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        began = time.monotonic()
        await asked(gateway, ask, spec(tokens_per_minute=24_000), 60)
        took = time.monotonic() - began
    assert 0.9 < took < 60.0  # 1080 tokens at 400 per second, the first 400 at once


async def test_refusals_lower_the_number_in_flight_and_success_raises_it_again(
    server, said, spec, ask, quick, tmp_path
):
    server.answer = lambda request, number: (
        said.refusal(429) if number in (30, 31, 32) else said.completion()
    )
    model = spec(max_in_flight=64)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answers = await asked(gateway, ask, model, 20)
        limiter = limiter_of(model)
        before = limiter.allowed
        answers += await asked(gateway, ask, model, 40, "judge")
        assert limiter.refusals == 3
        assert not any(answer.failure for answer in answers)
    assert before > 16
    assert limiter.in_flight == 0


def test_a_burst_of_refusals_counts_once_and_recovery_is_slow():
    now = [0.0]
    limiter = Limiter(ModelSpec(model="openai/x", max_in_flight=100), clock=lambda: now[0])
    limiter.allowed = 50.0
    limiter.in_flight = 60
    for _ in range(5):
        limiter.done("rate_limit", Pass(0, 0))
    assert limiter.allowed == 40.0
    now[0] = 2.0
    limiter.done("rate_limit", Pass(0, 0))
    assert limiter.allowed == 32.0
    for _ in range(32):
        limiter.done("ok", Pass(0, 0))
    assert 32.9 < limiter.allowed < 33.1


def test_a_pace_allows_no_more_than_its_rate():
    pace = Pace.starting(120, 0.0)
    waits = [pace.draw(1, 0.0) for _ in range(5)]
    assert waits == [0.0, 0.0, 0.5, 1.0, 1.5]


async def test_a_cancelled_call_gives_its_place_back(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.Said(body=said.completion().body, delay_s=0.3)
    model = spec(max_in_flight=1)
    async with open_gateway(tmp_path / "j") as gateway:
        first = asyncio.ensure_future(asked(gateway, ask, model, 3))
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        server.answer = lambda request, number: said.completion()
        assert (await asked(gateway, ask, model, 1, "judge"))[0].failure is None
