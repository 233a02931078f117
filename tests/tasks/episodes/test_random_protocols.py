"""What holds for every protocol that can be declared, whatever its parts."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.gateway import Answer, Question
from schemas.keys import digest, generator
from schemas.tables import TABLES
from schemas.unit import Failure
from tasks.episodes import Episode, Played, play
from tasks.models.sim.anything import instance
from tests.tasks.environments.test_every_environment import SMALL
from tests.tasks.episodes.games import members
from tests.tasks.episodes.protocols import Choice, Protocol, covering, declared_choices, protocol

#: Parameters of every environment that are not drawn.
REQUIRED: Mapping[str, Mapping[str, Any]] = {
    **SMALL,
    "discussion": {"brief": "Talk of the bridge.", "seats": ["m", "n", "m", "n"]},
    "commons": {"seats": ["m", "n", "m"]},
}
#: Choices that are never drawn here, with the reason.
ELSEWHERE: Mapping[Choice, str] = {
    "ProductChoiceParams.products: ProductList": "products that are listed stand in a file",
    "Probe.by: all": "instruments stand in a section of their own",
    "Replace.persona: none": "a persona is replaced by another",
}
#: Protocols at most that are drawn in search of every choice.
DRAWS = 300
#: One answer out of so many is refused for good.
REFUSED = 17

WORD = re.compile(r"\bword\d+\b")


@cache
def drawn(name: str) -> tuple[Protocol, ...]:
    return covering(name, REQUIRED[name], declared(name), DRAWS)


def declared(name: str) -> frozenset[Choice]:
    """What is played at least once: every choice of rules, and of parts in a discussion."""
    return declared_choices(name, REQUIRED[name], parts=name == "discussion") - ELSEWHERE.keys()


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_every_choice_that_is_declared_is_played(name: str) -> None:
    held = frozenset().union(*(one.choices for one in drawn(name)))
    assert sorted(declared(name) - held) == []


def words(question: Question) -> str | Failure:
    """A word of its own for every place in an episode, random data, and some refusals."""
    rng = generator("words", question.unit_key, question.ordinal)
    if rng.randrange(REFUSED) == 0:
        return Failure("refused", "not this one")
    if question.answer is None:
        return f"word{question.ordinal}"
    for _ in range(50):
        try:
            value = question.answer.model_validate(instance(question.answer, rng))
        except ValueError:
            continue
        if question.check is None or question.check(value) is None:
            return value.model_dump_json()
    return "nothing usable"


class Killed(Exception):
    """The process is gone."""


class KeepingGateway:
    """A gateway that keeps the answers of an earlier one by what was asked, like a journal."""

    def __init__(self, gateway: Any, kept: dict[str, Answer], questions: int | None) -> None:
        self._gateway = gateway
        self._left = questions
        self.kept = kept
        self.found = 0

    async def ask(self, question: Question) -> Answer:
        asked = [[one.role, one.text] for one in question.messages]
        key = digest(question.ordinal, question.model.model, question.subject, asked)
        if key in self.kept:
            self.found += 1
            return self.kept[key]
        if self._left is not None:
            if not self._left:
                raise Killed
            self._left -= 1
        answer: Answer = await self._gateway.ask(question)
        self.kept[key] = answer
        return answer

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        return {}


def played(one: Episode, gateway: Any) -> Played:
    return asyncio.run(play(one, gateway))


def told(one: Played) -> str:
    return json.dumps([one.rows, dataclasses.asdict(one.failure) if one.failure else None])


def check_the_same_tables(one: Episode, memory_gateway: Any, respond: Callable[..., Any]) -> None:
    """The same rows, however many questions are in flight, and after a kill."""
    gateway = memory_gateway(respond, in_flight=1)
    first = played(one, gateway)
    for in_flight in (16, 200):
        again = memory_gateway(respond, in_flight=in_flight, order_seed=in_flight)
        assert told(played(one, again)) == told(first), in_flight
    kept: dict[str, Answer] = {}
    half = len(gateway.questions) // 2
    if half:
        with pytest.raises(Killed):
            played(one, KeepingGateway(memory_gateway(respond, in_flight=16), kept, half))
    resumed = KeepingGateway(memory_gateway(respond), kept, None)
    n_kept = len(kept)
    assert told(played(one, resumed)) == told(first)
    assert resumed.found == n_kept == half


def check_what_is_seen(one: Episode, memory_gateway: Any, respond: Callable[..., Any]) -> None:
    """Prompts show events that their seats can see, and exposures say which."""
    gateway = memory_gateway(respond)
    rows = played(one, gateway).rows
    if not rows:
        return
    for table, some in rows.items():
        for row in some:
            TABLES[table].model_validate(row)
    could_see, events = members(rows), rows["events"]
    exposed = {
        row["call_key"]: (row["seat"], set(_numbers(row["seqs"]))) for row in rows["exposures"]
    }
    for question in gateway.questions:
        key = digest("call", question.unit_key, question.ordinal)
        seat, shown = exposed[key]
        assert seat == question.subject
        # A single agent that plays all seats sees what any of them can see, and its own answers.
        alone = one.parts.single_agent is not None
        # A model without a seat is shown what all could see.
        everybody = {row["seat"] for row in rows["seats"]}
        for seq in shown:
            if seat not in everybody:
                assert could_see[seq] == everybody, (question, events[seq])
                continue
            its_own = alone and (could_see[seq] or events[seq]["actor"] != "env")
            assert its_own or seat in could_see[seq], (question, events[seq])
        prompt = "\n".join(message.text for message in question.messages)
        read = {word for seq in shown for word in WORD.findall(events[seq]["text"] or "")}
        answered = {word for seq in shown for word in _answer_words(rows, events[seq])}
        assert set(WORD.findall(prompt)) <= read | answered, question


def _numbers(spans: Sequence[Mapping[str, int]]) -> list[int]:
    return [n for span in spans for n in range(span["first"], span["last"] + 1)]


def _answer_words(rows: Mapping[str, Any], event: Mapping[str, Any]) -> list[str]:
    """Words of the answer that an event came from, which its seat is shown as its own."""
    return [
        word
        for row in rows["actions"]
        if row["turn"] == event["turn"] and row["seat"] == event["actor"]
        for word in WORD.findall(json.dumps(row["answer"]))
    ]


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_every_choice_gives_the_same_tables_at_any_concurrency_and_after_a_kill(
    name: str, memory_gateway: Any, simulate: Any
) -> None:
    for number, one in enumerate(drawn(name)):
        respond = words if number % 2 else simulate
        check_the_same_tables(one.episode(seed=number), memory_gateway, respond)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_with_every_choice_prompts_show_only_what_their_seats_can_see(
    name: str, memory_gateway: Any
) -> None:
    for number, one in enumerate(drawn(name)):
        check_what_is_seen(one.episode(seed=number), memory_gateway, words)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    name=st.sampled_from(sorted(REQUIRED)),
    number=st.integers(DRAWS, 1_000_000),
    simulated=st.booleans(),
)
def test_random_protocols_give_the_same_tables_and_show_only_what_can_be_seen(
    memory_gateway: Any, simulate: Any, name: str, number: int, simulated: bool
) -> None:
    one = protocol(name, REQUIRED[name], number).episode(seed=number)
    check_the_same_tables(one, memory_gateway, simulate if simulated else words)
    check_what_is_seen(one, memory_gateway, words)
