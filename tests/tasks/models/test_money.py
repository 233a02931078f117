"""Budgets, prices and secrets."""

from __future__ import annotations

import asyncio
import logging

import pytest

from schemas.errors import Mistake
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.budget import Budget, BudgetSpent
from tasks.models.gateway import open_gateway
from tasks.models.prices import prices

PRICED = {"usd_per_million_input_tokens": 1e6, "usd_per_million_output_tokens": 0}


async def test_a_budget_of_calls_is_kept_exactly(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j", budget=Budget(calls=7)) as gateway:
        asks = [gateway.ask(ask(spec(), unit_key=digest(n))) for n in range(20)]
        results = await asyncio.gather(*asks, return_exceptions=True)
    assert len(server.requests) == 7
    assert sum(isinstance(one, BudgetSpent) for one in results) == 13
    assert "7 of 7 calls" in str(next(one for one in results if isinstance(one, BudgetSpent)))


async def test_a_budget_in_dollars_is_never_passed(server, spec, ask, tmp_path):
    budget = Budget(usd=50.0)  # every call costs 11, and is reserved with about 7 per prompt
    async with open_gateway(tmp_path / "j", budget=budget) as gateway:
        asks = [gateway.ask(ask(spec(**PRICED), unit_key=digest(n))) for n in range(20)]
        results = await asyncio.gather(*asks, return_exceptions=True)
    assert any(isinstance(one, BudgetSpent) for one in results)
    assert len(server.requests) >= 4
    assert budget.spent_usd == 11 * len(server.requests)


async def test_answers_that_are_there_cost_nothing(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(ask(spec()))
    async with open_gateway(tmp_path / "j", budget=Budget(calls=0, usd=0)) as gateway:
        assert (await gateway.ask(ask(spec()))).failure is None


async def test_dollars_cannot_be_limited_where_the_price_is_unknown(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j", budget=Budget(usd=1)) as gateway:
        with pytest.raises(Mistake, match="price of openai/served is not known"):
            await gateway.ask(ask(spec()))
    assert server.requests == []


def test_a_price_is_declared_or_listed_or_unknown():
    hosted = ModelSpec(model="openai/gpt-4o")
    assert prices(hosted).cost_usd(100, 10) == pytest.approx(100 * 2.5e-6 + 10 * 1e-5)
    assert prices(hosted, batch=True).input_usd == pytest.approx(1.25e-6)
    assert prices(ModelSpec(model="openai/gpt-x")).cost_usd(100, 10) is None
    local = ModelSpec(model="openai/gpt-4o", api_base="http://localhost:1/v1")
    assert prices(local).cost_usd(100, 10) is None
    assert prices(ModelSpec(model="sim/x")).cost_usd(100, 10) == 0
    declared = ModelSpec(model="sim/x", usd_per_million_input_tokens=3)
    assert prices(declared).cost_usd(100, 10) == pytest.approx(3e-4)


KEY = "sk-very-secret-0123456789abcdef"


@pytest.fixture
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.mark.parametrize("source", ["env", "block"])
async def test_a_key_reaches_the_server_and_nothing_else(
    server, said, spec, ask, quick, tmp_path, monkeypatch, everything_logged, source
):
    monkeypatch.setenv("MY_KEY", KEY)
    declared = {"api_key_env": "MY_KEY"} if source == "env" else {"api_key_block": "my-block"}
    server.answer = lambda request, number: (
        said.refusal(500, f"bad key {KEY}")
        if number == 1
        else said.refusal(401, f"Incorrect API key provided: {KEY}")
        if number == 2
        else said.completion()
    )
    async with open_gateway(
        tmp_path / "j", backoff=quick, secret_of={"my-block": KEY}.__getitem__
    ) as gateway:
        failed = await gateway.ask(ask(spec(**declared)))
        await gateway.ask(ask(spec(**declared), ordinal=1))
        rows = gateway.rows(ask(spec()).unit_key)
        journal = b"".join(path.read_bytes() for path in (tmp_path / "j").iterdir())
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "[key]" in failed.failure.message
    assert KEY not in str(rows)
    assert KEY.encode() not in journal
    assert KEY not in str(failed)
    assert KEY not in "".join(
        r.getMessage() for r in everything_logged.records if r.name.startswith("tasks")
    )


async def test_a_key_that_is_not_set_is_a_mistake(spec, ask, tmp_path, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    async with open_gateway(tmp_path / "j") as gateway:
        with pytest.raises(Mistake, match="NO_SUCH_KEY is not set"):
            await gateway.ask(ask(spec(api_key_env="NO_SUCH_KEY")))
        with pytest.raises(Mistake, match="Secret block somewhere"):
            await gateway.ask(ask(spec(api_key_block="somewhere")))


async def test_a_well_known_key_is_not_sent_to_another_server(
    server, spec, ask, tmp_path, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(ask(spec()))
    assert KEY not in server.requests[0].headers["authorization"]
