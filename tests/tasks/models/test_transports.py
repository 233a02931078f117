"""A request that goes straight to a server, and its answer, against the same through litellm."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from schemas.gateway import Message
from schemas.study.models import ModelSpec
from tasks.models.binding import BoundModels
from tasks.models.gateway import open_gateway
from tasks.models.litellm_model import LitellmModel, imported_litellm
from tasks.models.openai_server import OpenAIServer
from tasks.models.replies import AttemptFailed, Reply
from tasks.models.response_format import response_format
from tasks.models.secrets import Keyring

PROMPT = (
    Message("system", "Sei höflich. 😀"),
    Message("user", 'Say "hi"\n\u2028\tplease.'),
    Message("assistant", "Hi."),
    Message("user", "Again, <b>Ωmega</b> \\ \x7f"),
)


class Leg(BaseModel):
    """A part of a way."""

    to: str
    km: float | None = None


class Bid(BaseModel):
    price: float = Field(ge=0, description="In euros.")
    why: str = ""
    kind: Literal["firm", "open"] = "open"
    legs: list[Leg] = []
    best: Leg | None = None
    first: Leg = Field(description="Where it begins.")
    more: dict[str, int] = {}


class Nested(BaseModel):
    bids: tuple[Bid, ...]
    top: Bid | Leg


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


async def both(spec: ModelSpec) -> tuple[OpenAIServer, LitellmModel, BoundModels]:
    """The two ways of asking a model; the first must go straight."""
    models = BoundModels(Keyring())
    straight = models.of(spec).transport
    through = models.of(spec.model_copy(update={"transport": "litellm"})).transport
    assert isinstance(straight.way, OpenAIServer)
    assert isinstance(through.way, LitellmModel)
    return straight, through, models


async def ended(call: Any) -> Reply | AttemptFailed:
    try:
        return await call
    except AttemptFailed as failed:
        return failed


MODELS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.0},
    {"temperature": 0.7, "top_p": 0.9, "seed": 7, "max_tokens": 50, "stop": ["END", "\n\n"]},
    {"model": "served", "temperature": 1.0},
    {"model": "openai/meta-llama/Llama-3.1-8B-Instruct", "max_tokens": 9},
    {"reasoning_effort": "low"},
    {"model": "openai/gpt-4o", "temperature": 0.3, "max_tokens": 12},
    {"model": "openai/gpt-5", "max_tokens": 12, "reasoning_effort": "minimal", "temperature": 1},
    {"model": "openai/gpt-5-mini", "reasoning_effort": "high", "seed": 3},
    {"model": "openai/gpt-5.1", "max_tokens": 40},
    {"model": "openai/o1", "max_tokens": 40, "seed": 3},
    {"model": "openai/o3", "max_tokens": 40, "reasoning_effort": "medium", "stop": ["x"]},
    {"model": "openai/o4-mini", "temperature": 1},
    {"extra": {"top_k": 20, "min_p": 0.1, "repetition_penalty": 1.1}},
    {"extra": {"presence_penalty": 0.5, "logit_bias": {"50": -100}, "logprobs": True}},
    {"extra": {"extra_body": {"guided_choice": ["yes", "no"]}, "chat_template_kwargs": {"a": 1}}},
    {"model": "hosted_vllm/qwen", "temperature": 0.2, "max_tokens": 5, "seed": 1},
    {"model": "hosted_vllm/org/qwen", "reasoning_effort": "low", "extra": {"top_k": 3}},
]


@pytest.mark.parametrize("shape", [None, Bid])
@pytest.mark.parametrize("fields", MODELS, ids=lambda fields: str(fields)[:60])
async def test_both_send_the_same_request(server, spec, fields, shape):
    straight, through, models = await both(spec(**fields))
    assert straight.native == through.native
    replies = [await one.reply(PROMPT, shape) for one in (straight, through)]
    await models.connections.close()
    sent, expected = server.requests
    assert replies[0] == replies[1]
    assert (sent.method, sent.path) == (expected.method, expected.path)
    assert sent.json == expected.json
    for name in ("authorization", "content-type"):
        assert sent.headers.get(name) == expected.headers.get(name)


@pytest.mark.parametrize("base", ["/v1/", "/v1", "", "/proxy/openai/v1"])
@pytest.mark.parametrize("model", ["openai/served", "hosted_vllm/served"])
async def test_both_ask_at_the_same_address(server, spec, base, model):
    address = server.api_base.removesuffix("/v1") + base
    straight, through, models = await both(spec(model=model, api_base=address))
    for one in (straight, through):
        await one.reply(PROMPT, None)
    await models.connections.close()
    assert server.requests[0].path == server.requests[1].path


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
async def test_both_read_the_usual_variables(server, spec, monkeypatch, variable):
    monkeypatch.setenv(variable, server.api_base)
    monkeypatch.setenv("OPENAI_ORGANIZATION", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    straight, through, models = await both(spec(api_base=None, model="openai/gpt-4o"))
    for one in (straight, through):
        await one.reply(PROMPT, None)
    await models.connections.close()
    sent, expected = server.requests
    for name in ("authorization", "openai-organization", "openai-project"):
        assert sent.headers[name] == expected.headers[name]


@pytest.mark.parametrize("fields", [{}, {"model": "openai/text-embedding-3-small"}])
async def test_both_ask_for_vectors_alike(server, said, spec, fields):
    data = [{"index": 1, "embedding": [0.0, 1.0]}, {"index": 0, "embedding": [1.0, 0.5]}]
    body = {"object": "list", "data": data, "model": "e", "usage": {"prompt_tokens": 4}}
    server.answer = lambda request, number: said.Said(body=body)
    straight, through, models = await both(spec(**fields, extra={}))
    (mine, vectors), (theirs, expected) = [
        await one.vectors(["ä", "b"]) for one in (straight, through)
    ]
    await models.connections.close()
    assert mine == theirs
    assert [list(one) for one in vectors] == [list(one) for one in expected] == [[1, 0.5], [0, 1]]
    sent, asked = server.requests
    assert (sent.path, sent.json) == (asked.path, asked.json)


def answer(message: dict[str, Any], finish: str | None = "stop", **body: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return {"id": "c1", "model": "m", "choices": [choice], "usage": usage, **body}


TOOL = {"id": "t", "type": "function", "function": {"name": "bid", "arguments": '{"price": 1}'}}
ANSWERS: dict[str, dict[str, Any]] = {
    "plain": answer({"content": "Hello."}),
    "null": answer({"content": None}),
    "length": answer({"content": "So I thi"}, "length"),
    "max_tokens": answer({"content": "So I thi"}, "max_tokens"),
    "eos": answer({"content": "Hi."}, "eos_token"),
    "no reason": answer({"content": "Hi."}, None),
    "filtered": answer({"content": ""}, "content_filter"),
    "refused": answer({"content": None, "refusal": "No."}),
    "reasoning": answer({"content": "4", "reasoning_content": "2 + 2"}),
    "reasoning of others": answer({"content": "4", "reasoning": "2 + 2"}),
    "thoughts in the text": answer({"content": "<think>2 + 2</think>\n4"}),
    "tool": answer({"content": None, "tool_calls": [TOOL]}, "tool_calls"),
    "tool that stops": answer({"content": "Well.", "tool_calls": [TOOL]}, "stop"),
    "fingerprint": answer({"content": "Hi."}, system_fingerprint="fp"),
    "several": answer({"content": "Hi."}, created=5, object="chat.completion", service_tier="x"),
    "null error": answer({"content": "Hi."}, error=None),
    "details": answer(
        {"content": "Hi."},
        usage={
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "completion_tokens_details": {"reasoning_tokens": 1},
            "prompt_tokens_details": {"cached_tokens": 2},
        },
    ),
}


@pytest.mark.parametrize("model", ["openai/served", "hosted_vllm/served"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_both_read_an_answer_alike(server, said, spec, name, model):
    server.answer = lambda request, number: said.Said(body=ANSWERS[name])
    straight, through, models = await both(spec(model=model))
    mine, theirs = [await one.reply(PROMPT, None) for one in (straight, through)]
    await models.connections.close()
    assert mine == theirs


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", **fields}}


FAULTS: dict[str, dict[str, Any]] = {
    **{
        str(status): {"status": status, "body": error("the server's words")}
        for status in (400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
    },
    "told to wait": {"status": 429, "body": error("slow"), "headers": {"retry-after": "7"}},
    "told in ms": {"status": 503, "body": error("slow"), "headers": {"retry-after-ms": "1500"}},
    "no credit": {"status": 429, "body": error("insufficient_quota: pay first")},
    "payment required": {"status": 402, "body": error("pay first")},
    "context": {"status": 400, "body": error("maximum context length is 8192 tokens")},
    "filter": {"status": 400, "body": error("content_policy_violation: our safety system")},
    "words": {"status": 500, "body": b"upstream failed", "headers": {"content-type": "text/plain"}},
    "html": {"body": b"<html>no</html>", "headers": {"content-type": "text/html"}},
    "no json": {"body": b'{"id": "c1", "cho'},
    "empty object": {"body": {}},
    "list": {"body": []},
    "no choice": {"body": {"id": "c1", "model": "m", "choices": []}},
    "cut": {"body": b'{"id":', "cut": True},
}


@pytest.mark.parametrize("model", ["openai/served", "hosted_vllm/served"])
@pytest.mark.parametrize("name", FAULTS)
async def test_both_read_a_fault_alike(server, said, spec, name, model):
    server.answer = lambda request, number: said.Said(**FAULTS[name])
    straight, through, models = await both(spec(model=model))
    mine, theirs = [await ended(one.reply(PROMPT, None)) for one in (straight, through)]
    await models.connections.close()
    assert isinstance(mine, AttemptFailed)
    assert isinstance(theirs, AttemptFailed)
    assert (mine.kind, mine.told_s) == (theirs.kind, theirs.told_s)
    if mine.status_code != 200:
        assert mine.status_code == theirs.status_code
        assert str(mine) in str(theirs) or mine.kind == "connection"


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "ollama/llama3"},
        {"model": "openai/o1-pro"},
        {"model": "openai/gpt-5", "temperature": 0.5},
        {"model": "openai/gpt-5", "stop": ["x"]},
        {"model": "openai/gpt-4o", "reasoning_effort": "low"},
        {"model": "openai/ft:gpt-4o:me"},
        {"extra": {"metadata": {"a": 1}}},
        {"transport": "litellm"},
    ],
)
async def test_what_litellm_would_change_or_refuse_goes_through_litellm(spec, fields):
    assert isinstance(BoundModels(Keyring()).of(spec(**fields)).transport.way, LitellmModel)


@pytest.mark.parametrize("shape", [Leg, Bid, Nested])
def test_a_shape_is_sent_in_the_form_that_litellm_sends(shape):
    imported_litellm()
    from litellm.llms.base_llm.base_utils import type_to_response_format_param

    assert response_format(shape) == type_to_response_format_param(shape)


def test_the_way_of_asking_is_no_part_of_a_models_identity():
    assert ModelSpec(model="openai/a", transport="litellm").identity() == {"model": "openai/a"}


async def test_connections_are_kept_open_and_shared_by_models(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        for ordinal in range(6):
            await gateway.ask(ask(spec(model=f"openai/m{ordinal % 2}"), ordinal=ordinal))
    assert (len(server.requests), server.connections) == (6, 1)


PROGRAM = """
import asyncio, sys
from pathlib import Path
from schemas.gateway import Message, Question
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway

async def main(api_base, folder):
    async with open_gateway(Path(folder)) as gateway:
        for ordinal, model in enumerate((
            ModelSpec(model="openai/served", api_base=api_base),
            ModelSpec(model="sim/talkative"),
        )):
            question = Question(model, (Message("user", "Hi?"),), "u", ordinal, "agent")
            answer = await gateway.ask(question)
            assert answer.failure is None, answer
    print(sorted({name.partition(".")[0] for name in sys.modules} & {"litellm", "openai"}))

asyncio.run(main(*sys.argv[1:]))
"""


def test_litellm_is_not_imported_where_it_is_not_needed(model_server, tmp_path):
    command = [sys.executable, "-c", PROGRAM, model_server[0], str(tmp_path / "j")]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
