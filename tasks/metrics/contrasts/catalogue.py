"""Every test, by name."""

from __future__ import annotations

from schemas.errors import Mistake, nearest
from tasks.metrics.contrasts import equivalence, models, permutation, ranks
from tasks.metrics.contrasts.sample import Test

TESTS: dict[str, Test] = {
    test.name: test for module in (ranks, permutation, models, equivalence) for test in module.TESTS
}


def declared_test(name: str, place: str) -> Test:
    """The test of a name.

    Raises:
        Mistake: There is none.
    """
    if name in TESTS:
        return TESTS[name]
    close = nearest(name, TESTS)
    raise Mistake(
        what="unknown test",
        place=place,
        found=name,
        expected="one of " + ", ".join(sorted(TESTS)),
        fix=f"write {close}" if close else "see docs/metrics.md",
    )
