"""Damaged answers over a real socket: every kind of damage for everybody who asks.

Whatever comes, it is asked again, falls back or is unusable as declared, and it is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from schemas.codebook import Codebook
from schemas.gateway import ASKED_AGAIN, UNUSABLE, EmbeddingFailed
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.coding.items import Said as Message
from tasks.coding.items import items_of
from tasks.coding.judge import judged
from tasks.models.gateway import ModelGateway, open_gateway
from tasks.models.retry import Backoff
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PopulationStep
from tasks.stages.working import results_of
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.models.conftest import ModelServer, Request, Said, completion

STUDIES = Path(__file__).resolve().parents[3] / "studies"
UNIT = digest("unit", 1)
REASKS, ATTEMPTS = 2, 4

#: What a server sends, and what that is to a question that asks for a shape and to one for words.
DAMAGE: dict[str, tuple[Said, str, str]] = {
    "prose": (completion("I think we should wait."), "bad_shape", "ok"),
    "half an object": (completion('{"amount": 1'), "bad_shape", "ok"),
    "cut off": (completion('{"amount": 1', "length"), "truncated", "truncated"),
    "a list": (completion("[1, 2]"), "bad_shape", "ok"),
    "another object": (completion('{"colour": "red"}'), "bad_shape", "ok"),
    "wrong options": (
        completion('{"amount": "much", "answer": "blue", "biography": 3, "items": "all"}'),
        "bad_shape",
        "ok",
    ),
    "nothing in it": (completion("{}"), "bad_shape", "ok"),
    "brackets without end": (completion("[" * 200_000), "bad_shape", "ok"),
    "objects without end": (completion('{"a":' * 100_000), "bad_shape", "ok"),
    "no number": (completion('{"amount": NaN, "answer": NaN}'), "bad_shape", "ok"),
    "an infinite number": (completion('{"amount": 1e400, "answer": 1e400}'), "bad_shape", "ok"),
    "a huge number": (
        completion(f'{{"amount": {"9" * 5000}, "answer": {"9" * 30}}}'),
        "bad_shape",
        "ok",
    ),
    "a field too many": (
        completion('{"amount": 1, "answer": 3, "items": [], "biography": "A nurse.", "why": ""}'),
        "bad_shape",
        "ok",
    ),
    "empty": (completion(""), "empty", "empty"),
    "blank": (completion(" \n "), "empty", "empty"),
    "null": (completion(None), "empty", "empty"),
    "refused": (completion(None, refusal="No."), "refused", "refused"),
    "filtered": (completion("", "content_filter"), "refused", "refused"),
    "a tool": (
        completion(None, "tool_calls", tool_calls=[{"function": {"name": "x", "arguments": "{}"}}]),
        "bad_shape",
        "bad_shape",
    ),
    "no completion": (Said(200, b"<html>busy</html>"), "bad_body", "bad_body"),
    "half a body": (Said(200, b'{"choices": [{"mess'), "bad_body", "bad_body"),
    "no choice": (Said(body={"id": "c", "choices": []}), "bad_body", "bad_body"),
    "half a character": (
        Said(200, b'{"choices": [{"message": {"content": "\\ud800"}}]}'),
        "bad_body",
        "bad_body",
    ),
    "lost": (Said(200, b'{"choices":', cut=True), "connection", "connection"),
    "overloaded": (Said(503, {"error": "later"}), "server_error", "server_error"),
    "rejected": (Said(400, {"error": {"message": "no"}}), "bad_request", "bad_request"),
}


@dataclass
class Seen:
    """What became of the questions of one asker."""

    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    failure: str | None
    failures: Mapping[str, int]
    requests: list[Request] = field(default_factory=list)


async def stage(study: dict[str, Any], gateway: ModelGateway, folder: Path) -> Seen:
    """What becomes of the first unit of a study that asks."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(study), encoding="utf-8")
    resolved = design(load_study(path, (STUDIES / "catalogues",)).study)
    rows: dict[str, pl.DataFrame] = {}
    if "population" in study:
        populations = PopulationStep().plan(resolved, Upstream())
        (drawn,) = await results_of(PopulationStep(), populations, {}, gateway)
        rows = {name: pl.DataFrame(given) for name, given in drawn.rows.items()}
        step: Any = PersonaStep()
        units = step.plan(resolved, Upstream(units={PopulationStep: populations}))
    else:
        step = EpisodeStep()
        units = step.plan(resolved, Upstream())
    (found,) = await results_of(step, units[:1], rows, gateway)
    kind = found.failure.kind if found.failure else None
    return Seen(found.rows, kind, gateway.usage.failures)  # type: ignore[arg-type]


async def judge(model: ModelSpec, gateway: ModelGateway) -> Seen:
    """What becomes of coding one message by two flags."""
    book = Codebook.model_validate(
        {
            "name": "b",
            "flags": {
                "yes": {"definition": "says yes"},
                "tone": {"definition": "its tone", "levels": ["calm", "angry"]},
            },
        }
    )
    found = await judged(
        items_of([Message(0, "s1", "Ada", "Yes.")], book),
        codebook=book,
        flags=list(book.flags),
        model=model,
        coder="j",
        unit_key=UNIT,
        gateway=gateway,
    )
    codes = [{"flag": one.flag, "value": one.value, "problem": one.problem} for one in found.codes]
    kind = found.failure.kind if found.failure else None
    return Seen({**gateway.rows(UNIT), "codes": codes}, kind, gateway.usage.failures)


def study(base: str, **parts: Any) -> dict[str, Any]:
    model = {"model": "openai/served", "api_base": base, "max_attempts": ATTEMPTS}
    return {"name": "damaged", "models": {"m": model}, **parts}


COMMONS = {"environment": "commons", "months": 1, "talk_rounds": 0, "seats": ["m", "m"]}
TALK = {"environment": "discussion", "brief": "A fair.", "rounds": 1, "seats": ["m", "m"]}
MARKET = {
    "environment": "market",
    "catalogue": str(STUDIES / "catalogues" / "town_food.yaml"),
    "models": {"customer": "m", "business": "m"},
    "max_rounds": 1,
}
PROBE = {"name": "trust", "ask": "How much?", "answer": {"scale": [1, 7]}, "at": "start"}
POPULATION = {
    "size": 1,
    "targets": {"job": {"nurse": 1.0}},
    "prose": "m",
}

#: Everybody who asks: how, whether a shape is asked for, and what marks the questions.
ASKERS: dict[str, tuple[dict[str, Any], bool, str]] = {
    "discussion": ({"episode": TALK}, False, ""),
    "commons": ({"episode": COMMONS}, True, ""),
    "market": ({"episode": MARKET}, True, ""),
    "probe": ({"episode": {**COMMONS, "probes": [PROBE]}}, True, "How much?"),
    "persona": ({"episode": COMMONS, "population": POPULATION}, True, ""),
    "judge": ({}, True, ""),
}


@pytest.fixture
def seen(server: ModelServer, spec: Callable[..., ModelSpec], tmp_path: Path) -> Any:
    """Asks a server that answers with what it is told to."""

    async def ask(asker: str, answer: Callable[[Request, int], Said]) -> Seen:
        parts, _, mark = ASKERS[asker]

        def answered(request: Request, number: int) -> Said:
            wanted = mark in str(request.json["messages"])
            return answer(request, number) if wanted else completion('{"amount": 1}')

        server.answer = answered
        quick = Backoff(first_s=0.001, longest_s=0.001)
        async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
            if asker == "judge":
                found = await judge(spec(max_attempts=ATTEMPTS), gateway)
            else:
                found = await stage(study(server.api_base, **parts), gateway, tmp_path)
        found.requests = server.requests
        return found

    return ask


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_every_damaged_answer_is_asked_again_falls_back_or_is_unusable_and_counted(
    seen: Any, damage: str, asker: str
) -> None:
    said, to_shape, to_words = DAMAGE[damage]
    kind = to_shape if ASKERS[asker][1] else to_words
    found = await seen(asker, lambda request, number: said)
    purpose = {"probe": "probe", "persona": "persona", "judge": "judge"}.get(asker, "agent")
    calls = [row for row in found.rows["calls"] if row["purpose"] == purpose]
    by_call = Counter(row["call_key"] for row in found.rows["attempts"])
    questions = {(row["subject"], row["ordinal"]) for row in calls}
    assert questions
    if kind == "ok":
        assert found.failure is None
        assert {row["status"] for row in calls} == {"answered"}
        assert found.failures == {}
        return

    # The calls: as many as are asked again, each with as many attempts as its kind allows.
    assert {(row["status"], row["error_kind"]) for row in calls} == {("failed", kind)}
    asked_again = REASKS if kind in ASKED_AGAIN else 0
    assert len(calls) == len(questions) * (1 + asked_again)
    assert sum(row["reask_of"] is not None for row in calls) == len(questions) * asked_again
    each = {"empty": 3, "bad_body": ATTEMPTS, "connection": ATTEMPTS, "server_error": ATTEMPTS}
    assert {by_call[row["call_key"]] for row in calls} == {each.get(kind, 1)}
    assert {
        row["kind"]
        for row in found.rows["attempts"]
        if row["call_key"] in {one["call_key"] for one in calls}
    } == {kind}
    assert found.failures == {kind: len(questions)}

    # What follows is as the asker declares.
    lasting = kind in UNUSABLE or kind == "bad_request"
    if asker == "persona":
        assert found.failure == kind
        assert not found.rows.get("persona_texts")
    elif asker == "judge":
        assert found.failure == (None if kind in UNUSABLE else kind)
        codes = found.rows["codes"]
        assert [one["value"] for one in codes] == ([None, None] if kind in UNUSABLE else [])
        assert all(one["problem"].startswith(f"{kind}: ") for one in codes)
    elif not lasting:
        assert found.failure == kind
        assert not found.rows.get("actions")
    elif asker == "probe":
        assert found.failure is None
        assert [(row["value"], row["text"]) for row in found.rows["responses"]] == [
            (None, None)
        ] * 2
        assert all(row["valid"] for row in found.rows["actions"])
    else:
        actions = found.rows["actions"]
        assert found.failure is None
        assert len(actions) == len(questions)
        assert {row["valid"] for row in actions} == {False}
        assert all(row["fallback"] is not row["absent"] for row in actions)
        assert {row["attempts"] for row in actions} == {1 + asked_again}
        assert {row["answer"] for row in actions if row["absent"]} <= {None}


#: A good answer for everybody who asks for a shape and can be answered without looking.
GOOD = {
    "commons": '{"amount": 1}',
    "probe": '{"answer": 4}',
    "persona": '{"echo": {"job": "nurse"}, "texts": {"biography": "A nurse from the north."}}',
    "judge": '{"items": [{"id": 1, "codes": {"yes": {"value": false, "evidence": ""}, '
    '"tone": {"value": "calm", "evidence": "Yes."}}}]}',
}


@pytest.mark.parametrize("asker", GOOD)
@pytest.mark.parametrize(
    "damage", [name for name, (_, kind, _) in DAMAGE.items() if kind in ("bad_shape", "truncated")]
)
async def test_a_good_answer_after_a_damaged_one_counts(seen: Any, damage: str, asker: str) -> None:
    said = DAMAGE[damage][0]

    def answer(request: Request, number: int) -> Said:
        again = "answer again" in request.json["messages"][-1]["content"]
        return completion(GOOD[asker]) if again else said

    found = await seen(asker, answer)
    assert found.failure is None
    assert found.failures == {}
    statuses = Counter(row["status"] for row in found.rows["calls"] if row["reask_of"] is None)
    assert statuses["failed"] >= 1
    assert all(row["status"] == "answered" for row in found.rows["calls"] if row["reask_of"])
    assert all(row["valid"] for row in found.rows.get("actions", ()))
    assert all(row["value"] is not None for row in found.rows.get("codes", ()))
    assert [row["value"] for row in found.rows.get("responses", ())] in ([], [4.0, 4.0])


NO_SCHEMA = [
    (400, "Unrecognized request argument supplied: response_format"),
    (400, "'response_format' of type 'json_schema' is not supported with this model."),
    (422, "body.response_format: Extra inputs are not permitted"),
    (404, "json schema is not available for this deployment"),
]


@pytest.mark.parametrize("asker", GOOD)
@pytest.mark.parametrize(("status", "words"), NO_SCHEMA)
async def test_a_server_that_takes_no_schema_is_asked_in_words(
    seen: Any, asker: str, status: int, words: str
) -> None:
    def answer(request: Request, number: int) -> Said:
        if "response_format" in request.json:
            return Said(status, {"error": {"message": words}})
        assert "JSON schema" in request.json["messages"][-1]["content"]
        return completion(GOOD[asker])

    found = await seen(asker, answer)
    assert found.failure is None
    answered = [row for row in found.rows["calls"] if row["raw"].get("instructed")]
    assert answered
    assert {row["status"] for row in answered} == {"answered"}
    kinds = Counter(row["kind"] for row in found.rows["attempts"])
    assert kinds["no_schema"] >= 1
    assert "bad_request" not in kinds


async def test_a_server_that_takes_no_schema_is_told_so_once(
    server: ModelServer, spec: Callable[..., ModelSpec], tmp_path: Path
) -> None:
    def answer(request: Request, number: int) -> Said:
        if "response_format" in request.json:
            return Said(400, {"error": {"message": "response_format is not supported"}})
        return completion(GOOD["judge"])

    server.answer = answer
    quick = Backoff(first_s=0.001, longest_s=0.001)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        for _ in range(3):
            await judge(spec(), gateway)
    assert sum("response_format" in request.json for request in server.requests) == 1


def embedded(vectors: Sequence[Any], places: Sequence[int] | None = None) -> Said:
    data = [
        {"index": place, "embedding": vector}
        for place, vector in zip(places or range(len(vectors)), vectors, strict=True)
    ]
    return Said(body={"data": data, "model": "e", "usage": {"prompt_tokens": 3}})


@pytest.mark.parametrize(
    "said",
    [
        embedded([[1.0, 0.0]]),
        embedded([[1.0, 0.0], [1.0]]),
        embedded([[1.0, 0.0], []]),
        embedded([[], []]),
        embedded([[[1.0]], [[1.0]]]),
        embedded([[1.0, 0.0], [1.0, None]]),
        embedded([[1.0, 0.0], "no"]),
        embedded([[1.0, 0.0], [1.0, 1e39]]),
        embedded([[1.0, 0.0], [0.0, 1.0]], [0, 0]),
        embedded([[1.0, 0.0], [0.0, 1.0]], [1, 2]),
        Said(body={"data": None}),
        Said(body={"data": [1, 2]}),
        Said(200, b'{"data": [{"index": 0, "embedding": [NaN, 1]}, {"index": 1, "embedd'),
        Said(200, b"<html>"),
    ],
)
async def test_damaged_vectors_are_asked_for_again_and_never_kept(
    server: ModelServer, spec: Callable[..., ModelSpec], tmp_path: Path, said: Said
) -> None:
    server.answer = lambda request, number: (
        said if number < 3 else embedded([[1.0, 0.0], [0.0, 1.0]])
    )
    quick = Backoff(first_s=0.001, longest_s=0.001)
    async with open_gateway(tmp_path / "w.journal", backoff=quick) as gateway:
        found = await gateway.embed(["a", "b"], spec(max_attempts=3), UNIT)
        attempts = gateway.rows(UNIT)["attempts"]
    assert found.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert [row["kind"] for row in attempts] == ["bad_body", "bad_body", "ok"]

    server.answer = lambda request, number: said
    async with open_gateway(tmp_path / "w.journal", backoff=quick) as gateway:
        with pytest.raises(EmbeddingFailed) as caught:
            await gateway.embed(["c", "d"], spec(max_attempts=2), UNIT)
        assert (await gateway.embed(["a", "b"], spec(), UNIT)).tolist() == found.tolist()
        rows = gateway.rows(UNIT)
    assert caught.value.failure.kind == "bad_body"
    assert [(row["status"], row["error_kind"]) for row in rows["calls"]] == [("failed", "bad_body")]
