from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.environment import EVERYONE, Action, Game
from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.commons.environment import Amount, Commons, dealt
from tasks.environments.commons.params import CommonsParams
from tasks.episodes import Played, play
from tasks.episodes.episode import Episode, seats_of
from tasks.episodes.parts import EpisodeParts

ENVIRONMENT = Commons()
MODELS = {"m": ModelSpec(model="sim/agent")}
PARTS = ("interventions", "memory", "probes")

Act = Callable[[Question], Any]


def commons(respond: Act, gateway: Any, seed: int = 1, **fields: Any) -> Played:
    """An episode in which ``respond`` gives amounts, and messages where there is talk."""
    parts = {name: fields.pop(name) for name in PARTS if name in fields}

    def text(question: Question) -> str:
        said = respond(question)
        return said if isinstance(said, str) else json.dumps({"amount": said})

    return played(fields, gateway(text), seed, MODELS, parts)


def played(
    fields: Mapping[str, Any],
    gateway: Any,
    seed: int,
    models: Mapping[str, ModelSpec],
    parts: Mapping[str, Any] | None = None,
) -> Played:
    params = CommonsParams.model_validate({"seats": ["m"] * 5, "talk_rounds": 0, **fields})
    episode = Episode(
        key=f"{seed:032x}",
        environment=ENVIRONMENT,
        params=params,
        seats=seats_of(ENVIRONMENT, params, models, seed),
        models=models,
        seed=seed,
        parts=EpisodeParts.model_validate(parts or {}),
    )
    return asyncio.run(play(episode, gateway))


def outcome(played: Played, metric: str, subject: str = "") -> Any:
    found = {(row["subject"], row["metric"]): row["value"] for row in played.rows["outcomes"]}
    return found[subject, metric]


def events(played: Played, kind: str, item: str | None = None) -> list[dict[str, Any]]:
    return [
        row for row in played.rows["events"] if row["kind"] == kind and item in (None, row["item"])
    ]


def test_a_sustainable_harvest_lasts_and_is_efficient_and_equal(memory_gateway: Any) -> None:
    found = commons(lambda question: 10, memory_gateway)
    assert outcome(found, "survival") == 12
    assert outcome(found, "survived") == 1
    assert outcome(found, "efficiency") == pytest.approx(1)
    assert outcome(found, "equality") == pytest.approx(1)
    assert outcome(found, "over_usage") == 0
    assert outcome(found, "gain") == 120
    assert found.rows["episodes"][0]["status"] == "terminated"
    assert found.rows["episodes"][0]["completed_rounds"] == 12


def test_a_greedy_harvest_has_the_published_result_of_weak_models(memory_gateway: Any) -> None:
    # Table 1 of GovSim: 1.0 months, 20.0 units a seat, 16.7 % efficiency.
    found = commons(lambda question: 100, memory_gateway)
    assert outcome(found, "survival") == 1
    assert outcome(found, "survived") == 0
    assert outcome(found, "gain") == 20
    assert outcome(found, "efficiency") == pytest.approx(1 / 6)
    assert outcome(found, "over_usage") > 0
    assert [event["item"] for event in events(found, "end")] == ["collapse"]
    episode = found.rows["episodes"][0]
    assert (episode["status"], episode["planned_rounds"], episode["completed_rounds"]) == (
        "terminated",
        12,
        1,
    )


def test_scores_of_an_unequal_commons_done_by_hand(memory_gateway: Any) -> None:
    # One seat takes 30, four take 5, of 100: 50 are left and grow to 100, in two months.
    found = commons(
        lambda question: 30 if question.subject == "s1" else 5, memory_gateway, months=2
    )
    assert outcome(found, "gain", "s1") == 60
    assert outcome(found, "gain", "s2") == 10
    # sum |R_i - R_j| = 2 * 4 * 50; 2 * 5 * 100 below it.
    assert outcome(found, "equality") == pytest.approx(1 - 400 / 1000)
    assert outcome(found, "over_usage") == pytest.approx(2 / 10)
    assert outcome(found, "efficiency") == pytest.approx(1)


def test_nothing_caught_has_no_equality(memory_gateway: Any) -> None:
    found = commons(lambda question: 0, memory_gateway, months=3)
    assert outcome(found, "equality") is None
    assert outcome(found, "efficiency") == 0


@pytest.mark.parametrize(("left", "months"), [(4, 1), (5, 2)])
def test_it_collapses_where_fewer_are_left_than_the_threshold(
    memory_gateway: Any, left: int, months: int
) -> None:
    found = commons(lambda question: 100 - left, memory_gateway, seats=["m"], months=2)
    assert outcome(found, "survival") == months


def test_what_regrows_is_double_up_to_the_capacity(memory_gateway: Any) -> None:
    found = commons(lambda question: 16, memory_gateway, months=2)
    assert [event["value"] for event in events(found, "state")] == [20, 40, 0]
    idle = commons(lambda question: 1, memory_gateway, months=2)
    assert [event["value"] for event in events(idle, "state")] == [95, 100, 95]


@pytest.mark.parametrize(("public", "audience"), [(True, {EVERYONE}), (False, {"s1", "s2"})])
def test_catches_are_public_or_private_and_wishes_always_private(
    memory_gateway: Any, public: bool, audience: set[str]
) -> None:
    found = commons(lambda question: 3, memory_gateway, seats=["m", "m"], months=2, public=public)
    assert {event["audience"] for event in events(found, "transfer")} == audience
    assert all(event["audience"] == event["actor"] for event in events(found, "choose"))


def test_seats_talk_between_two_harvests_and_read_it_in_the_next(memory_gateway: Any) -> None:
    asked: list[tuple[str, str]] = []

    def respond(question: Question) -> Any:
        assert question.observation is not None
        ask = question.observation["ask"]
        asked.append((ask, question.subject if ask == "turn" else "all"))
        if ask == "turn":
            return f"{question.subject} says four."
        texts = [message.text for message in question.messages]
        heard = any("[Agent-B]: s2 says four." in text for text in texts)
        assert heard == (question.observation["round"] > 0 and question.subject == "s1")
        return 4

    found = commons(respond, memory_gateway, seats=["m", "m"], months=3, talk_rounds=2)
    month = [("harvest", "all")] * 2 + [("turn", "s1"), ("turn", "s2")] * 2
    assert asked == month * 3
    assert [event["round"] for event in events(found, "say")] == [0] * 4 + [1] * 4 + [2] * 4
    assert {event["phase"] for event in events(found, "say")} == {"talk"}


def test_the_share_that_the_prompt_names_sustains_the_stock(memory_gateway: Any) -> None:
    def respond(question: Question) -> int:
        assert question.observation is not None
        share = question.observation["share"]
        assert f"more than {share} tons" in question.messages[-1].text
        return int(share)

    found = commons(respond, memory_gateway, universalization=True, capacity=101)
    assert outcome(found, "over_usage") == 0
    assert outcome(found, "survival") == 12


def test_more_than_is_there_is_told_and_taken_as_absence(memory_gateway: Any) -> None:
    problems = []

    def respond(question: Question) -> int:
        assert question.check is not None
        problems.append(question.check(Amount(amount=101)))
        return 101 if question.subject == "s1" else 10

    found = commons(respond, memory_gateway, months=1)
    assert set(problems) == {"only 100 are there"}
    absent = [row["seat"] for row in found.rows["actions"] if row["absent"]]
    assert absent == ["s1"]
    assert [event["actor"] for event in events(found, "choose")] == ["s2", "s3", "s4", "s5"]


def test_a_crashed_seat_takes_nothing_and_the_others_go_on(memory_gateway: Any) -> None:
    crash = {"do": "crash", "seat": 1, "at": {"after_rounds": 3}}
    probe = {"name": "trust", "ask": "Do you trust them?", "at": "end"}
    found = commons(
        lambda question: "yes" if question.answer is None else 10,
        memory_gateway,
        talk_rounds=1,
        interventions=[crash],
        probes=[probe],
    )
    assert outcome(found, "gain", "s1") == 30
    assert outcome(found, "gain", "s2") == 120
    assert outcome(found, "survival") == 12
    assert [row["seat"] for row in found.rows["responses"]] == ["s2", "s3", "s4", "s5"]


WANTED = st.dictionaries(st.sampled_from([f"s{n}" for n in range(8)]), st.integers(0, 150))


@given(WANTED, st.integers(0, 100), st.sampled_from(["random", "proportional"]), st.integers())
def test_dealing_gives_all_that_is_there_and_nobody_more_than_it_wants(
    wanted: dict[str, int], stock: int, shortage: str, seed: int
) -> None:
    got = dealt(wanted, stock, shortage, random.Random(seed))
    assert sum(got.values()) == min(stock, sum(wanted.values()))
    assert all(0 <= got[seat] <= wanted[seat] for seat in wanted)


@given(st.lists(st.integers(0, 150), min_size=2, max_size=6), st.integers(1, 100))
def test_proportional_catches_are_within_one_unit_of_their_share(
    amounts: list[int], stock: int
) -> None:
    wanted = {f"s{n}": amount for n, amount in enumerate(amounts)}
    total = sum(amounts)
    got = dealt(wanted, stock, "proportional", random.Random(1))
    if total > stock:
        shares = {seat: amount * stock / total for seat, amount in wanted.items()}
        assert all(got[seat] >= int(shares[seat]) for seat in wanted)


def test_random_dealing_favours_nobody() -> None:
    wanted = {f"s{n}": 30 for n in range(5)}
    rng = random.Random(2)
    draws = [dealt(wanted, 100, "random", rng) for _ in range(400)]
    means = [sum(draw[seat] for draw in draws) / len(draws) for seat in wanted]
    assert all(abs(mean - 20) < 0.6 for mean in means)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2, 60), st.integers(0, 2), st.booleans())
def test_whatever_seats_do_units_are_conserved_and_the_stock_is_never_negative(
    data: st.DataObject, n: int, capacity: int, talk_rounds: int, public: bool
) -> None:
    params = CommonsParams.model_validate(
        {
            "seats": ["m"] * n,
            "capacity": capacity,
            "months": 6,
            "talk_rounds": talk_rounds,
            "public": public,
            "shortage": data.draw(st.sampled_from(["random", "proportional"])),
        }
    )
    game: Game[Any] = ENVIRONMENT.game(params, ENVIRONMENT.seating(params, {}, random.Random(0)))
    rng = random.Random(data.draw(st.integers()))
    step = game.start(rng)
    while step.status == "running":
        state, asks = step.state, game.asks(step.state)
        present = [seat for seat in asks if data.draw(st.booleans())]
        actions = {
            seat: Action(
                Amount(amount=data.draw(st.integers(0, state.stock)))
                if asks[seat].name == "harvest"
                else "A word."
            )
            for seat in present
        }
        assert all(game.check(state, seat, one.value) is None for seat, one in actions.items())
        step = game.step(state, actions, rng)
        got = {one.target: one.value for one in step.events if one.kind == "transfer"}
        wanted = {one.actor: one.value for one in step.events if one.kind == "choose"}
        assert got.keys() == wanted.keys()
        assert all(0 <= got[seat] <= wanted[seat] for seat in got)
        left = [one.value for one in step.events if one.item == "left"]
        if left:
            assert left == [state.stock - sum(got.values())]
        assert 0 <= step.state.stock <= capacity
    scores = game.outcome(step.state)["episode", ""]
    assert all(value is None or 0 <= value <= max(1, 6 * capacity) for value in scores.values())


def simulated(
    gateway: Any, simulate: Any, sim: dict[str, float], n: int = 30, **fields: Any
) -> list[Played]:
    models = {"m": ModelSpec(model="sim/agent", sim=sim)}
    return [played(fields, gateway(simulate), seed, models) for seed in range(n)]


def mean(found: list[Played], metric: str) -> float:
    return sum(outcome(one, metric) for one in found) / len(found)


def test_simulated_greed_is_the_share_of_overused_harvests(
    memory_gateway: Any, simulate: Any
) -> None:
    for greed in (0.0, 0.4, 1.0):
        found = simulated(memory_gateway, simulate, {"greed": greed})
        assert mean(found, "over_usage") == pytest.approx(greed, abs=0.06)


def test_simulated_seats_heed_universalization_and_limits_as_declared(
    memory_gateway: Any, simulate: Any
) -> None:
    sim = {"greed": 0.8, "heeds_limits": 1.0, "heeds_universalization": 0.5, "proposes_limits": 1.0}
    warned = simulated(memory_gateway, simulate, sim, universalization=True)
    assert mean(warned, "over_usage") == pytest.approx(0.4, abs=0.06)
    talked = simulated(memory_gateway, simulate, sim, talk_rounds=1, months=4)
    # Nobody has read a limit in the first month; afterwards everybody heeds it.
    for one in talked:
        later = [
            event["data"]["stock"] >= 10 * event["value"]
            for event in events(one, "transfer")
            if event["round"] > 0
        ]
        assert all(later)
    first = [
        event["data"]["stock"] < 10 * event["value"]
        for one in talked
        for event in events(one, "transfer")
        if event["round"] == 0
    ]
    assert sum(first) / len(first) == pytest.approx(0.8, abs=0.1)
