"""Asking: providers, draws, structured answers, simulated models, rows."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from schemas.gateway import Gateway, Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from schemas.tables import TABLES
from tasks.models.gateway import open_gateway
from tasks.models.sim.contract import SimReply

ROOT = Path(__file__).resolve().parents[3]
UNIT = digest("unit", 1)


class Vote(BaseModel):
    choice: str = Field(description="A or B.")
    confidence: float = Field(ge=0, le=1)


async def test_any_compatible_server_is_asked_with_the_declared_parameters(
    server, spec, ask, tmp_path
):
    model = spec(
        model="some-org/some-model",
        temperature=0.7,
        top_p=0.9,
        seed=4,
        max_tokens=50,
        stop=("END",),
        reasoning_effort="low",
        extra={"top_k": 20},
    )
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(model))
    assert answer.value == "Hello."
    body = server.requests[0].json
    assert server.requests[0].path == "/v1/chat/completions"
    assert body["model"] == "some-org/some-model"
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.7, 0.9, 4)
    assert (body["stop"], body["top_k"]) == (["END"], 20)
    assert body["reasoning_effort"] == "low"
    assert 50 in (body.get("max_tokens"), body.get("max_completion_tokens"))


async def test_rows_are_rows_of_the_tables(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        checked: Gateway = gateway
        await checked.ask(ask(spec(temperature=0.5)))
        rows = gateway.rows(UNIT)
        assert gateway.rows(UNIT) == {"calls": [], "attempts": [], "prompt_messages": []}
    for table, found in rows.items():
        assert found
        for row in found:
            TABLES[table].model_validate(row)
    call = rows["calls"][0]
    assert call["model_returned"] == "served-model"
    assert (call["prompt_tokens"], call["completion_tokens"]) == (11, 7)
    assert call["params"] == {"temperature": 0.5}
    assert call["cost_usd"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"unit_key": digest("unit", 2)},
        {"ordinal": 1},
        {"text": "Hi!"},
        {"answer": Vote},
        {"temperature": 0.5},
        {"seed": 1},
        {"extra": {"top_k": 3}},
        {"model": "openai/other"},
    ],
)
async def test_whatever_decides_an_answer_is_in_its_key(server, said, spec, ask, tmp_path, change):
    server.answer = lambda request, number: said.completion('{"choice": "A", "confidence": 1}')
    asked = {
        name: change[name] for name in ("unit_key", "ordinal", "text", "answer") if name in change
    }
    declared = {name: value for name, value in change.items() if name not in asked}
    async with open_gateway(tmp_path / "j") as gateway:
        one = await gateway.ask(ask(spec()))
        other = await gateway.ask(ask(spec(**declared), **asked))
        again = await gateway.ask(ask(spec()))
    assert one.call_key != other.call_key
    assert one.call_key == again.call_key
    assert len(server.requests) == 2


async def test_limits_and_prices_are_in_no_key(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        one = await gateway.ask(ask(spec()))
        other = await gateway.ask(
            ask(spec(max_in_flight=2, attempt_timeout_s=900, usd_per_million_input_tokens=3))
        )
    assert one.call_key == other.call_key
    assert len(server.requests) == 1


async def test_replicates_never_share_an_answer(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.completion(f"draw {number}")
    async with open_gateway(tmp_path / "j") as gateway:
        questions = [ask(spec(), unit_key=digest("replicate", n)) for n in range(5)]
        answers = await asyncio.gather(*(gateway.ask(question) for question in questions))
    assert len({answer.value for answer in answers}) == 5


async def test_a_shape_is_asked_for_natively_where_the_server_speaks_the_protocol(
    server, said, spec, ask, tmp_path
):
    server.answer = lambda request, number: said.completion('{"choice": "A", "confidence": 0.5}')
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), answer=Vote))
    form = server.requests[0].json["response_format"]
    assert form["type"] == "json_schema"
    assert set(form["json_schema"]["schema"]["properties"]) == {"choice", "confidence"}
    assert answer.value == Vote(choice="A", confidence=0.5)


async def test_a_shape_is_asked_for_in_words_where_the_model_has_no_other_way(
    server, said, ask, tmp_path, monkeypatch
):
    body = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "claude-2.1",
        "content": [
            {"type": "text", "text": 'I vote:\n```\n{"choice": "B", "confidence": 1}\n```'}
        ],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    server.answer = lambda request, number: said.Said(body=body)
    monkeypatch.setenv("TEST_ONLY_KEY", "secret-of-the-test")
    model = ModelSpec(
        model="anthropic/claude-2.1",
        api_base=f"http://127.0.0.1:{server.port}",
        api_key_env="TEST_ONLY_KEY",
    )
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(model, answer=Vote))
        rows = gateway.rows(UNIT)
    assert answer.value == Vote(choice="B", confidence=1)
    assert answer.text.startswith("I vote:")
    assert "confidence" in rows["prompt_messages"][0]["text"]
    assert rows["calls"][0]["raw"]["instructed"] is True
    assert b"response_format" not in server.requests[0].raw
    assert b"JSON schema" in server.requests[0].raw
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(ask(model, answer=Vote))
        assert gateway.rows(UNIT) == rows


async def test_storage_of_a_conversation_grows_with_what_is_new(server, spec, tmp_path):
    model = spec()
    said = [Message("user", f"message {number} " * 10) for number in range(60)]
    brief = Message("system", "Discuss. " * 50)
    async with open_gateway(tmp_path / "j") as gateway:
        for turn in range(60):
            messages = (brief, *said[:turn], Message("user", "Your turn."))
            await gateway.ask(Question(model, messages, UNIT, turn, "agent", f"s{turn % 4}"))
        rows = gateway.rows(UNIT)
    assert sum(len(row["added_messages"]) for row in rows["calls"]) < 60 * 6
    assert len(rows["prompt_messages"]) == 61
    assert whole_request(rows, rows["calls"][-1]) == [
        brief.text,
        *(m.text for m in said[:59]),
        "Your turn.",
    ]


def whole_request(rows: dict, call: dict) -> list[str]:
    by_key = {row["call_key"]: row for row in rows["calls"]}
    texts = {row["digest"]: row["text"] for row in rows["prompt_messages"]}

    def digests(row: dict) -> list[str]:
        base = digests(by_key[row["base_call_key"]]) if row["base_call_key"] else []
        return base[: row["base_messages"]] + row["added_messages"]

    return [texts[one] for one in digests(call)]


async def test_order_of_completion_changes_no_rows(server, said, spec, ask, tmp_path):
    def rows_with(delays):
        async def run(folder):
            server.answer = lambda request, number: said.Said(
                body=said.completion("Same.").body, delay_s=delays[number % 4]
            )
            async with open_gateway(folder) as gateway:
                await asyncio.gather(
                    *(gateway.ask(ask(spec(), f"q{n}", ordinal=n)) for n in range(8))
                )
                return gateway.rows(UNIT)

        return run

    one = await rows_with([0, 0.05, 0.02, 0.08])(tmp_path / "a")
    other = await rows_with([0.08, 0, 0.05, 0.01])(tmp_path / "b")
    timing = {"latency_s", "asked_at"}
    for left, right in zip(one["calls"], other["calls"], strict=True):
        assert {k: v for k, v in left.items() if k not in timing} == {
            k: v for k, v in right.items() if k not in timing
        }


async def test_simulated_models_are_asked_here_and_leave_no_journal(ask, tmp_path):
    def simulate(spec, question, call_key, attempt=1):
        if attempt < 3:
            return SimReply("", 1, 0, failure_kind="server_error")
        if question.answer is None:
            return SimReply(f"{question.observation['n']}", 5, 2)
        bad = len(question.messages) == 1
        return SimReply("nonsense" if bad else '{"choice": "A", "confidence": 1}', 5, 2)

    model = ModelSpec(model="sim/any")
    async with open_gateway(tmp_path / "j", simulate=simulate) as gateway:
        talk = await gateway.ask(ask(model, observation={"n": 7}))
        vote = await gateway.ask(ask(model, answer=Vote, ordinal=1))
        rows = gateway.rows(UNIT)
    assert talk.value == "7"
    assert (vote.value, vote.attempts) == (Vote(choice="A", confidence=1), 2)
    assert [row["kind"] for row in rows["attempts"][:3]] == ["server_error", "server_error", "ok"]
    assert rows["calls"][0]["cost_usd"] == 0
    assert not (tmp_path / "j").exists()


def test_a_study_on_simulated_models_imports_no_litellm(tmp_path):
    code = """
import asyncio, sys
from pathlib import Path
from schemas.gateway import Message, Question
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway

async def main():
    async with open_gateway(Path(sys.argv[1])) as gateway:
        spec = ModelSpec(model="sim/talkative")
        question = Question(spec, (Message("user", "Hi"),), "0" * 32, 0, "agent")
        assert (await gateway.ask(question)).failure is None
    assert not {"litellm", "openai", "prefect", "duckdb"} & set(sys.modules)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "j")], cwd=ROOT, check=True)
