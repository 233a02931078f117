"""Search by an embedding model: asked before the step, never replaced, foreseen by a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from schemas.gateway import EmbeddingFailed
from schemas.study import ModelSpec
from schemas.unit import Failure
from tasks.environments.market.params import MarketParams
from tasks.episodes import Episode, play
from tasks.episodes.counting import question_counts
from tasks.episodes.episode import seats_of
from tests.tasks.environments.markets import CATALOGUE, ENVIRONMENT

MODELS = {
    "c": ModelSpec(model="sim/agent", sim={"consideration": 1}),
    "b": ModelSpec(model="sim/agent"),
    "small": ModelSpec(model="sim/encoder"),
}


def episode(key: str = "e" * 32) -> Episode:
    params = MarketParams.model_validate(
        {
            "catalogue": CATALOGUE,
            "models": {"customer": "c", "business": "b"},
            "search": {"kind": "embedding", "model": "small"},
            "max_rounds": 8,
        }
    )
    seats = seats_of(ENVIRONMENT, params, MODELS, 1)
    return Episode(key, ENVIRONMENT, params, seats, MODELS, 1)


@pytest.fixture
def encoding(memory_gateway: Any, simulate: Any) -> Any:
    class Encoding(memory_gateway):  # type: ignore[misc]
        """Turns texts into vectors that like shop 3 best."""

        def __init__(self, failure: Failure | None = None) -> None:
            super().__init__(simulate)
            self.failure = failure
            self.asked: list[tuple[str, str, tuple[str, ...]]] = []

        async def embed(self, texts: Sequence[str], model: ModelSpec, unit_key: str) -> Any:
            self.asked.append((unit_key, model.model, tuple(texts)))
            if self.failure is not None:
                raise EmbeddingFailed(self.failure)
            rows = [[1.0, 0.0] if "Shop" not in text else [1.0, _apart(text)] for text in texts]
            return np.array(rows, dtype=np.float32)

    return Encoding


def _apart(text: str) -> float:
    return 3.0 - int(text.removeprefix("Shop ")[0])


def test_each_text_is_asked_about_once_in_an_episode(encoding: Any) -> None:
    gateway = encoding()
    played = asyncio.run(play(episode(), gateway))
    assert played.failure is None
    texts = [text for _, _, part in gateway.asked for text in part]
    assert {unit for unit, _, _ in gateway.asked} == {"e" * 32}
    assert {model for _, model, _ in gateway.asked} == {"sim/encoder"}
    assert len(texts) == len(set(texts))
    assert len([text for text in texts if text.startswith("Shop")]) == len(CATALOGUE.businesses)
    assert asyncio.run(play(episode(), encoding())).rows == played.rows


def test_the_nearest_business_comes_first(encoding: Any) -> None:
    played = asyncio.run(play(episode(), encoding()))
    first = {
        row["item"]
        for row in played.rows["events"]
        if row["data"].get("what") == "result" and row["data"]["position"] == 1
    }
    assert first == {"b3"}


@pytest.mark.parametrize("kind", ["server_error", "bad_request"])
def test_an_episode_without_vectors_fails_as_one_without_answers(encoding: Any, kind: str) -> None:
    played = asyncio.run(play(episode(), encoding(Failure(kind, "no such model"))))
    assert played.failure == Failure(kind, "vectors by small: no such model")
    assert not played.rows


def test_requests_for_vectors_are_foreseen() -> None:
    counts = question_counts(episode())
    assert counts["small", "embedding"] == (1.0, 1.0)
