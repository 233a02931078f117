from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from schemas.environment import Event, Logged
from schemas.study import ModelSpec
from tasks.environments.commons.environment import Commons
from tasks.environments.discussion.environment import Discussion
from tasks.episodes import play
from tasks.episodes.names import other_names
from tasks.episodes.presenting import EventTexts, Presentation, Presenter
from tasks.episodes.prompts import Templates, prompt_texts, template_digests
from tests.tasks.episodes.games import episode

NAMES = {"s1": "Agent-1", "s2": "Agent-2"}
DATA = {
    "you": "Agent-1",
    "others": ["Agent-2"],
    "brief": "Plan a festival.",
    "persona": "",
    "max_words": None,
}
TEMPLATES = Templates(Discussion())


@pytest.fixture
def shown() -> EventTexts:
    return EventTexts(TEMPLATES, NAMES)


def presenter(presentation: Presentation = "chat") -> Presenter:
    return Presenter("s1", TEMPLATES, presentation)


def said(seq: int, actor: str, text: str | None, turn: int | None = None) -> Logged:
    return Logged(seq, 0, seq if turn is None else turn, Event("say", actor, text=text))


HISTORY = [said(0, "s2", "Hi."), said(1, "s1", "Hello."), said(2, "s2", "So?")]


def test_own_messages_are_the_assistants_and_others_carry_their_name(shown: EventTexts) -> None:
    one = presenter()
    one.answered(1, "Hello.")
    prompt = one.prompt(shown, DATA, HISTORY, "turn")
    assert [(message.role, message.text) for message in prompt.messages] == [
        ("system", "You are Agent-1 in a group chat.\nOther participants: Agent-2."),
        ("user", "Plan a festival."),
        ("user", "[Agent-2]: Hi."),
        ("assistant", "Hello."),
        ("user", "[Agent-2]: So?"),
    ]
    assert prompt.seqs == [0, 1, 2]


def test_a_block_holds_opening_history_and_question_in_one_message(shown: EventTexts) -> None:
    one = presenter("block")
    one.answered(1, "Hello.")
    prompt = one.prompt(shown, DATA, HISTORY, "mood", question="How are you?")
    assert [(message.role, message.text) for message in prompt.messages] == [
        ("system", "You are Agent-1 in a group chat.\nOther participants: Agent-2."),
        (
            "user",
            "Plan a festival.\n\n[Agent-2]: Hi.\n[Agent-1]: Hello.\n[Agent-2]: So?\n\nHow are you?",
        ),
    ]
    assert prompt.seqs == [0, 1, 2]


def test_a_digest_puts_together_what_each_participant_said(shown: EventTexts) -> None:
    history = [*HISTORY, said(3, "s1", "Now."), said(4, "s2", "Well.")]
    prompt = presenter("digest").prompt(shown, DATA, history, "turn")
    assert prompt.messages[-1].text == (
        "Plan a festival.\n\n[Agent-2]: Hi.\n[Agent-2]: So?\n[Agent-2]: Well.\n\n"
        "[Agent-1]: Hello.\n[Agent-1]: Now."
    )
    assert prompt.seqs == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("others", "lines"),
    [
        ("anonymous", "[Another participant]: Hi.\n[Agent-1]: Hello.\n[Another participant]: So?"),
        ("role", "[host]: Hi.\n[Agent-1]: Hello.\n[host]: So?"),
    ],
)
def test_others_are_not_named_but_a_seat_reads_its_own_name(others: Any, lines: str) -> None:
    labels = other_names(others, NAMES, {"s1": "guest", "s2": "host"})
    shown = EventTexts(TEMPLATES, NAMES, labels)
    assert presenter("block").prompt(shown, DATA, HISTORY, "turn").messages[-1].text == (
        f"Plan a festival.\n\n{lines}"
    )


def test_a_seat_that_something_is_done_to_reads_that_it_was_itself() -> None:
    commons = Templates(Commons())
    shown = EventTexts(commons, NAMES, other_names("anonymous", NAMES, {}))
    caught = [
        Logged(n, 0, 0, Event("transfer", "env", seat, "stock", 5))
        for n, seat in enumerate(("s1", "s2"))
    ]
    assert [shown.message(one, "s1").text for one in caught] == [
        "Month 1: Agent-1 caught 5 tons.",
        "Month 1: Another participant caught 5 tons.",
    ]


@pytest.mark.parametrize("name", ["discussion", "commons"])
@pytest.mark.parametrize("others", ["anonymous", "role"])
def test_no_prompt_of_an_episode_names_another_seat(
    memory_gateway: Any, simulate: Any, name: str, others: str
) -> None:
    declared = {"discussion": {"brief": "Plan.", "rounds": 2}, "commons": {"months": 2}}[name]
    names = ["Ann", "Bob", "Cat"]
    seats = [{"model": "m", "name": name, "role": "host"} for name in names]
    gateway = memory_gateway(simulate)
    asyncio.run(play(episode(name, {**declared, "seats": seats}, others=others), gateway))
    assert gateway.questions
    for question in gateway.questions:
        own = names[int(question.subject[1:]) - 1]
        text = "\n".join(message.text for message in question.messages)
        assert f"You are {own}" in text
        assert not [one for one in names if one != own and one in text]
        assert "@2 others" not in text


def test_the_seat_is_asked_again_where_it_spoke_last(shown: EventTexts) -> None:
    one = presenter()
    one.answered(0, "Hello.")
    prompt = one.prompt(shown, DATA, [said(0, "s1", "Hello.")], "turn")
    assert prompt.messages[-1].role == "user"
    assert "your turn" in prompt.messages[-1].text


def test_persona_and_length_stand_in_the_system_prompt(shown: EventTexts) -> None:
    data = {**DATA, "persona": "Age group: 35-44.", "max_words": 60}
    system = presenter().prompt(shown, data, (), "turn").messages[0].text
    assert "Age group: 35-44." in system
    assert "under 60 words" in system


def test_an_event_without_words_is_not_shown_and_is_no_exposure(shown: EventTexts) -> None:
    silent = Logged(1, 0, 1, Event("intervene", "env", item="swap"))
    prompt = presenter().prompt(shown, DATA, [HISTORY[0], silent], "turn")
    assert prompt.seqs == [0]
    assert all(message.text for message in prompt.messages)


def test_other_names_are_shown_everywhere_from_then_on(shown: EventTexts) -> None:
    one = presenter()
    first = one.prompt(shown, DATA, HISTORY[:1], "turn")
    renamed = EventTexts(TEMPLATES, {"s1": "Ann", "s2": "Bob"})
    data = {**DATA, "you": "Ann", "others": ["Bob"]}
    then = one.prompt(renamed, data, HISTORY[:1], "turn")
    assert "Agent-2" in "".join(message.text for message in first.messages)
    assert [message.text for message in then.messages] == [
        "You are Ann in a group chat.\nOther participants: Bob.",
        "Plan a festival.",
        "[Bob]: Hi.",
    ]


def test_successive_prompts_share_their_messages(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"Message {question.ordinal}.")
    talk = episode("discussion", {"brief": "Plan.", "rounds": 4, "seats": ["m", "m", "m"]})
    asyncio.run(play(talk, gateway))
    by_seat: dict[str, list[Any]] = {}
    for question in gateway.questions:
        by_seat.setdefault(question.subject, []).append(question.messages)
    for prompts in by_seat.values():
        for before, after in itertools.pairwise(prompts):
            assert all(a is b for a, b in zip(before, after, strict=False))
            assert len(after) > len(before)


def test_only_simulated_models_are_handed_the_observation(memory_gateway: Any) -> None:
    models = {"a": ModelSpec(model="sim/agent"), "b": ModelSpec(model="openai/some-model")}
    gateway = memory_gateway(lambda question: "Fine.")
    talk = episode("discussion", {"brief": "Plan.", "rounds": 1, "seats": ["a", "b"]}, models)
    asyncio.run(play(talk, gateway))
    assert [question.observation is None for question in gateway.questions] == [False, True]


def test_digests_follow_the_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    before = template_digests(Discussion())
    monkeypatch.setattr(
        "tasks.episodes.prompts.prompt_texts", lambda environment: {"system": "Another prompt."}
    )
    assert template_digests(Discussion())["system"] != before["system"]


def test_a_call_of_a_long_discussion_costs_a_few_milliseconds_at_most(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: "A message of some length. " * 10)
    talk = episode("discussion", {"brief": "Plan.", "rounds": 20, "seats": ["m"] * 8})
    started = time.process_time()
    asyncio.run(play(talk, gateway))
    per_call_s = (time.process_time() - started) / 160
    assert per_call_s < 0.005


def test_an_answer_that_led_to_several_events_is_shown_as_it_was_given(shown: EventTexts) -> None:
    one = presenter()
    one.answered(0, '{"to": ["s2", "s3"]}')
    history = [said(0, "s1", "To you.", 0), said(1, "s2", "Then.", 0), said(2, "s1", "And you.", 0)]
    prompt = one.prompt(shown, DATA, history, "turn")
    assert [message.text for message in prompt.messages if message.role == "assistant"] == [
        '{"to": ["s2", "s3"]}'
    ]
    assert prompt.seqs == [0, 1, 2]


def test_a_template_is_read_again_when_its_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.episodes.prompts._folder", lambda kind: tmp_path)
    for text in ("One.", "Two words."):
        for name in Discussion().templates:
            (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
        assert set(prompt_texts(Discussion()).values()) == {text}
