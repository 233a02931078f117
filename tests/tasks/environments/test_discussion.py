from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import Mistake
from schemas.study import LoadContext, ModelSpec
from tasks.environments.discussion.environment import Discussion
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.registry import ENVIRONMENTS, environment_named
from tasks.episodes import play
from tests.tasks.episodes.games import episode

ENVIRONMENT = Discussion()
MODELS = {"a": ModelSpec(model="openai/gpt-5"), "b": ModelSpec(model="ollama/llama3")}


def params(**fields: Any) -> dict[str, Any]:
    return {"brief": "Plan a festival.", "rounds": 3, "seats": ["a", "b", "a"], **fields}


def rows_of(given: dict[str, Any], gateway: Any, seed: int = 1, **parts: Any) -> Any:
    talk = episode("discussion", given, MODELS, seed, reasks=0, **parts)
    return asyncio.run(play(talk, gateway)).rows


def speakers(rows: Any) -> list[list[str]]:
    by_round: dict[int, list[str]] = {}
    for event in rows["events"]:
        by_round.setdefault(event["round"], []).append(event["actor"])
    return [by_round[number] for number in sorted(by_round)]


def test_everybody_speaks_once_a_round_in_the_order_of_seats(memory_gateway: Any) -> None:
    rows = rows_of(params(), memory_gateway(lambda question: "Fine."))
    assert speakers(rows) == [["s1", "s2", "s3"]] * 3


def test_a_shuffled_floor_is_drawn_for_every_round_and_follows_the_seed(
    memory_gateway: Any,
) -> None:
    given = params(floor="shuffled", rounds=12)

    def floors(seed: int) -> list[list[str]]:
        return speakers(rows_of(given, memory_gateway(lambda question: "Fine."), seed))

    assert floors(1) == floors(1) != floors(2)
    assert all(sorted(one) == ["s1", "s2", "s3"] for one in floors(1))
    assert len({tuple(one) for one in floors(1)}) > 1


def test_messages_are_read_at_once_and_by_all(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"I am message {question.ordinal}.")
    rows = rows_of(params(), gateway)
    for question, exposure in zip(gateway.questions, rows["exposures"], strict=True):
        seen = [{"first": 0, "last": question.ordinal - 1}] if question.ordinal else []
        assert exposure["seqs"] == seen
        prompt = "\n".join(message.text for message in question.messages)
        assert all(f"message {n}." in prompt for n in range(question.ordinal))


def test_a_round_behind_a_barrier_is_read_as_a_whole(memory_gateway: Any) -> None:
    gateway = memory_gateway(lambda question: f"I am message {question.ordinal}.")
    rows = rows_of(params(barrier="round"), gateway)
    assert speakers(rows) == [["s1", "s2", "s3"]] * 3
    assert [event["turn"] for event in rows["events"]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for question, exposure in zip(gateway.questions, rows["exposures"], strict=True):
        before = 3 * (question.ordinal // 3)
        assert exposure["seqs"] == ([{"first": 0, "last": before - 1}] if before else [])


def test_a_shuffled_round_behind_a_barrier_is_published_in_the_order_drawn(
    memory_gateway: Any,
) -> None:
    given = params(barrier="round", floor="shuffled", rounds=12)
    gateway = memory_gateway(lambda question: "Fine.")
    floors = speakers(rows_of(given, gateway))
    assert all(sorted(one) == ["s1", "s2", "s3"] for one in floors)
    assert len({tuple(one) for one in floors}) > 1
    assert [question.subject for question in gateway.questions[:3]] == ["s1", "s2", "s3"]


def test_a_seat_may_bring_its_name_and_role(memory_gateway: Any) -> None:
    chair = {"model": "b", "name": "Ada", "role": "chair"}
    gateway = memory_gateway(lambda question: "Fine.")
    rows = rows_of(params(seats=["a", chair]), gateway)
    assert [(seat["name"], seat["role"], seat["model"]) for seat in rows["seats"]] == [
        ("Agent-A", "participant", "a"),
        ("Ada", "chair", "b"),
    ]
    assert "You are Ada" in gateway.questions[1].messages[0].text


def test_seats_are_kept_in_their_shortest_form() -> None:
    chair = {"model": "b", "role": "chair"}
    given = ENVIRONMENT.params.model_validate(params(seats=["a", chair, {"model": "a"}]))
    assert given.model_dump(mode="json")["seats"] == ["a", chair, "a"]
    assert ENVIRONMENT.params.model_validate(given.model_dump(mode="json")) == given


def test_aliases_are_named_by_their_place() -> None:
    assert ENVIRONMENT.aliases(DiscussionParams.model_validate(params())) == {
        ("seats", 0): "a",
        ("seats", 1): "b",
        ("seats", 2): "a",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"rounds": 0},
        {"seats": []},
        {"barrier": "hour"},
        {"seats": [{"name": "Ana"}]},
        {"floor": "bidding"},
        {"pace": 3},
    ],
)
def test_bad_parameters_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DiscussionParams.model_validate(params(**fields))


def test_a_brief_is_read_from_its_file() -> None:
    context = LoadContext(
        read=lambda path: f"content of {path}",
        load=lambda path: {},
        rows=lambda path, names: {},
        personas=lambda path: (),
    )
    given = DiscussionParams.model_validate(
        {"brief": "briefs/a.md", "seats": ["a"]}, context=context
    )
    assert given.brief.text == "content of briefs/a.md"


def test_an_unknown_environment_is_met_with_the_nearest_name() -> None:
    with pytest.raises(Mistake, match="write discussion"):
        environment_named("discusion")
    assert set(ENVIRONMENTS) >= {"discussion", "market"}


def test_a_rotated_floor_begins_one_seat_later_each_round(memory_gateway: Any) -> None:
    rows = rows_of(params(floor="rotated", rounds=4), memory_gateway(lambda question: "Fine."))
    assert speakers(rows) == [
        ["s1", "s2", "s3"],
        ["s2", "s3", "s1"],
        ["s3", "s1", "s2"],
        ["s1", "s2", "s3"],
    ]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7])
def test_a_latin_square_balances_places_and_followers(n: int, memory_gateway: Any) -> None:
    rounds = n if n % 2 == 0 else 2 * n
    given = params(floor="latin_square", rounds=rounds, seats=["a"] * n)
    orders = speakers(rows_of(given, memory_gateway(lambda question: "Fine.")))
    places = Counter((place, seat) for order in orders for place, seat in enumerate(order))
    pairs = Counter(pair for order in orders for pair in itertools.pairwise(order))
    assert set(places.values()) == {rounds // n}
    assert len(places) == n * n
    assert len(set(pairs.values())) == 1
    assert len(pairs) == n * (n - 1)


def test_a_floor_drawn_once_stays_and_a_random_one_repeats_nobody_on_end(
    memory_gateway: Any,
) -> None:
    gateway = memory_gateway(lambda question: "Fine.")
    once = [
        speakers(rows_of(params(floor="shuffled_once", rounds=4), gateway, seed))
        for seed in range(6)
    ]
    assert all(order == orders[0] for orders in once for order in orders)
    assert len({tuple(orders[0]) for orders in once}) > 1
    drawn = speakers(rows_of(params(floor="random", rounds=30), gateway))
    assert all(one != other for order in drawn for one, other in itertools.pairwise(order))
    assert any(len(set(order)) < 3 for order in drawn)


def test_a_seat_hears_its_neighbours_alone_and_knows_nobody_else(memory_gateway: Any) -> None:
    given = params(seats=["a"] * 5, visibility={"network": "chain"}, barrier="round", rounds=2)
    gateway = memory_gateway(lambda question: f"said in {question.ordinal}")
    rows = rows_of(given, gateway)
    assert {row["audience"]: row["seats"] for row in rows["audiences"]} == {
        "hearers_of_s1": ["s1", "s2"],
        "hearers_of_s2": ["s2", "s1", "s3"],
        "hearers_of_s3": ["s3", "s2", "s4"],
        "hearers_of_s4": ["s4", "s3", "s5"],
        "hearers_of_s5": ["s5", "s4"],
    }
    second = {one.subject: one for one in gateway.questions[5:]}
    seen = [row["seqs"] for row in rows["exposures"][5:]]
    assert seen == [
        [{"first": 0, "last": 1}],
        [{"first": 0, "last": 2}],
        [{"first": 1, "last": 3}],
        [{"first": 2, "last": 4}],
        [{"first": 3, "last": 4}],
    ]
    texts = [message.text for one in second.values() for message in one.messages]
    assert "Other participants: Agent-B." in texts[0]
    assert not any("Agent-D" in message.text for message in gateway.questions[5].messages)


def test_directed_ties_lead_from_speaker_to_hearer(memory_gateway: Any) -> None:
    ties = {"edges": [[1, 2], [2, 3]], "directed": True}
    rows = rows_of(params(visibility=ties), memory_gateway(lambda question: "Fine."))
    assert {row["audience"]: row["seats"] for row in rows["audiences"]} == {
        "hearers_of_s1": ["s1", "s2"],
        "hearers_of_s2": ["s2", "s3"],
        "hearers_of_s3": ["s3"],
    }


def test_who_talks_alone_has_the_prompt_of_the_others_and_reads_only_itself(
    memory_gateway: Any,
) -> None:
    apart, together = memory_gateway(lambda _: "Fine."), memory_gateway(lambda _: "Fine.")
    rows = rows_of(params(visibility="nobody"), apart)
    rows_of(params(), together)
    assert [one.messages[0] for one in apart.questions] == [
        one.messages[0] for one in together.questions
    ]
    seen = {row["seat"]: row["seqs"] for row in rows["exposures"][-3:]}
    assert seen["s2"] == [{"first": 1, "last": 1}, {"first": 4, "last": 4}]


def test_a_network_drawn_anew_holds_for_what_is_said_from_then_on(memory_gateway: Any) -> None:
    world = {"network": "small_world", "neighbours": 2, "rewired": 1.0, "redraw_every_rounds": 2}
    given = params(seats=["a"] * 8, rounds=6, barrier="round", visibility=world)
    rows = rows_of(given, memory_gateway(lambda question: "Fine."))
    changes = sorted({row["from_seq"] for row in rows["audiences"]})
    assert changes == [0, 16, 32]
    asked = sorted(rows["exposures"], key=lambda row: row["call_key"])
    assert len(asked) == 48
    for row in rows["exposures"]:
        heard = {seq for span in row["seqs"] for seq in range(span["first"], span["last"] + 1)}
        for seq in heard:
            audience = rows["events"][seq]["audience"]
            members = [
                one["seats"]
                for one in rows["audiences"]
                if one["audience"] == audience and one["from_seq"] <= seq
            ]
            assert row["seat"] in members[-1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"floor": "random", "barrier": "round"}, "needs barrier: turn"),
        ({"visibility": {"network": "ring", "neighbours": 4}}, "no 4 neighbours"),
        ({"visibility": {"network": "star", "centre": 4}}, "centre 4 of 3 seats"),
        ({"visibility": {"network": "caveman", "group_size": 2}}, "groups of 2"),
        ({"visibility": {"network": "scale_free", "ties": 3}}, "3 seats for 3 ties"),
        ({"visibility": {"edges": [[1, 4]]}}, "seat 4 of 3"),
        ({"visibility": {"edges": [[1, 1]]}}, "tied to itself"),
        ({"visibility": {"edges": [[1, 2], [2, 1]]}}, "given twice"),
        ({"visibility": {"network": "web"}}, "small_world"),
    ],
)
def test_protocols_that_make_no_sense_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        DiscussionParams.model_validate(params(**given))
