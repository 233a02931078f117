"""Batches against a local server that implements the batch endpoints."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time

import pytest
from pydantic import BaseModel

from schemas.keys import digest
from tasks.concurrency import gather_all
from tasks.models import batch, prefetch
from tasks.models.budget import Budget, BudgetSpent
from tasks.models.gateway import open_gateway


class Code(BaseModel):
    present: bool


class BatchServer:
    """The batch endpoints of OpenAI over a dictionary; items whose prompt says so fail."""

    def __init__(self, said) -> None:
        self.said = said
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict] = {}
        self.looks = 0
        self.ready_after = 2
        self.status = "completed"
        self.refuse = False
        self.direct = 0
        self.lists = True
        self.lose: list[dict] = []

    def __call__(self, request, number):
        path = request.path.removeprefix("/v1")
        if path == "/chat/completions":
            self.direct += 1
            return self.said.completion('{"present": true}')
        if path == "/files" and request.method == "POST":
            return self.uploaded(request)
        if path == "/batches" and request.method == "POST":
            return self.created(request.json)
        if path.startswith("/batches?"):
            return self.listed()
        if path.startswith("/batches/"):
            return self.looked_at(path.split("/")[2])
        if path.startswith("/files/"):
            data = self.files[path.split("/")[2]]
            return self.said.Said(body=data, headers={"content-type": "application/jsonl"})
        return self.said.refusal(404)

    def uploaded(self, request):
        if self.refuse:
            return self.said.refusal(400, "no batches here")
        boundary = re.search(r"boundary=(\S+)", request.headers["content-type"]).group(1)
        parts = request.raw.split(b"--" + boundary.encode())
        data = next(part for part in parts if b"filename=" in part).split(b"\r\n\r\n", 1)[1]
        name = f"file-{len(self.files)}"
        self.files[name] = data.removesuffix(b"\r\n")
        return self.said.Said(
            body={
                "id": name,
                "object": "file",
                "bytes": len(data),
                "created_at": 1,
                "filename": "agora.jsonl",
                "purpose": "batch",
                "status": "processed",
            }
        )

    def created(self, body):
        name = f"batch_{len(self.batches)}"
        self.batches[name] = body
        lost = self.lose.pop(0) if self.lose else {}
        return self.said.Said(body=self.described(name, "validating"), **lost)

    def listed(self):
        if not self.lists:
            return self.said.refusal(404, "no such page")
        found = [self.described(name, "in_progress") for name in reversed(self.batches)]
        return self.said.Said(body={"object": "list", "data": found, "has_more": False})

    def described(self, name, status, **more):
        return {
            "id": name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "created_at": int(time.time()),
            "metadata": self.batches[name].get("metadata"),
            "input_file_id": self.batches[name]["input_file_id"],
            "completion_window": "24h",
            "status": status,
            **more,
        }

    def looked_at(self, name):
        self.looks += 1
        if self.looks < self.ready_after:
            return self.said.Said(body=self.described(name, "in_progress"))
        if self.status != "completed":
            return self.said.Said(body=self.described(name, self.status))
        lines = self.files[self.batches[name]["input_file_id"]].splitlines()
        self.files[f"out-{name}"] = b"\n".join(self.line(json.loads(line)) for line in lines)
        return self.said.Said(body=self.described(name, "completed", output_file_id=f"out-{name}"))

    def line(self, item):
        prompt = item["body"]["messages"][-1]["content"]
        if "fail" in prompt:
            response = {"status_code": 500, "body": {"error": {"message": "boom"}}}
        else:
            body = self.said.completion('{"present": false}').body
            response = {"status_code": 200, "body": body}
        return json.dumps(
            {"id": "x", "custom_id": item["custom_id"], "response": response, "error": None}
        ).encode()


@pytest.fixture
def batches(server, said, monkeypatch):
    monkeypatch.setattr(prefetch, "FEWEST", 1)
    server.answer = BatchServer(said)
    return server.answer


def questions(ask, model, texts):
    return [
        ask(model, text, unit_key=digest("code", place), answer=Code, purpose="judge")
        for place, text in enumerate(texts)
    ]


def opened(tmp_path, backoff, **options):
    return open_gateway(
        tmp_path / "j", backoff=backoff, batch_poll_s=0.01, batch_quiet_s=0.1, **options
    )


async def at_once(gateway, asked):
    return await gather_all(gateway.ask(question) for question in asked)


async def test_questions_go_through_the_batch_interface(batches, spec, ask, quick, tmp_path):
    model = spec(
        batch=True, temperature=0.5, usd_per_million_input_tokens=1, usd_per_million_output_tokens=1
    )
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, model, ["a", "b", "c"]))
        rows = gateway.rows(digest("code", 0))
        assert gateway.usage.calls_asked == 3
        assert gateway.usage.calls_reused == 0
    assert [answer.value for answer in answers] == [Code(present=False)] * 3
    assert (batches.direct, len(batches.batches)) == (0, 1)
    sent = [json.loads(line) for line in batches.files["file-0"].splitlines()]
    assert [line["custom_id"] for line in sent] == [answer.call_key for answer in answers]
    assert sent[0]["body"]["temperature"] == 0.5
    assert sent[0]["body"]["model"] == "served"
    assert sent[0]["body"]["response_format"]["type"] == "json_schema"
    assert rows["calls"][0]["raw"]["batch"] == "batch_0"
    assert rows["calls"][0]["cost_usd"] == pytest.approx(18e-6)


async def test_an_item_without_an_answer_is_asked_on_its_own(batches, spec, ask, quick, tmp_path):
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, spec(batch=True), ["a", "fail", "c"]))
        rows = gateway.rows(digest("code", 1))
    assert [answer.value.present for answer in answers] == [False, True, False]
    assert batches.direct == 1
    assert [row["kind"] for row in rows["attempts"]] == ["server_error", "ok"]


@pytest.mark.parametrize("status", ["expired", "failed", "cancelled"])
async def test_a_batch_that_ends_badly_is_asked_one_by_one(
    batches, spec, ask, quick, tmp_path, status
):
    batches.status = status
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, spec(batch=True), ["a", "b"]))
    assert [answer.value.present for answer in answers] == [True, True]


async def test_a_provider_that_takes_no_batches_is_asked_one_by_one(
    batches, spec, ask, quick, tmp_path
):
    batches.refuse = True
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, spec(batch=True), ["a", "b"]))
    assert [answer.value.present for answer in answers] == [True, True]


async def test_a_pending_batch_survives_a_restart(batches, spec, ask, quick, tmp_path):
    batches.ready_after = 10**9
    asked = questions(ask, spec(batch=True), ["a", "b", "c"])
    async with opened(tmp_path, quick) as gateway:
        asking = asyncio.create_task(at_once(gateway, asked))
        async with asyncio.timeout(600):
            while not batches.batches:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert len(batches.batches) == 1
    batches.ready_after = 0
    more = questions(ask, spec(batch=True), ["a", "b", "c", "d"])
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, more)
        gateway.forget([question.unit_key for question in more])
    assert [answer.value.present for answer in answers] == [False] * 4
    assert len(batches.batches) == 2
    assert len(batches.files["file-1"].splitlines()) == 1
    assert not (tmp_path / "j").exists()


async def submitted_and_killed(batches, asked, tmp_path, quick):
    """Ends a gateway while the provider has taken a batch and its answer is under way."""
    batches.lose = [{"delay_s": 60}]
    async with opened(tmp_path, quick) as gateway:
        asking = asyncio.create_task(at_once(gateway, asked))
        async with asyncio.timeout(600):
            while not batches.batches:
                await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_batch_whose_submission_was_cut_short_is_found_again(
    batches, spec, ask, quick, tmp_path
):
    asked = questions(ask, spec(batch=True), ["a", "b", "c"])
    await submitted_and_killed(batches, asked, tmp_path, quick)
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, asked)
    assert [answer.value.present for answer in answers] == [False] * 3
    assert (len(batches.batches), batches.direct) == (1, 0)


async def test_a_submission_that_never_arrived_is_asked_one_by_one(
    batches, spec, ask, quick, tmp_path
):
    asked = questions(ask, spec(batch=True), ["a", "b", "c"])
    await submitted_and_killed(batches, asked, tmp_path, quick)
    batches.batches.clear()
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, asked)
    assert [answer.value.present for answer in answers] == [True] * 3
    assert (len(batches.batches), batches.direct) == (0, 3)


async def test_a_provider_without_a_list_of_batches_may_be_paid_twice_and_that_is_said(
    batches, spec, ask, quick, tmp_path, caplog
):
    asked = questions(ask, spec(batch=True), ["a", "b", "c"])
    await submitted_and_killed(batches, asked, tmp_path, quick)
    batches.lists = False
    with caplog.at_level(logging.WARNING):
        async with opened(tmp_path, quick) as gateway:
            answers = await at_once(gateway, asked)
    assert len(answers) == batches.direct == 3
    assert "may be paid for twice" in caplog.text


@pytest.mark.parametrize("lost", [{"status": 500}, {"status": 503}, {"cut": True}])
async def test_a_submission_whose_answer_is_lost_is_not_made_twice(
    batches, spec, ask, quick, tmp_path, lost
):
    batches.lose = [lost]
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, spec(batch=True), ["a", "b", "c"]))
    assert [answer.value.present for answer in answers] == [False] * 3
    assert (len(batches.batches), batches.direct) == (1, 0)


@pytest.mark.parametrize(
    "damaged",
    [
        '{"custom',
        "[]",
        '{"custom_id": 7}',
        '{"custom_id": "ID"}',
        '{"custom_id": "ID", "response": "no"}',
        '{"custom_id": "ID", "response": {"status_code": "200", "body": {}}}',
        '{"custom_id": "ID", "response": {"status_code": 200, "body": []}}',
        '{"custom_id": "ID", "response": {"status_code": 200, "body": {"choices": [7]}}}',
        '{"custom_id": "ID", "error": ["no"]}',
    ],
)
async def test_a_damaged_line_of_a_batch_costs_its_item_alone(
    batches, spec, ask, quick, tmp_path, monkeypatch, damaged
):
    line = BatchServer.line

    def lines(self, item):
        bad = "bad" in item["body"]["messages"][-1]["content"]
        return damaged.replace("ID", item["custom_id"]).encode() if bad else line(self, item)

    monkeypatch.setattr(BatchServer, "line", lines)
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, questions(ask, spec(batch=True), ["a", "bad", "c"]))
    assert [answer.value.present for answer in answers] == [False, True, False]
    assert (len(batches.batches), batches.direct) == (1, 1)


async def test_a_batch_stays_within_the_budget(batches, spec, ask, quick, tmp_path):
    budget = Budget(calls=2)
    async with opened(tmp_path, quick, budget=budget) as gateway:
        with pytest.raises(BudgetSpent):
            await at_once(gateway, questions(ask, spec(batch=True), ["a", "b", "c"]))
    assert len(batches.files["file-0"].splitlines()) == 2
    assert batches.direct == 0


async def test_models_without_batch_are_asked_at_once(batches, server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        answers = await at_once(gateway, questions(ask, spec(), ["a", "b"]))
    assert len(answers) == batches.direct == 2


async def test_judges_that_ask_at_the_same_time_share_a_batch(batches, spec, ask, quick, tmp_path):
    asked = questions(ask, spec(batch=True), [f"message {n}" for n in range(30)])
    async with opened(tmp_path, quick) as gateway:
        answers = await asyncio.gather(*(gateway.ask(question) for question in asked))
        again = await asyncio.gather(*(gateway.ask(question) for question in asked))
    assert answers == again
    assert (len(batches.batches), batches.direct) == (1, 0)


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [
        ({"REQUESTS_PER_BATCH": 3}, [3, 3, 1]),
        ({"BYTES_PER_BATCH": 1}, [1] * 7),
        ({}, [7]),
    ],
)
async def test_batches_hold_what_the_provider_takes(
    batches, spec, ask, quick, tmp_path, monkeypatch, limit, sizes
):
    for name, value in limit.items():
        monkeypatch.setattr(batch, name, value)
    asked = questions(ask, spec(batch=True), [f"message {n}" for n in range(7)])
    async with opened(tmp_path, quick) as gateway:
        answers = await at_once(gateway, asked)
    assert [answer.value.present for answer in answers] == [False] * 7
    files = [batches.files[f"file-{number}"] for number in range(len(sizes))]
    assert [len(file.splitlines()) for file in files] == sizes
    assert (len(batches.batches), batches.direct) == (len(sizes), 0)


async def test_agents_and_few_questions_do_not_wait_for_a_batch(
    batches, spec, ask, quick, tmp_path, monkeypatch
):
    monkeypatch.setattr(prefetch, "FEWEST", 10)
    asked = [ask(spec(batch=True), unit_key=digest(n), answer=Code) for n in range(30)]
    async with opened(tmp_path, quick) as gateway:
        await asyncio.gather(*(gateway.ask(question) for question in asked))
        await gateway.ask(questions(ask, spec(batch=True), ["alone"])[0])
    assert (len(batches.batches), batches.direct) == (0, 31)
