"""Simulated agents follow the persona that they are shown, as far as they are declared to."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from schemas.errors import Mistake
from schemas.study import ModelSpec
from tasks.models.sim.heeding import heeding, prompt_terms
from tasks.models.sim.presets import check_spec, policy_of
from tasks.models.sim.probed import answer


def policy(**sim: Any) -> Any:
    return policy_of(ModelSpec(model="sim/agent", sim=sim))


def asked(key: int = 1, facet: str | None = None, rounds: int = 0) -> dict[str, Any]:
    item = {"item": "1", "text": "x", "trait": "openness", "key": key, "facet": facet}
    return {"instrument": "quiz", "scale": [1, 101], "rounds": rounds, "items": [item]}


def mean(sim: Any, heeded: dict[str, float], **about: Any) -> float:
    """Mean answer as standard deviations of a trait: the scale spans four of them."""
    rng = random.Random(1)
    found = [answer(policy(**sim), asked(**about), rng, heeded) for _ in range(400)]
    return float(np.mean([(one["answer"] - 51) / 25 for one in found if one is not None]))


def test_an_item_is_answered_from_the_trait_that_is_shown() -> None:
    sim = {"loading": 0.8, "item_noise": 0.2}
    assert mean(sim, {"openness": 1.0}) == pytest.approx(0.8, abs=0.05)
    assert mean(sim, {"openness": 1.0}, key=-1) == pytest.approx(-0.8, abs=0.05)
    assert mean(sim, {"neuroticism": 1.0}) == pytest.approx(0.0, abs=0.05)


def test_acquiescence_leans_upwards_whatever_the_key() -> None:
    sim = {"acquiescence": 0.5, "item_noise": 0.2}
    for key in (1, -1):
        assert mean(sim, {}, key=key) == pytest.approx(0.5, abs=0.05)


def test_loadings_can_be_given_by_scale_and_facet() -> None:
    loads = {"quiz.openness": {"neuroticism": 0.5}, "quiz.openness.bold": {"town=coast": 1.0}}
    sim, shown = {"loading_of": loads, "item_noise": 0.2}, {"neuroticism": 1.0, "town=coast": 1.0}
    assert mean(sim, shown) == pytest.approx(0.5, abs=0.05)
    assert mean(sim, shown, facet="bold") == pytest.approx(1.0, abs=0.05)
    assert mean(
        {**sim, "loading_of": {**loads, "quiz.openness.bold": {}}}, shown, facet="bold"
    ) == (pytest.approx(0.0, abs=0.05))


def test_a_trait_drifts_with_the_rounds_whatever_the_key() -> None:
    sim = {"opinion_drift": 0.05, "item_noise": 0.2}
    assert mean(sim, {}, rounds=4) == pytest.approx(0.8, abs=0.05)
    assert mean(sim, {}, rounds=4, key=-1) == pytest.approx(-0.8, abs=0.05)


def test_habits_move_with_the_persona_and_stay_within_their_ends() -> None:
    declared = policy(agree=0.2, by_persona={"agree": {"agreeableness": 0.3, "town=coast": 0.1}})
    moved = heeding(declared, {"agreeableness": 1.0, "town=coast": 1.0})
    assert moved.habits["discussion"].agree == pytest.approx(0.6)
    assert heeding(declared, {"agreeableness": -3.0}).habits["discussion"].agree == 0.0
    assert heeding(declared, {}) is declared


@pytest.mark.parametrize("name", ["opinion_of", "latency_s", "sensitivity", "nothing"])
def test_only_numbers_of_the_agent_can_depend_on_a_persona(name: str) -> None:
    with pytest.raises(Mistake, match="no such number"):
        check_spec(ModelSpec(model="sim/agent", sim={"by_persona": {name: {"openness": 1.0}}}))


def test_habits_move_with_what_the_prompt_shows() -> None:
    by = {
        "unnamed": 0.1,
        "unlisted": 0.02,
        "blank": 0.0001,
        "real_names": 0.004,
        "alone": 0.0008,
        "rounds": 0.2,
        "says=trams": 0.3,
    }
    declared = policy(agree=0.0, by_prompt={"agree": by})

    def moved(**changes: Any) -> float:
        seen = {
            "seat": "s1",
            "names": {"s1": "Agent-A", "s2": "Agent-AB"},
            "system": "You are Agent-A.\nOther participants: Agent-AB.",
            "brief": "On buses.",
            "round": 0,
            "history": [{"kind": "say", "actor": "s2"}],
            **changes,
        }
        found: float = (
            heeding(declared, {}, prompt_terms(declared, seen)).habits["discussion"].agree
        )
        return found

    assert moved() == 0
    assert moved(system="Other participants: Agent-AB.") == pytest.approx(0.1)
    assert moved(system="") == pytest.approx(0.1201)
    assert moved(system="You are Agent-A.") == pytest.approx(0.02)
    assert moved(names={"s1": "llama", "s2": "Agent-AB"}, system="llama, Agent-AB") == 0.004
    assert moved(history=[{"kind": "say", "actor": "s1"}]) == pytest.approx(0.0008)
    assert moved(round=2, brief="On trams.") == pytest.approx(0.7)


def test_only_what_can_be_told_of_a_prompt_moves_habits() -> None:
    with pytest.raises(Mistake, match="nothing of a prompt"):
        check_spec(ModelSpec(model="sim/agent", sim={"by_prompt": {"agree": {"nameless": 1.0}}}))
