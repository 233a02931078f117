"""Every test, by name."""

from __future__ import annotations

from tasks.metrics.contrasts import equivalence, models, permutation, ranks
from tasks.metrics.contrasts.sample import Test
from tasks.metrics.declared import declared_as

TESTS: dict[str, Test] = {
    test.name: test for module in (ranks, permutation, models, equivalence) for test in module.TESTS
}


def declared_test(name: str, place: str) -> Test:
    """The test of a name.

    Raises:
        Mistake: There is none.
    """
    return declared_as("test", TESTS, name, place)
