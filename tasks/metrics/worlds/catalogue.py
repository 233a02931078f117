"""The worlds of every metric and of every test, by its name."""

from __future__ import annotations

from tasks.metrics.metric import GUIDE
from tasks.metrics.worlds import profiles, texts
from tasks.metrics.worlds.world import MetricWorlds
from tasks.registry import Registry

METRIC_WORLDS: Registry[MetricWorlds] = Registry(
    "worlds of metric",
    (
        profiles.cosine,
        profiles.divergence,
        profiles.variance,
        texts.alignment,
        texts.convergence,
        texts.consistency,
        texts.drift,
        texts.vendi,
    ),
    GUIDE,
)
