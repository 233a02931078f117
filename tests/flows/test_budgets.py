"""What a plan says of a budget is what a run then does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli.plan import print_plans
from flows.deployments.plans import study_plan
from flows.estimating import questions
from flows.planning import plans
from schemas.errors import Mistake
from tasks.models.estimate import TEXTS_PER_CALL
from tasks.stages.registry import steps
from tasks.studies.design import design
from tasks.studies.load import load_study
from warehouse.reader import reader_or_empty

from .conftest import run_plainly

HOSTED = {"model": "openai/of-unknown-price", "api_base": "http://127.0.0.1:9/v1"}


@pytest.fixture
def study(without_prefect, tmp_path):
    def write(models: dict[str, Any], **sections: Any) -> Path:
        path = tmp_path / "study.yaml"
        episode = {"environment": "discussion", "brief": "Talk.", "rounds": 2, "seats": ["a", "a"]}
        content = {"name": "dear", "models": models, "episode": episode, "replicates": 60}
        path.write_text(yaml.safe_dump(content | sections))
        return path

    return write


def refusal_of_a_run(path: Path, **request: Any) -> str:
    with pytest.raises(Mistake) as refused:
        asyncio.run(run_plainly(path, path.with_name("run.duckdb"), **request))
    return str(refused.value)


def refusal_of_a_plan(path: Path) -> str:
    with pytest.raises(Mistake) as refused:
        print_plans([path], path.with_name("plan.duckdb"))
    return str(refused.value)


def refusal_of_a_deployment(path: Path) -> str:
    with pytest.raises(Mistake) as refused:
        study_plan(path, path.with_name("deployed.duckdb"))
    return str(refused.value)


def test_a_plan_and_a_deployment_refuse_an_unknown_price_as_the_run_does(study, capsys):
    path = study({"a": HOSTED}, run={"budget_usd": 5})
    assert refusal_of_a_plan(path) == refusal_of_a_run(path) == refusal_of_a_deployment(path)
    shown = capsys.readouterr().out
    assert "unknown" in shown
    assert "is enough" not in shown


def test_vectors_of_texts_are_foreseen_and_their_price_is_asked_for(study):
    models = {"a": {"model": "sim/talkative"}, "vectors": HOSTED}
    metrics = [
        {"name": "convergence", "encoder": "vectors"},
        {"name": "drift", "encoder": "vectors"},
    ]
    path = study(models, metrics=metrics, run={"budget_usd": 5})
    assert refusal_of_a_plan(path) == refusal_of_a_run(path)
    resolved = design(load_study(path).study)
    with reader_or_empty(path.with_name("none.duckdb")) as held:
        planned = questions(resolved, plans(resolved, held, steps()), held)
    (vectors,) = [one for one in planned if one.purpose == "embedding"]
    assert vectors.alias == "vectors"
    assert vectors.questions.high == -(-60 * 2 * 2 // TEXTS_PER_CALL)


def test_a_model_that_no_unit_asks_needs_no_price(study):
    path = study({"a": {"model": "sim/talkative"}, "spare": HOSTED}, run={"budget_usd": 5})
    print_plans([path], path.with_name("plan.duckdb"))
    assert study_plan(path, path.with_name("deployed.duckdb")).name == "dear"


def test_without_a_limit_in_dollars_no_price_is_needed(study, capsys):
    print_plans([study({"a": HOSTED}, run={"budget_calls": 9})], Path("none.duckdb"))
    assert "calls" in capsys.readouterr().out
