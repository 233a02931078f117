from __future__ import annotations

import subprocess
import sys

import pytest

from schemas.study import ModelSpec
from tasks.environments.registry import ENVIRONMENTS
from tasks.models.sim import policy_of
from tasks.models.sim.habits import Habits, declared_by, policies

IMPORTS = """
import sys
from schemas.study import ModelSpec
from tasks.models.sim import policy_of
agent = policy_of(ModelSpec(model="sim/agent", sim={"greed": 0.9}), environment="commons")
assert agent.habits["commons"].greed == 0.9
assert "tasks.environments.commons.environment" in sys.modules
assert "tasks.environments.market.environment" not in sys.modules
"""


def test_only_the_environment_that_is_played_is_imported() -> None:
    command = [sys.executable, "-c", IMPORTS]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert not done.stderr


def test_habits_of_an_environment_are_made_of_what_is_its_own() -> None:
    habits = Habits("talkative", {"greed": 0.9, "markup": 0.5})
    assert habits["commons"].model_dump()["greed"] == 0.9
    assert habits["market"].model_dump()["markup"] == 0.5
    assert "nowhere" not in habits
    assert set(habits) == {name for name, _ in policies()} <= set(ENVIRONMENTS)
    with pytest.raises(KeyError):
        habits["nowhere"]


def test_the_environment_of_a_study_is_looked_through_first() -> None:
    assert next(policies("commons"))[0] == "commons"
    assert declared_by(["phatic"], "commons") == {"phatic": "commons"}
    assert declared_by(["phatic"]) == {"phatic": "discussion"}
    own = policy_of(ModelSpec(model="sim/agent", sim={"phatic": 0.3}), environment="market")
    assert own.habits["discussion"].phatic == 0.3
