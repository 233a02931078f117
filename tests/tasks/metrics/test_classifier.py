"""Whether agents are told apart by their messages: areas, regressions, null and interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Data
from tasks.metrics.statistics.ridge import ridge_scores
from tasks.metrics.statistics.roc import areas, weighted_auc
from tasks.metrics.worlds.frames import Turns, spoken

RNG = np.random.default_rng(12)


def told(texts: tuple[str, str], rounds: int = 5, episodes: int = 6) -> Data:
    """Episodes of two seats, each once a round; every ``w`` of a text is a word drawn anew."""
    place = np.arange(2 * rounds * episodes)
    turns = Turns(
        episode=place // (2 * rounds),
        round=place % (2 * rounds) // 2,
        seat=place % 2,
        n_seats=2,
        sizes={"a": episodes},
    )
    return spoken(
        turns, [texts[seat].replace("w", f"w{RNG.integers(50)}") for seat in turns.seat.tolist()]
    )


def test_weighted_auc_is_that_of_scikit_learn() -> None:
    scores, positive = RNG.integers(0, 9, 60).astype(float), RNG.random(60) < 0.4
    weights = RNG.integers(0, 3, (3, 60)).astype(float)
    one, strata = np.zeros(60, dtype=np.int64), RNG.integers(0, 3, 60)
    theirs = [roc_auc_score(positive, scores, sample_weight=row) for row in weights]
    assert weighted_auc(scores, positive, weights, one) == pytest.approx(theirs, abs=1e-12)
    pairs, hits = np.zeros(3), np.zeros(3)
    for number in range(3):
        mine = strata == number
        n = (weights[:, mine] @ positive[mine]) * (weights[:, mine] @ ~positive[mine])
        areas = [
            roc_auc_score(positive[mine], scores[mine], sample_weight=row[mine]) for row in weights
        ]
        pairs, hits = pairs + n, hits + n * areas
    assert weighted_auc(scores, positive, weights, strata) == pytest.approx(hits / pairs, abs=1e-12)


def test_areas_of_columns_are_those_of_one_by_one() -> None:
    scores, own = RNG.integers(0, 9, (60, 4)).astype(float), RNG.random((60, 4)) < 0.4
    strata, weights = RNG.integers(0, 5, 60), np.ones((1, 60))
    each = [weighted_auc(scores[:, k], own[:, k], weights, strata)[0] for k in range(4)]
    assert areas(scores, own, strata) == pytest.approx(each, abs=1e-12)


@pytest.mark.parametrize("dimensions", [12, 90])
def test_ridge_scores_are_those_of_scikit_learn(dimensions: int) -> None:
    rows = RNG.normal(0, 1, (50, dimensions)) * (RNG.random((50, dimensions)) < 0.3)
    train, test = sparse.csr_matrix(rows[:40]), sparse.csr_matrix(rows[40:])
    targets = (RNG.random((40, 3)) < 0.4).astype(float)
    theirs = Ridge(alpha=1.0).fit(rows[:40], targets)
    wanted = theirs.predict(rows[40:]) - targets.mean(axis=0)
    assert ridge_scores(train, test, targets) == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize(
    ("texts", "low", "high"),
    [(("alpha beta", "delta zeta"), 0.99, 1.0), (("w", "w"), 0.3, 0.7)],
)
def test_a_classifier_knows_voices_in_episodes_it_has_not_seen(
    texts: tuple[str, str], low: float, high: float
) -> None:
    auc = METRICS["agent_auc"]
    found = auc.compute(told(texts, episodes=12), auc.options(), RNG).row(0, named=True)
    assert low <= found["value"] <= high
    assert found["null_mean"] == pytest.approx(0.5, abs=0.06)
    assert (found["p_null"] < 0.05) == (low > 0.9)
    assert low > 0.9 or found["ci_low"] <= 0.5 <= found["ci_high"]


def test_a_classifier_has_no_null_where_no_shuffle_changes_who_said_what() -> None:
    auc = METRICS["agent_auc"]
    found = auc.compute(told(("w", "w"), rounds=1), auc.options(), RNG).row(0, named=True)
    assert found["p_null"] is None
    assert "there is no null" in found["method"]
