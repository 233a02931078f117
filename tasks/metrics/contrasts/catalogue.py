"""Every test, by name."""

from __future__ import annotations

from tasks.metrics.contrasts import equivalence, models, permutation, ranks
from tasks.metrics.contrasts.sample import Test
from tasks.metrics.metric import GUIDE
from tasks.registry import Registry

TESTS: Registry[Test] = Registry(
    "test",
    (*ranks.TESTS, *permutation.TESTS, *models.TESTS, *equivalence.TESTS),
    GUIDE,
)
