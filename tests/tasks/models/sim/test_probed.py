"""Simulated answers to probes: the declared opinion comes out."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from schemas.errors import Mistake
from schemas.study.models import ModelSpec
from tasks.models.sim import policy_of
from tasks.models.sim.policies import AgentPolicy
from tasks.models.sim.probed import answer


def answers(policy: AgentPolicy, form: Any, rounds: int = 0, item: str = "trust") -> list[Any]:
    asked = {"instrument": "trust", "item": item, "answer": form, "rounds": rounds}
    found = [answer(policy, asked, random.Random(n)) for n in range(4000)]
    return [one["answer"] for one in found if one is not None]


@pytest.mark.parametrize("rounds", [0, 3])
def test_the_declared_mean_drift_and_noise_come_out(rounds: int) -> None:
    policy = AgentPolicy(opinion=0.4, opinion_drift=0.05, opinion_noise=0.1)
    found = answers(policy, {"number": [-10, 10]}, rounds)
    assert np.mean(found) == pytest.approx(-10 + 20 * (0.4 + 0.05 * rounds), abs=0.1)
    assert np.std(found) == pytest.approx(2.0, rel=0.05)


def test_a_scale_takes_whole_numbers_without_bias() -> None:
    found = answers(AgentPolicy(opinion=0.5, opinion_noise=0.15), {"scale": [1, 7]})
    assert {type(one) for one in found} == {int}
    assert np.mean(found) == pytest.approx(4.0, abs=0.05)


@pytest.mark.parametrize(("opinion", "expected"), [(0.0, "never"), (0.5, "maybe"), (1.0, "always")])
def test_options_count_in_their_order(opinion: float, expected: str) -> None:
    policy = AgentPolicy(opinion=opinion, opinion_noise=0.0)
    assert set(answers(policy, {"choice": ["never", "maybe", "always"]})) == {expected}


def test_an_opinion_may_be_declared_by_probe_and_item() -> None:
    policy = AgentPolicy(opinion_of={"trust": 0.2, "trust.calm": 0.9}, opinion_noise=0.0)
    assert set(answers(policy, {"number": [0, 1]})) == {0.2}
    assert set(answers(policy, {"number": [0, 1]}, item="calm")) == {0.9}


def test_no_answer_leaves_its_bounds() -> None:
    found = answers(AgentPolicy(opinion_drift=1.0, opinion_noise=1.0), {"number": [0, 1]}, 40)
    assert min(found) >= 0
    assert max(found) <= 1


@pytest.mark.parametrize("form", ["text", {"labels": ["a", "b"]}])
def test_other_forms_are_left_to_others(form: Any) -> None:
    asked = {"instrument": "t", "item": "t", "answer": form, "rounds": 0}
    assert answer(AgentPolicy(), asked, random.Random(1)) is None


def test_an_opinion_outside_the_scale_is_a_mistake() -> None:
    with pytest.raises(Mistake, match=r"opinion_of\.trust: 2 is not between 0 and 1"):
        policy_of(ModelSpec(model="sim/agent", sim={"opinion_of": {"trust": 2}}))
