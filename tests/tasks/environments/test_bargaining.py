from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.environment import Action
from schemas.gateway import Question
from schemas.study import ModelSpec
from tasks.environments.bargaining.dividing import Terms, equilibrium_offers
from tasks.environments.bargaining.game import BargainingGame, Offer, Reply
from tasks.environments.bargaining.params import BargainingParams
from tasks.episodes import Played, play
from tests.tasks.episodes.games import episode

SEATS = ("s1", "s2")


def played(
    name: str, gateway: Any, respond: Any, sims: Mapping[str, Any] | None = None, **fields: Any
) -> Played:
    sims = sims or {"m": {}, "n": {}}
    models = {alias: ModelSpec(model="sim/agent", sim=sim) for alias, sim in sims.items()}
    declared = {"seats": ["m", "n"], **fields}
    return asyncio.run(play(episode(name, declared, models), gateway(respond)))


def outcome(found: Played, metric: str, subject: str = "") -> Any:
    rows = {(row["subject"], row["metric"]): row["value"] for row in found.rows["outcomes"]}
    return rows[subject, metric]


def script(*answers: Any) -> Any:
    """Answers in turn: a number is an offer, a word a reply."""
    left = list(answers)

    def respond(question: Question) -> str:
        answer = left.pop(0)
        return json.dumps({"accept": answer} if isinstance(answer, bool) else {"give": answer})

    return respond


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 60),
    st.floats(0, 0.99),
    st.floats(0, 0.99),
)
def test_no_seat_gains_by_one_other_move_in_the_equilibrium(n: int, a: float, b: float) -> None:
    terms = Terms(1.0, n, {"s1": a, "s2": b})
    offers = equilibrium_offers(terms, *SEATS)
    assert len(offers) == n
    for number, given_ in enumerate(offers):
        responder, proposer = (SEATS[1], SEATS[0]) if number % 2 == 0 else SEATS
        later = offers[number + 1] if number + 1 < n else None
        # Turning it down, the responder keeps the rest of the next offer, one step later.
        waits = 0.0 if later is None else terms.discounts[responder] * (1 - later)
        assert given_ == pytest.approx(waits)
        # Offering too little, the proposer is given the next offer, one step later.
        refused = 0.0 if later is None else terms.discounts[proposer] * later
        assert 1 - given_ >= refused - 1e-12


def test_many_offers_give_rubinsteins_split() -> None:
    terms = Terms(1.0, 2001, {"s1": 0.8, "s2": 0.6})
    assert 1 - equilibrium_offers(terms, *SEATS)[0] == pytest.approx((1 - 0.6) / (1 - 0.8 * 0.6))


def test_who_plays_the_equilibrium_agrees_at_once_on_its_split(
    memory_gateway: Any, simulate: Any
) -> None:
    rational = {alias: {"induction": 1.0} for alias in "mn"}
    found = played("bargaining", memory_gateway, simulate, rational, discounts=[0.8, 0.6], offers=9)
    assert outcome(found, "offers") == 1
    assert outcome(found, "efficiency") == 1
    assert outcome(found, "first_share") == pytest.approx(outcome(found, "theory_share"), abs=1e-6)


def test_a_late_agreement_costs_what_the_discounts_say(memory_gateway: Any) -> None:
    respond = script(10, False, 20, False, 30, True)
    found = played("bargaining", memory_gateway, respond, discounts=[0.5, 0.8])
    assert outcome(found, "offers") == 3
    assert outcome(found, "first_offer") == pytest.approx(0.1)
    assert outcome(found, "first_share") == pytest.approx(0.7)
    assert outcome(found, "payoff", "s1") == pytest.approx(70 * 0.25)
    assert outcome(found, "payoff", "s2") == pytest.approx(30 * 0.64)
    assert outcome(found, "efficiency") == pytest.approx((70 * 0.25 + 30 * 0.64) / 100)
    moved = [row for row in found.rows["events"] if row["kind"] == "transfer"]
    assert [(row["target"], row["value"]) for row in moved] == [("s2", 30), ("s1", 70)]


def test_nobody_gets_anything_without_an_agreement(memory_gateway: Any) -> None:
    found = played("bargaining", memory_gateway, script(50, False, 50, False), offers=2)
    assert outcome(found, "agreement") == outcome(found, "efficiency") == 0
    assert outcome(found, "first_share") is None
    assert found.rows["events"][-1]["item"] == "no agreement"


def test_an_offer_of_more_than_there_is_is_no_offer_and_time_passes(memory_gateway: Any) -> None:
    def respond(question: Question) -> str:
        assert question.observation is not None
        if question.observation["ask"] == "reply":
            return '{"accept": true}'
        return json.dumps({"give": 101 if question.subject == "s1" else 40})

    found = played("bargaining", memory_gateway, respond)
    assert outcome(found, "offers") == 2
    assert outcome(found, "first_share") == pytest.approx(0.4)


def test_ultimatums_change_hands_and_are_one_offer_long(memory_gateway: Any) -> None:
    found = played("ultimatum", memory_gateway, script(40, True, 10, False), rounds=2)
    made = [row["actor"] for row in found.rows["events"] if row["kind"] == "offer"]
    assert made == ["s1", "s2"]
    assert outcome(found, "agreement") == 0.5
    assert outcome(found, "first_offer") == pytest.approx(0.25)
    assert outcome(found, "theory_share") == 1
    assert (outcome(found, "payoff", "s1"), outcome(found, "payoff", "s2")) == (60, 40)
    fixed = played("ultimatum", memory_gateway, script(40, True, 10, True), rounds=2, swap=False)
    assert [row["actor"] for row in fixed.rows["events"] if row["kind"] == "offer"] == ["s1", "s1"]


def test_simulated_seats_offer_and_accept_as_declared(memory_gateway: Any, simulate: Any) -> None:
    sims = {"m": {"demand": 0.7, "concession": 0.0}, "n": {"least_share": 0.35, "concession": 0.0}}
    found = played("ultimatum", memory_gateway, simulate, sims, swap=False)
    assert outcome(found, "first_offer") == pytest.approx(0.3)
    assert outcome(found, "agreement") == 0
    sims["n"]["least_share"] = 0.3
    assert (
        outcome(played("ultimatum", memory_gateway, simulate, sims, swap=False), "agreement") == 1
    )
    # Ten points more are given with every offer, until thirty are.
    yielding = {alias: {"demand": 0.9, "least_share": 0.5, "concession": 0.1} for alias in "mn"}
    late = played("bargaining", memory_gateway, simulate, yielding)
    assert outcome(late, "offers") == 3
    assert outcome(late, "first_share") == pytest.approx(0.7)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 3), st.booleans())
def test_no_more_is_divided_than_there_is_and_every_game_ends(
    data: st.DataObject, offers: int, rounds: int, swap: bool
) -> None:
    terms = Terms(50.0, offers, {"s1": 0.9, "s2": 0.7})
    game = BargainingGame(terms, SEATS, rounds, swap=swap)
    rng = Random(1)
    step, steps = game.start(rng), 0
    while step.status == "running":
        ((seat, ask),) = game.asks(step.state).items()
        actions = {}
        if data.draw(st.integers(0, 4)):
            value: Any = (
                Offer(give=data.draw(st.floats(0, 50)))
                if ask.name == "offer"
                else Reply(accept=data.draw(st.booleans()))
            )
            assert game.check(step.state, seat, value) is None
            actions = {seat: Action(value)}
        step, steps = game.step(step.state, actions, rng), steps + 1
        got = [event.value for event in step.events if event.kind == "transfer"]
        assert not got or sum(one or 0 for one in got) == pytest.approx(50)
    assert steps <= 2 * offers * rounds
    whole = game.outcome(step.state)["episode", ""]
    assert 0 <= float(whole["efficiency"] or 0) <= 1 + 1e-9


def test_it_takes_two() -> None:
    with pytest.raises(ValidationError, match="it takes two"):
        BargainingParams.model_validate({"seats": ["m"] * 3})
