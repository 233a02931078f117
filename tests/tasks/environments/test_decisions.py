"""Votes: what ballots decide, who takes part, and who sees what."""

from __future__ import annotations

import asyncio
import random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.study import ModelSpec
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.talk.decisions import Decision, Rule
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.voting import ballot
from tasks.episodes import play
from tests.tasks.episodes.games import episode

RULES: tuple[Rule, ...] = get_args(Rule)
ABC = ("a", "b", "c")
#: Where four cities want the capital: the standard example of rules that disagree.
CITIES = ("Memphis", "Nashville", "Knoxville", "Chattanooga")
VOTERS = (
    (42, ("Memphis", "Nashville", "Chattanooga", "Knoxville")),
    (26, ("Nashville", "Chattanooga", "Knoxville", "Memphis")),
    (15, ("Chattanooga", "Knoxville", "Nashville", "Memphis")),
    (17, ("Knoxville", "Chattanooga", "Nashville", "Memphis")),
)


def voted(decision: Decision, *ballots: Any) -> Any:
    return decision.counted([decision.ballot(decision.form.model_validate(one)) for one in ballots])


@pytest.mark.parametrize(
    ("rule", "winner"),
    [("borda", "Nashville"), ("instant_runoff", "Knoxville"), ("plurality", "Memphis")],
)
def test_rules_disagree_on_the_capital_of_tennessee(rule: Rule, winner: str) -> None:
    decision = Decision(options=CITIES, rule=rule)
    ranked = rule != "plurality"
    ballots = [
        {"ranking": order} if ranked else {"choice": order[0]}
        for n, order in VOTERS
        for _ in range(n)
    ]
    count = voted(decision, *ballots)
    assert count.winner == winner
    if rule == "borda":
        assert count.scores == {
            "Memphis": 126,
            "Nashville": 194,
            "Chattanooga": 173,
            "Knoxville": 107,
        }


@pytest.mark.parametrize(
    ("rule", "choices", "winner"),
    [
        ("majority", "aab", "a"),
        ("majority", "aabb", None),
        ("majority", "aabc", None),
        ("super_majority", "aab", "a"),
        ("super_majority", "aaabb", None),
        ("unanimity", "aaa", "a"),
        ("unanimity", "aab", None),
        ("plurality", "aabc", "a"),
        ("plurality", "aabbc", None),
        ("majority", "", None),
    ],
)
def test_choices_decide(rule: Rule, choices: str, winner: str | None) -> None:
    decision = Decision(options=ABC, rule=rule)
    assert voted(decision, *({"choice": one} for one in choices)).winner == winner


def test_approvals_and_points_add_up() -> None:
    rule = Decision(options=ABC, rule="approval")
    approved = voted(rule, {"approved": ["a", "b"]}, {"approved": ["b"]})
    assert (approved.scores, approved.winner) == ({"a": 1, "b": 2, "c": 0}, "b")
    decision = Decision(options=ABC, rule="cumulative", points=5)
    given = [[("a", 5)], [("b", 3), ("c", 2)], [("b", 4), ("a", 1)]]
    count = voted(
        decision,
        *({"points": [{"option": one, "points": n} for one, n in ballot]} for ballot in given),
    )
    assert (count.scores, count.winner) == ({"a": 6, "b": 7, "c": 2}, "b")


@given(
    rule=st.sampled_from(RULES),
    orders=st.lists(st.permutations(ABC), max_size=7),
    seed=st.integers(0, 99),
)
def test_neither_the_order_of_ballots_nor_the_names_of_options_decide(
    rule: Rule, orders: list[list[str]], seed: int
) -> None:
    def winner(ranked: list[list[str]], options: tuple[str, ...]) -> str | None:
        decision = Decision(options=options, rule=rule)
        ballots = []
        for order in ranked:
            match rule:
                case "approval":
                    value: Any = {"approved": order[:2]}
                case "borda" | "instant_runoff":
                    value = {"ranking": order}
                case "cumulative":
                    points = zip(order[:2], (7, 3), strict=True)
                    value = {"points": [{"option": one, "points": n} for one, n in points]}
                case _:
                    value = {"choice": order[0]}
            assert decision.problem(decision.form.model_validate(value)) is None
            ballots.append(value)
        return voted(decision, *ballots).winner

    found = winner(orders, ABC)
    shuffled = random.Random(seed).sample(orders, len(orders))
    assert winner(shuffled, ABC) == found
    other = dict(zip(ABC, ("c", "a", "b"), strict=True))
    renamed = winner([[other[one] for one in order] for order in orders], ABC[::-1])
    assert renamed == (other[found] if found else None)


@pytest.mark.parametrize(
    ("rule", "value", "words"),
    [
        ("borda", {"ranking": ["a", "a", "b"]}, "rank each of the 3"),
        ("approval", {"approved": ["a", "a"]}, "each option once"),
        ("cumulative", {"points": [{"option": "a", "points": 9}]}, "add up to 9, not to 10"),
    ],
)
def test_ballots_that_are_not_whole_are_told_so(rule: Rule, value: Any, words: str) -> None:
    decision = Decision(options=ABC, rule=rule)
    assert words in str(decision.problem(decision.form.model_validate(value)))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"options": ["a"]}, "at least 2"),
        ({"options": ["a", "a"]}, "named once"),
        ({"rule": "majority", "share": 0.7}, "share: goes with rule: super_majority"),
        ({"rule": "borda", "points": 3}, "points: goes with rule: cumulative"),
        ({"rule": "plurality", "at": "every_round"}, "nearly always decides at once"),
        ({"correct": "d"}, "none of the options"),
        ({"by": [4]}, "decision.by: seat 4 of 3"),
        ({"by": [1, 1]}, "each once"),
    ],
)
def test_decisions_that_make_no_sense_are_refused(given: dict[str, Any], words: str) -> None:
    decision = {"options": list(ABC), **given}
    with pytest.raises(ValidationError, match=words):
        DiscussionParams.model_validate({"brief": "x", "seats": ["m"] * 3, "decision": decision})


def talked(gateway: Any, decision: dict[str, Any], **fields: Any) -> Any:
    given = {"brief": "Choose.", "rounds": 3, "seats": ["m"] * 3, **fields}
    given["decision"] = {"options": list(ABC), **decision}
    models = {"m": ModelSpec(model="openai/gpt-5")}
    return asyncio.run(play(episode("discussion", given, models, reasks=0), gateway)).rows


def says(votes: str) -> Any:
    """Answers of a model that votes for these in turn, and talks otherwise."""
    left = list(votes)

    def answer(question: Any) -> str:
        if question.answer is None:
            return "Words."
        choice = left.pop(0)
        return f'{{"choice": "{choice}"}}' if choice in ABC else "no ballot"

    return answer


def test_a_talk_ends_when_something_is_decided(memory_gateway: Any) -> None:
    gateway = memory_gateway(says("abcaab"))
    rows = talked(gateway, {"at": "every_round", "correct": "a"})
    (row,) = rows["episodes"]
    assert (row["status"], row["planned_rounds"], row["completed_rounds"]) == ("terminated", 3, 2)
    found = {(one["scope"], one["subject"], one["metric"]): one for one in rows["outcomes"]}
    whole = {metric: one for (scope, _, metric), one in found.items() if scope == "episode"}
    assert whole["decision"]["label"] == "a"
    assert whole["rounds_to_decision"]["value"] == 2
    assert whole["agreement"]["value"] == pytest.approx(2 / 3)
    assert whole["correct"]["value"] == 1
    assert found["seat", "s3", "vote"]["label"] == "b"
    assert found["seat", "s3", "correct"]["value"] == 0
    told = [event["text"] for event in rows["events"] if event["kind"] == "state"]
    assert told == ["a 1, b 1, c 1. Nothing is decided.", "a 2, b 1, c 0. Decided: a."]
    asked = [one for one in gateway.questions if one.answer is not None]
    assert "Options: a; b; c. Choose one." in asked[0].messages[-1].text
    after = gateway.questions[6].messages
    assert any(message.text == "[Result]: a 1, b 1, c 1. Nothing is decided." for message in after)


@pytest.mark.parametrize(("ballots", "seen"), [("open", True), ("secret", False)])
def test_who_chose_what_is_seen_only_where_ballots_are_open(
    ballots: str, seen: bool, memory_gateway: Any
) -> None:
    gateway = memory_gateway(says("abcabcabc"))
    rows = talked(gateway, {"at": "every_round", "ballots": ballots})
    last = gateway.questions[-1]
    texts = [message.text for message in last.messages]
    assert ("[Agent-A]: votes for a" in texts) is seen
    assert '{"choice":"c"}' in texts, "a seat remembers its own ballot"
    outcomes = {one["metric"]: one for one in rows["outcomes"] if one["scope"] == "episode"}
    assert outcomes["decided"]["value"] == 0
    assert outcomes["decision"]["label"] is None


def test_a_leader_decides_alone_and_a_missing_ballot_does_not_count(memory_gateway: Any) -> None:
    rows = talked(memory_gateway(says("b")), {"by": [2]})
    actions = [row for row in rows["actions"] if row["ask"] == "ballot"]
    assert [row["seat"] for row in actions] == ["s2"]
    rows = talked(memory_gateway(says("a-c")), {"rule": "unanimity"})
    outcomes = {one["metric"]: one for one in rows["outcomes"] if one["scope"] == "episode"}
    assert outcomes["ballots"]["value"] == 2
    assert [row["absent"] for row in rows["actions"] if row["ask"] == "ballot"].count(True) == 1


@pytest.mark.parametrize("rule", RULES)
def test_simulated_participants_give_whole_ballots(rule: Rule) -> None:
    decision = Decision(options=ABC, rule=rule)
    seen = {"decision": decision.model_dump(), "seat": "s1", "history": []}
    for number in range(20):
        value = ballot(TalkHabits(), seen, random.Random(number), random.Random(1))
        assert decision.problem(decision.form.model_validate(value)) is None


def test_competence_and_conformity_come_out_at_their_rates() -> None:
    decision = Decision(options=ABC, correct="a").model_dump()
    events = [{"kind": "choose", "actor": f"s{n}", "item": "c"} for n in (2, 3)]

    def share(choice: str, history: list[dict[str, Any]], **habits: float) -> float:
        seen = {"decision": decision, "seat": "s1", "history": history}
        votes = [
            ballot(TalkHabits(**habits), seen, random.Random(n), random.Random(-n))["choice"]
            for n in range(2000)
        ]
        return votes.count(choice) / len(votes)

    assert share("a", [], competence=0.8) == pytest.approx(0.8, abs=0.03)
    assert share("c", events, competence=1.0, conformity=0.4) == pytest.approx(0.4, abs=0.04)
    assert share("c", events, competence=1.0, conformity=0.0) == 0


@pytest.mark.parametrize("rule", RULES)
def test_a_ballot_says_how_sure_the_seat_is_where_that_is_asked(
    rule: Rule, memory_gateway: Any, simulate: Any
) -> None:
    given = {
        "brief": "Choose.",
        "rounds": 1,
        "seats": ["m"] * 3,
        "decision": {"options": list(ABC), "rule": rule, "confidence": True, "by": [1, 3]},
    }
    gateway = memory_gateway(simulate)
    rows = asyncio.run(play(episode("discussion", given), gateway)).rows
    assert "how sure you are" in gateway.questions[-1].messages[-1].text
    cast = {event["actor"]: event for event in rows["events"] if event["kind"] == "choose"}
    assert cast.keys() == {"s1", "s3"}
    assert all(event["text"].endswith(f"{event['value']} percent sure") for event in cast.values())
    found = {
        one["subject"]: one["value"] for one in rows["outcomes"] if one["metric"] == "confidence"
    }
    assert found["s1"] == cast["s1"]["value"]
    assert found[""] == (found["s1"] + found["s3"]) / 2
    assert 0 < found[""] < 100


def test_confidence_is_a_percentage_and_no_part_of_the_vote() -> None:
    decision = Decision(options=ABC, confidence=True)
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        decision.form.model_validate({"choice": "a", "confidence": 101})
    assert voted(decision, {"choice": "a", "confidence": 1}).winner == "a"
