"""What a run shows of its numbers."""

from __future__ import annotations

import json
from typing import Any

from flows.findings import findings
from schemas.study import Study
from tasks.metrics.units import declared_metrics
from warehouse.queries.measures import HeadlineMetric, HeadlineMetrics

STUDY = Study.model_validate(
    {
        "name": "two",
        "models": {"m": {"model": "sim/agent"}},
        "episode": {"environment": "discussion"},
        "metrics": ["drift", "turnover", {"name": "drift", "part": 0.5}],
    }
)


class Held:
    """A warehouse with these numbers."""

    def __init__(self, rows: list[HeadlineMetric]) -> None:
        self.held = rows

    def rows(self, query: Any) -> list[HeadlineMetric]:
        return self.held if isinstance(query, HeadlineMetrics) else []


def _row(metric: str, options: Any, value: float) -> HeadlineMetric:
    return HeadlineMetric(metric, json.dumps(options), "", "a", value, None, None, None, 3, 0, None)


def test_two_metrics_of_one_name_are_told_apart_by_the_options_that_differ() -> None:
    first, turnover, second = declared_metrics(STUDY)
    variant = {**first.options, "part": 0.25}
    rows = [
        _row("drift", second.options, 2.0),
        _row("turnover.birth", turnover.options, 3.0),
        _row("drift", variant, 9.0),
        _row("drift", first.options, 1.0),
    ]
    warehouse: Any = Held(rows)
    found = findings(warehouse, "v", STUDY)
    assert [(row.metric, row.value) for row in found.metrics] == [
        ("drift (part=0.333333)", 1.0),
        ("turnover.birth", 3.0),
        ("drift (part=0.5)", 2.0),
    ]
