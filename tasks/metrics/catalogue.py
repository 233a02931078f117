"""Every metric, by name. A new one is a module with a ``METRIC`` and a line here."""

from __future__ import annotations

from tasks.metrics.coders import agreement, rates, reliability
from tasks.metrics.profile import cosine, divergence, stability, variance
from tasks.metrics.registry import Metric
from tasks.metrics.results import outcomes
from tasks.metrics.talk import participation

METRICS: dict[str, Metric] = {
    module.METRIC.name: module.METRIC
    for module in (
        agreement,
        cosine,
        divergence,
        outcomes,
        participation,
        rates,
        reliability,
        stability,
        variance,
    )
}
