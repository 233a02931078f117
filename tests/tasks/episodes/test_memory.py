"""Memories that ask: what they recall, when they ask, what seats note down, and who sees it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from schemas.environment import Event, Logged
from schemas.gateway import Question
from schemas.keys import digest
from schemas.tables import TABLES
from schemas.unit import Failure
from tasks.episodes import play
from tasks.episodes.counting import question_counts
from tasks.episodes.memory import Recalled, SeatView
from tasks.episodes.memory.relevance import similarities
from tasks.episodes.memory.retrieval import RetrievalMemory
from tests.tasks.episodes.games import episode, members

TALK = {"brief": "Plan a festival.", "rounds": 4, "seats": ["m", "m", "n"]}


class SeenOf:
    def __init__(self, events: Sequence[Logged], notes: Sequence[Logged] = ()) -> None:
        self.events, self.notes = list(events), list(notes)
        self.own: list[Logged] = []


def said(seq: int, text: str, turn: int | None = None) -> Logged:
    return Logged(seq, 0, seq if turn is None else turn, Event("say", "s2", text=text))


def noted(seq: int, item: str, text: str | None = None, value: float | None = None, **data: Any):
    event = Event("state", "s1", None, item, value, text, data, "s1", "memory")
    return Logged(seq, 0, seq, event)


def numbered(question: Question) -> str:
    return f"Words {question.ordinal}."


def rows_of(gateway: Any, memory: Any, talk: Mapping[str, Any] = TALK, **parts: Any) -> Any:
    result = asyncio.run(play(episode("discussion", talk, memory=memory, **parts), gateway))
    assert result.failure is None, result.failure
    return result.rows


def text_of(question: Question) -> str:
    return "\n".join(message.text for message in question.messages)


def asked(gateway: Any, purpose: str, seat: str | None = None) -> list[Question]:
    return [
        one
        for one in gateway.questions
        if one.purpose == purpose and (seat is None or one.subject == seat)
    ]


def shown_to(rows: Mapping[str, Any], question: Question) -> set[int]:
    key = digest("call", question.unit_key, question.ordinal)
    (row,) = [row for row in rows["exposures"] if row["call_key"] == key]
    return {n for span in row["seqs"] for n in range(span["first"], span["last"] + 1)}


def notes_of(rows: Mapping[str, Any], item: str) -> list[dict[str, Any]]:
    return [row for row in rows["events"] if row["phase"] == "memory" and row["item"] == item]


def test_a_summary_takes_the_place_of_what_it_was_made_of(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, {"kind": "summary", "every": 3})
    first, second = asked(gateway, "agent", "s1")[1:3]
    summary = asked(gateway, "memory", "s1")[0]
    assert "[Agent-B]: Words 1." in text_of(summary)
    assert "at most 120 words" in summary.messages[-1].text
    note = notes_of(rows, "summary")[0]
    assert note["text"] in text_of(first)
    assert "Words 1." not in text_of(first)
    assert (note["actor"], note["audience"], note["kind"]) == ("s1", "s1", "state")
    assert shown_to(rows, first) == {note["seq"]}
    assert shown_to(rows, summary) == set(note["data"]["seqs"]) == {0, 1, 2}
    # The next summary is made of the one before and of what happened since.
    again = asked(gateway, "memory", "s1")[1]
    assert note["text"] in text_of(again)
    assert note["seq"] in shown_to(rows, again)
    assert "your earlier note included" in text_of(again)
    assert text_of(first) != text_of(second)


def test_the_latest_events_may_be_left_out_of_a_summary(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, {"kind": "summary", "every": 2, "keep": 1})
    question = asked(gateway, "agent", "s1")[1]
    note = notes_of(rows, "summary")[0]
    messages = [row for row in rows["events"] if row["kind"] == "say"]
    assert note["data"]["seqs"] == [row["seq"] for row in messages[:2]]
    assert text_of(question).endswith(f"[Agent-C]: {messages[2]['text']}")
    assert shown_to(rows, question) == {note["seq"], messages[2]["seq"]}


def test_what_was_said_is_reached_from_a_prompt_through_summaries(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows = rows_of(gateway, {"kind": "summary", "every": 3})
    made_of = {row["seq"]: row["data"]["seqs"] for row in notes_of(rows, "summary")}
    last = asked(gateway, "agent", "s3")[-1]
    reached, open_ = set(), list(shown_to(rows, last))
    while open_:
        seq = open_.pop()
        reached.add(seq)
        open_ += made_of.get(seq, [])
    said = {row["seq"] for row in rows["events"] if row["kind"] == "say"}
    before = {seq for seq in said if seq < max(reached)}
    assert before <= reached


@pytest.mark.parametrize("kind", ["refused", "empty", "bad_request"])
def test_without_a_usable_answer_the_older_summary_stays_and_that_is_on_record(
    memory_gateway: Any, kind: str
) -> None:
    def respond(question: Question) -> str | Failure:
        second = question.purpose == "memory" and "earlier note" in text_of(question)
        return Failure(kind, "no") if second else numbered(question)

    gateway = memory_gateway(respond)
    rows = rows_of(gateway, {"kind": "summary", "every": 3})
    mine = [row for row in notes_of(rows, "summary") if row["actor"] == "s1"]
    assert [row["text"] is None for row in mine] == [False, True, True]
    assert [row["data"].get("failure") for row in mine] == [None, kind, kind]
    last = text_of(asked(gateway, "agent", "s1")[-1])
    assert mine[0]["text"] in last
    assert "[Agent-B]: " in last
    assert all(row["text"] != "" for row in mine)


def test_a_memory_question_that_time_mends_fails_the_episode(memory_gateway: Any) -> None:
    def respond(question: Question) -> str | Failure:
        busy = question.purpose == "memory"
        return Failure("rate_limit", "busy") if busy else numbered(question)

    talk = episode("discussion", TALK, memory={"kind": "summary", "every": 3})
    result = asyncio.run(play(talk, memory_gateway(respond)))
    assert result.failure is not None
    assert result.failure.kind == "rate_limit"
    assert "summary" in result.failure.message
    assert not result.rows


def test_another_model_may_keep_the_memory(memory_gateway: Any) -> None:
    gateway = memory_gateway(numbered)
    rows_of(gateway, {"kind": "summary", "every": 3, "model": "n"})
    assert {one.model.model for one in asked(gateway, "memory")} == {"sim/reserved"}
    assert {one.model.model for one in asked(gateway, "agent", "s1")} == {"sim/agent"}


def test_a_probe_shows_the_memory_as_it_stands_and_changes_nothing(memory_gateway: Any) -> None:
    memory = {"kind": "summary", "every": 3}
    probe = {"name": "mood", "ask": "How are you?", "at": ["start", {"every_rounds": 1}, "end"]}

    def respond(question: Question) -> str:
        return f"{question.subject} {question.purpose} {len(text_of(question))}."

    plain = rows_of(memory_gateway(respond), memory)
    gateway = memory_gateway(respond)
    rows = rows_of(gateway, memory, probes=[probe])
    texts = [[(row["seq"], row["text"]) for row in some["events"]] for some in (plain, rows)]
    assert texts[0] == texts[1]
    last = asked(gateway, "probe", "s1")[-1]
    assert notes_of(rows, "summary")[-3]["seq"] in shown_to(rows, last)


GOING_OVER = {
    "kind": "retrieval",
    "size": 2,
    "recent": 1,
    "rate_every": 3,
    "reflection": {"above": 20, "questions": 2, "insights": 2},
    "plan": {"every_rounds": 2},
}


def thinking(question: Question) -> str:
    """Answers in which everything rated is worth 6, and the first listed is the reason."""
    if question.answer is None:
        return f"Words {question.ordinal}."
    match question.answer.__name__:
        case "Ratings":
            n = len([line for line in question.messages[-1].text.splitlines() if ". [" in line])
            return json.dumps({"ratings": [6] * n})
        case "SalientQuestions":
            return json.dumps({"questions": ["Who leads?", "What is left?"]})
        case _:
            insight = {"text": "It turns on the bridge.", "importance": 9, "because": [1]}
            return json.dumps({"insights": [insight]})


def test_a_seat_rates_reflects_and_plans_when_it_is_due(memory_gateway: Any) -> None:
    gateway = memory_gateway(thinking)
    rows = rows_of(gateway, GOING_OVER)
    mine = [
        row["item"] for row in rows["events"] if row["phase"] == "memory" and row["actor"] == "s1"
    ]
    # Three events a round: 18 after one, 36 after two, when it asks itself two questions.
    assert mine == [
        *("plan", "importance", "importance", "questions", "reflection", "reflection", "plan"),
        "importance",
    ]
    insight = notes_of(rows, "reflection")[0]
    assert (insight["text"], insight["value"]) == ("It turns on the bridge.", 9.0)
    (cited,) = insight["data"]["seqs"]
    assert rows["events"][cited]["kind"] == "say"
    last = text_of(asked(gateway, "agent", "s1")[-1])
    assert "You noted down what you plan to do:\nWords" in last
    assert "You concluded from what happened:\nIt turns on the bridge." in last
    plan = [row["seq"] for row in notes_of(rows, "plan") if row["actor"] == "s1"][-1]
    assert plan in shown_to(rows, asked(gateway, "agent", "s1")[-1])


def test_what_is_not_rated_yet_is_shown_as_it_is(memory_gateway: Any) -> None:
    gateway = memory_gateway(thinking)
    rows_of(gateway, {**GOING_OVER, "rate_every": 100})
    shown = [m.text for m in asked(gateway, "agent", "s3")[-1].messages]
    assert len([text for text in shown if "Words" in text and "plan" not in text]) == 11


def test_a_memory_that_could_not_be_rated_is_on_record_and_counts_least(
    memory_gateway: Any,
) -> None:
    def respond(question: Question) -> str | Failure:
        rating = question.answer is not None and question.answer.__name__ == "Ratings"
        return '{"ratings": []}' if rating else thinking(question)

    rows = rows_of(memory_gateway(respond), GOING_OVER)
    ratings = notes_of(rows, "importance")
    assert ratings
    assert {row["data"]["failure"] for row in ratings} == {"bad_shape"}
    assert all(row["data"]["ratings"] is None for row in ratings)
    assert not notes_of(rows, "reflection")


def test_insights_that_cite_nothing_that_there_is_are_refused(memory_gateway: Any) -> None:
    def respond(question: Question) -> str:
        return thinking(question).replace('"because": [1]', '"because": [99]')

    rows = rows_of(memory_gateway(respond), GOING_OVER)
    insights = notes_of(rows, "reflection")
    assert insights
    assert all(row["text"] is None for row in insights)
    assert {row["data"]["failure"] for row in insights} == {"bad_shape"}


WORDS = ["the bridge is old", "fish and chips", "the bridge is closed", "a red boat", "old fish"]


@pytest.mark.parametrize(
    ("weights", "best"),
    [
        ((1, 0, 0), [3, 4]),
        ((0, 1, 0), [1, 3]),
        ((0, 0, 1), [0, 2]),
    ],
)
def test_recency_importance_and_relevance_each_decide_alone(
    weights: tuple[float, float, float], best: list[int]
) -> None:
    memory = retrieval(weights)
    recalled = memory.recalled(view_of(memory, "is the bridge open"))
    assert [one.seq for one in recalled.events] == best


def retrieval(weights: tuple[float, float, float], **declared: Any) -> RetrievalMemory:
    names = ("recency", "importance", "relevance")
    given = dict(zip(names, weights, strict=True))
    return RetrievalMemory.model_validate(
        {"kind": "retrieval", "size": 2, "recent": 0, **given, **declared}
    )


RATED = [3, 9, 4, 8, 1]


def view_of(memory: RetrievalMemory, question: str, shown: Mapping[int, int] | None = None):
    events = [said(seq, text) for seq, text in enumerate(WORDS)]
    ratings = noted(5, "importance", seqs=[0, 1, 2, 3, 4], ratings=RATED, covers=5)
    return SeatView(SeenOf(events, [ratings]), 1, 6, question, shown=(shown or {}).get)


def test_the_score_is_the_published_one() -> None:
    """Min-max over the memories of each part, then the weighted sum (Park et al. 2023, 4.1)."""
    memory = retrieval((1.0, 2.0, 3.0), decay=0.9)
    view = view_of(memory, "the old bridge", shown={0: 5})
    recency = np.array([0.9 ** (6 - last) for last in (5, 1, 2, 3, 4)])
    cosine = similarities("the old bridge", WORDS)
    total = sum(
        weight * (values - values.min()) / (values.max() - values.min())
        for weight, values in ((1, recency), (2, np.array(RATED)), (3, cosine))
    )
    best = sorted(np.argsort(-total)[:2].tolist())
    assert [one.seq for one in memory.recalled(view).events] == best


def test_what_was_shown_lately_is_recent_again() -> None:
    memory = retrieval((1, 0, 0))
    recalled = memory.recalled(view_of(memory, "", shown={0: 6}))
    assert [one.seq for one in recalled.events] == [0, 4]


def test_equal_scores_prefer_what_is_later() -> None:
    memory = retrieval((1, 0, 0), decay=1.0)
    assert [one.seq for one in memory.recalled(view_of(memory, "")).events] == [3, 4]


def test_recalling_is_pure() -> None:
    memory = retrieval((1, 1, 1))
    view = view_of(memory, "the bridge")
    assert memory.recalled(view) == memory.recalled(view)
    assert isinstance(memory.recalled(view), Recalled)


def test_weights_that_are_all_zero_are_refused() -> None:
    with pytest.raises(ValidationError, match="all weights are 0"):
        retrieval((0, 0, 0))


MEMORIES: list[Any] = [
    {"kind": "tokens", "size": 60},
    {"kind": "summary", "every": 3},
    GOING_OVER,
]


@pytest.mark.parametrize("memory", MEMORIES, ids=lambda one: one["kind"])
def test_the_questions_of_memories_are_counted(
    memory_gateway: Any, simulate: Any, memory: Any
) -> None:
    one = episode("discussion", TALK, memory=memory)
    counts = question_counts(one)
    gateway = memory_gateway(simulate)
    asyncio.run(play(one, gateway))
    for purpose in ("agent", "memory"):
        n = len(asked(gateway, purpose))
        low, high = (
            sum(span[end] for (_, why), span in counts.items() if why == purpose) for end in (0, 1)
        )
        assert 0.7 * low <= n <= 1.3 * high
        assert (n > 0) == (high > 0)


@pytest.mark.parametrize("memory", MEMORIES, ids=lambda one: one["kind"])
def test_rows_of_memories_fit_their_tables_and_nobody_else_sees_a_note(
    memory_gateway: Any, simulate: Any, memory: Any
) -> None:
    rows = rows_of(memory_gateway(simulate), memory)
    for table, some in rows.items():
        for row in some:
            TABLES[table].model_validate(row)
    could_see = members(rows)
    for row in rows["events"]:
        if row["phase"] == "memory":
            assert could_see[row["seq"]] == {row["actor"]}
            assert row["call_key"]


def test_simulated_agents_retain_what_they_declare(memory_gateway: Any, simulate: Any) -> None:
    def kept(retention: float) -> float:
        model = {"model": "sim/agent", "sim": {"retention": retention, "phatic": 0.0}}
        from schemas.study import ModelSpec

        talk = {**TALK, "rounds": 30}
        one = episode(
            "discussion",
            talk,
            {name: ModelSpec.model_validate(model) for name in ("m", "n")},
            memory={"kind": "summary", "every": 3, "max_words": 10_000},
        )
        rows = asyncio.run(play(one, memory_gateway(simulate))).rows
        lines = [row["text"].count("\n") + 1 for row in notes_of(rows, "summary")]
        return sum(lines[-3:]) / 3

    # Each summary keeps a line with that probability: r n / (1 - r) lines in the long run.
    assert kept(1.0) == pytest.approx(88, abs=2)
    assert kept(0.5) == pytest.approx(3, abs=2.5)
