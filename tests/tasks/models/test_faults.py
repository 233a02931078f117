"""Every way in which a provider can fail, over a real socket."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import BaseModel

from schemas.gateway import ATTEMPT_KINDS
from tasks.models.accounts import AccountEmpty
from tasks.models.faults import failed_status
from tasks.models.gateway import open_gateway


class Bid(BaseModel):
    price: float
    why: str


GOOD = '{"price": 3, "why": "fair"}'


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("429", "rate_limit"),
        ("500", "server_error"),
        ("503", "server_error"),
        ("cut", "connection"),
        ("html", "bad_body"),
        ("empty_object", "bad_body"),
        ("hang", "timeout"),
        ("empty", "empty"),
    ],
)
async def test_a_passing_fault_is_tried_again_and_recorded(
    server, said, spec, ask, quick, tmp_path, fault, kind
):
    faults = {
        "429": said.refusal(429),
        "500": said.refusal(500),
        "503": said.refusal(503),
        "cut": said.Said(body=b'{"id":', cut=True),
        "html": said.Said(body=b"<html>no</html>", headers={"content-type": "text/html"}),
        "empty_object": said.Said(body={}),
        "hang": said.Said(body={}, delay_s=30),
        "empty": said.completion(""),
    }
    server.answer = lambda request, number: faults[fault] if number < 3 else said.completion()
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(spec(attempt_timeout_s=2 if fault == "hang" else 600)))
        rows = gateway.rows(ask(spec()).unit_key)
    assert (answer.value, answer.failure) == ("Hello.", None)
    assert [row["kind"] for row in rows["attempts"]] == [kind, kind, "ok"], rows["attempts"]
    assert {row["kind"] for row in rows["attempts"]} <= set(ATTEMPT_KINDS)
    assert rows["calls"][0]["attempts"] == 3
    assert rows["attempts"][1]["waited_s"] > 0
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "kind", "requests"),
    [
        (429, "rate_limit", 3),
        (500, "server_error", 3),
        (400, "bad_request", 1),
        (404, "bad_request", 1),
        (401, "authentication", 1),
        (403, "authentication", 1),
    ],
)
async def test_a_lasting_fault_ends_as_a_failure_of_its_kind(
    server, said, spec, ask, quick, tmp_path, status, kind, requests
):
    server.answer = lambda request, number: said.refusal(status)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(spec(max_attempts=3)))
        rows = gateway.rows(ask(spec()).unit_key)
    assert answer.value is None
    assert answer.failure.kind == kind
    assert len(server.requests) == requests == len(rows["attempts"])
    (call,) = rows["calls"]
    assert (call["status"], call["error_kind"], call["text"]) == ("failed", kind, None)
    assert rows["attempts"][0]["status_code"] == status


async def test_a_server_that_is_not_there_is_a_failed_connection(
    server, spec, ask, quick, tmp_path
):
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(spec(api_base="http://127.0.0.1:9/v1", max_attempts=2)))
    assert answer.failure.kind == "connection"


async def test_retry_after_is_waited_for(server, said, spec, ask, quick, tmp_path):
    server.answer = lambda request, number: (
        said.refusal(429, retry_after="1") if number == 1 else said.completion()
    )
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        began = time.monotonic()
        answer = await gateway.ask(ask(spec()))
        took = time.monotonic() - began
        rows = gateway.rows(ask(spec()).unit_key)
    assert answer.failure is None
    assert 1.0 <= took < 30.0
    assert rows["attempts"][1]["waited_s"] >= 1.0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (429, "insufficient_quota: pay first"),
        (429, "You exceeded your current quota, please check your plan and billing details."),
        (402, "Insufficient Balance"),
        (402, "this request requires more"),
        (400, "Your credit balance is too low to access the API."),
        (403, "Your team has used all available credits or reached its spending limit."),
    ],
)
async def test_no_credit_is_not_tried_again(
    server, said, spec, ask, quick, tmp_path, status, words
):
    server.answer = lambda request, number: said.refusal(status, words)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(spec()))
    assert answer.failure.kind == "no_credit"
    assert len(server.requests) == 1


async def test_an_account_without_credit_is_asked_once_and_others_are_asked(
    server, said, spec, ask, quick, tmp_path, monkeypatch
):
    server.answer = lambda request, number: (
        said.refusal(402, "Insufficient Balance") if number == 1 else said.completion()
    )
    monkeypatch.setenv("OTHER_KEY", "another-key-of-nobody")
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        first = await gateway.ask(ask(spec()))
        with pytest.raises(AccountEmpty) as refused:
            await gateway.ask(ask(spec(), unit_key="u2"))
        other = await gateway.ask(ask(spec(api_key_env="OTHER_KEY"), unit_key="u2"))
    assert first.failure.message == refused.value.message()
    assert list(gateway.accounts.empty.values()) == ["Insufficient Balance"]
    assert other.failure is None
    assert len(server.requests) == 2


def test_a_quota_per_minute_or_day_is_a_rate_limit():
    words = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        "information, head to: https://ai.google.dev/gemini-api/docs/rate-limits."
    )
    said = {"error": {"code": 429, "message": words, "status": "RESOURCE_EXHAUSTED"}}
    assert failed_status(429, {}, said).kind == "rate_limit"


async def test_prose_instead_of_a_shape_is_asked_again_with_the_problem(
    server, said, spec, ask, tmp_path
):
    server.answer = lambda request, number: said.completion("Three!" if number == 1 else GOOD)
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), answer=Bid))
        rows = gateway.rows(ask(spec()).unit_key)
    assert answer.value == Bid(price=3, why="fair")
    assert answer.attempts == 2
    first, second = rows["calls"]
    assert (first["status"], first["error_kind"], first["text"]) == (
        "failed",
        "bad_shape",
        "Three!",
    )
    assert second["reask_of"] == first["call_key"]
    assert second["base_call_key"] == first["call_key"]
    assert answer.call_keys == (first["call_key"], second["call_key"])
    sent = server.requests[1].json["messages"]
    assert sent[-2] == {"role": "assistant", "content": "Three!"}
    assert "no JSON object" in sent[-1]["content"]


async def test_an_answer_that_the_asker_refuses_is_asked_again(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.completion(
        json.dumps({"price": 9 if number == 1 else 2, "why": "x"})
    )
    question = ask(spec(), answer=Bid, check=lambda bid: "too dear" if bid.price > 5 else None)
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(question)
    assert answer.value.price == 2
    assert "too dear" in server.requests[1].json["messages"][-1]["content"]


async def test_what_stays_bad_is_a_failure_and_never_a_default(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.completion("I would rather not say.")
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), answer=Bid, reasks=2))
        rows = gateway.rows(ask(spec()).unit_key)
    assert (answer.value, answer.failure.kind, answer.attempts) == (None, "bad_shape", 3)
    assert answer.text == "I would rather not say."
    assert [row["status"] for row in rows["calls"]] == ["failed"] * 3


async def test_a_truncated_answer_is_asked_again(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: (
        said.completion('{"price": 3, "wh', finish="length")
        if number == 1
        else said.completion(GOOD)
    )
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), answer=Bid))
        rows = gateway.rows(ask(spec()).unit_key)
    assert answer.value.price == 3
    assert rows["calls"][0]["error_kind"] == "truncated"
    assert rows["calls"][0]["finish_reason"] == "length"


async def test_truncated_talk_is_a_failure_when_it_stays_truncated(
    server, said, spec, ask, tmp_path
):
    server.answer = lambda request, number: said.completion("So I thi", finish="length")
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), reasks=1))
    assert (answer.value, answer.failure.kind, len(server.requests)) == (None, "truncated", 2)


@pytest.mark.parametrize("how", ["finish", "message", "error"])
async def test_a_refusal_of_the_content_filter_is_final(server, said, spec, ask, tmp_path, how):
    refusals = {
        "finish": said.completion("", finish="content_filter"),
        "message": said.completion(None, refusal="I cannot help with that."),
        "error": said.refusal(400, "content_policy_violation: our safety system rejected it"),
    }
    server.answer = lambda request, number: refusals[how]
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec()))
    assert (answer.value, answer.failure.kind, len(server.requests)) == (None, "refused", 1)


def tool_call(arguments: str) -> dict:
    call = {"id": "c1", "type": "function", "function": {"name": "bid", "arguments": arguments}}
    return {"tool_calls": [call]}


async def test_a_tool_call_of_the_wrong_shape_is_asked_again(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: said.completion(
        None, finish="tool_calls", **tool_call('{"cost": 3}' if number == 1 else GOOD)
    )
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec(), answer=Bid))
        rows = gateway.rows(ask(spec()).unit_key)
    assert answer.value == Bid(price=3, why="fair")
    assert rows["calls"][0]["error_kind"] == "bad_shape"
    assert "price: Field required" in server.requests[1].json["messages"][-1]["content"]


async def test_a_tool_call_is_no_talk(server, said, spec, ask, tmp_path):
    server.answer = lambda request, number: (
        said.completion(None, finish="tool_calls", **tool_call(GOOD))
        if number == 1
        else said.completion("Fine.")
    )
    async with open_gateway(tmp_path / "j") as gateway:
        answer = await gateway.ask(ask(spec()))
    assert answer.value == "Fine."


async def test_an_empty_answer_is_tried_three_times_and_paid_for(
    server, said, spec, ask, quick, tmp_path
):
    server.answer = lambda request, number: said.completion("")
    model = spec(usd_per_million_input_tokens=1e6, usd_per_million_output_tokens=0)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(model))
        rows = gateway.rows(ask(model).unit_key)
    assert (answer.failure.kind, len(server.requests)) == ("empty", 3)
    assert rows["calls"][0]["cost_usd"] == 33
