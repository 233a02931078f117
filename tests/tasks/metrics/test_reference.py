"""The reference page and the declarations that it is made of."""

from __future__ import annotations

import pytest

from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.reference import PAGE, page


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "episode python -m tasks.metrics.reference"


@pytest.mark.parametrize("name", sorted(METRICS))
def test_every_metric_says_when_not_to_use_it(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    assert len(metric.avoid) > 40
    assert metric.source
    assert metric.quantities
    for quantity in metric.quantities.values():
        assert quantity.formula
        assert quantity.range
    for field in metric.options.model_fields.values():
        assert field.description


@pytest.mark.parametrize("name", sorted(TESTS))
def test_every_test_says_when_not_to_use_it(name: str) -> None:
    test = TESTS[name]
    assert test.name == name
    assert len(test.avoid) > 20
    assert test.source
