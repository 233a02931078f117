"""What the rarer habits of simulated participants leave in a transcript."""

from __future__ import annotations

import asyncio
import math
import random
import re
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.study import ModelSpec
from tasks.coding.labels_in_text import opening_label
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk import french, phrases
from tasks.environments.talk.cues import CUES, PHATIC_WORDS, level_of
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.voting import private_answer
from tasks.episodes import play
from tasks.episodes.episode import Episode, seats_of
from tasks.episodes.parts import EpisodeParts
from tasks.language import language_of
from tasks.metrics.identity.confusion import CLAIM

FRENCH = "Un client veut une application de livraison de repas pour une ville moyenne."
FLAGS = ("phatic", "meta", "lead", "tech", "agree")
QUIET = dict.fromkeys(FLAGS, 0.0)


def said_in(
    sim: Mapping[str, Any], gateway: Any, brief: str = "Plan a tram line.", **fields: Any
) -> list[dict[str, Any]]:
    """Events of a discussion of four seats."""
    environment = Discussion()
    parts = EpisodeParts.model_validate(
        {name: fields.pop(name) for name in ("interventions", "names") if name in fields}
    )
    params = DiscussionParams.model_validate({"brief": brief, "seats": ["m"] * 4, **fields})
    models = {"m": ModelSpec(model="sim/agent", sim=dict(sim))}
    seats = seats_of(environment, params, models, 1)
    episode = Episode("1" * 32, environment, params, seats, models, 1, parts=parts)
    return list(asyncio.run(play(episode, gateway)).rows["events"])


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["text"] for event in events if event["kind"] == "say"]


def near(found: float, rate: float, n: int) -> bool:
    return abs(found - rate) < 4 * math.sqrt(rate * (1 - rate) / n)


def test_french_is_spoken_where_brief_and_habit_are_french(
    memory_gateway: Any, simulate: Any
) -> None:
    def languages(habit: float, brief: str) -> set[str | None]:
        said = texts(said_in({**QUIET, "french": habit}, memory_gateway(simulate), brief, rounds=5))
        return {language_of(text) for text in said}

    assert languages(1.0, FRENCH) == {"fr"}
    assert languages(1.0, "Plan a tram line for the town.") == {"en"}
    assert languages(0.0, FRENCH) == {"en"}


def test_declared_rates_hold_in_french(memory_gateway: Any, simulate: Any) -> None:
    rates = {"phatic": 0.2, "meta": 0.25, "lead": 0.15, "tech": 0.3, "agree": 0.35}
    events = said_in({**rates, "french": 1.0}, memory_gateway(simulate), FRENCH, rounds=120)
    said = [event["text"] for event in events if event["round"] > 0]
    for flag, rate in rates.items():
        found = sum(CUES[flag](text) is not None for text in said) / len(said)
        assert near(found, rate, len(said)), (flag, found)


@pytest.mark.parametrize("words", [phrases, french], ids=["english", "french"])
def test_phrases_carry_the_cue_of_their_purpose_and_no_other(words: Any) -> None:
    slots = {"topic": "tram", "other": "town", "name": "Agent-B", "task": "the list"}
    slots |= {"tech": words.AND.join(("Redis", "Docker")), "missing": "Agent-G", "option": "bus"}
    own = {
        "META": {"meta"}, "LEAD": {"lead"}, "TECH": {"tech"}, "AGREE": {"agree"},
        "AGREE_PHATIC": {"agree"}, "ABSENT": {"comp"}, "COVERING": {"comp"},
        "REDISTRIBUTING": {"comp"},
    }  # fmt: skip
    for bank in words.__annotations__.keys() - {"TASKS", "TECHNOLOGIES", "TOPICS", "AND"}:
        for phrase in getattr(words, bank):
            text = phrase.format(**slots)
            shown = {flag for flag in (*FLAGS[1:], "comp") if CUES[flag](text)}
            # Whoever gives work to a named other assigns a task, whatever the reason.
            assert shown - ({"lead"} if bank == "REDISTRIBUTING" else set()) == own.get(bank, set())
            if bank in {"OPENING", "MIDDLE", "CLOSING", "BUILDING"}:
                short = phrase.format(**{**slots, "topic": "tram", "other": "bus"})
                assert len(short.split()) >= PHATIC_WORDS, short


def test_headers_name_another_as_often_as_declared(memory_gateway: Any, simulate: Any) -> None:
    sim = {**QUIET, "header": 0.5, "confusion": 0.1, "by_prompt": {"confusion": {"rounds": 0.02}}}
    events = said_in(sim, memory_gateway(simulate), rounds=40)
    said = [event for event in events if event["kind"] == "say"]
    names = {f"s{place}": f"Agent-{letter}" for place, letter in enumerate("ABCD", 1)}
    labels = [(one, opening_label(one["text"], tuple(names.values()))) for one in said]
    own = {one["actor"] for one in said}
    assert own <= names.keys()
    found = [(one["round"], label.name != names[one["actor"]]) for one, label in labels if label]
    assert near(len(found) / len(said), 0.5, len(said))
    for rounds in (range(10), range(30, 40)):
        wrong = [is_wrong for round_, is_wrong in found if round_ in rounds]
        rate = sum(0.1 + 0.02 * round_ for round_ in rounds) / len(rounds)
        assert near(sum(wrong) / len(wrong), rate, len(wrong))


def test_claims_are_those_that_the_metric_finds(memory_gateway: Any, simulate: Any) -> None:
    events = said_in({**QUIET, "claims": 1.0}, memory_gateway(simulate), rounds=2)
    said = texts(events)
    assert len(said) == 8
    for text in said:
        assert re.search(CLAIM, " " + text.lower().partition("agent-")[0]), text


def test_failures_are_referred_to_once_for_each_notice(memory_gateway: Any, simulate: Any) -> None:
    crash = {"do": "crash", "seat": 4, "notice": True, "at": {"after_rounds": 1}}
    sim = {**QUIET, "notices": 1.0, "covers": 0.0, "redistributes": 1.0}
    events = said_in(sim, memory_gateway(simulate), rounds=4, interventions=[crash])
    referring = [
        (event["round"], event["actor"])
        for event in events
        if event["kind"] == "say" and CUES["comp"](event["text"])
    ]
    assert referring == [(1, "s1"), (1, "s2"), (1, "s3")]
    first = next(event for event in events if event["round"] == 1 and event["kind"] == "say")
    assert "Agent-D" in first["text"]
    assert level_of("comp_level", ("L1", "L2", "L3"), first["text"]) == "L3"


def test_private_answers_follow_what_most_others_said() -> None:
    options = ["bus", "tram", "ferry"]
    history = [
        {"kind": "say", "actor": seat, "text": phrases.HOLDING[0].format(option=option)}
        for seat, option in (("s2", "tram"), ("s3", "tram"), ("s4", "bus"))
    ]
    seen = {
        "seat": "s1",
        "decision": {"options": options, "correct": "ferry"},
        "probe": {"answer": {"choice": options}},
        "history": history,
    }

    def answer(seen: Mapping[str, Any], **rates: float) -> Any:
        habits = TalkHabits(competence=1.0, **rates)
        return private_answer(habits, seen, random.Random(1), random.Random(2))

    assert answer(seen, conformity=0.0) == {"answer": "ferry"}
    assert answer(seen, conformity=1.0) == {"answer": "tram"}
    assert answer({**seen, "history": []}, conformity=1.0) == {"answer": "ferry"}
    assert answer({**seen, "history": history[:1] + history[2:]}, conformity=1.0) == {
        "answer": "ferry"
    }
    assert answer({**seen, "probe": {"answer": {"choice": ["yes", "no"]}}}, conformity=1.0) is None
    two = {**seen, "decision": {"options": options, "correct": "tram"}}
    assert answer(two, conformity=0.0, confabulates=1.0) == {"answer": "ferry"}
