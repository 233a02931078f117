"""Every metric, by name. A new one is a module with a ``METRIC`` and a line here."""

from __future__ import annotations

from tasks.metrics.coders import agreement, rates, reliability
from tasks.metrics.conversation import mentions, participation, transitions
from tasks.metrics.identity import classifier, confusion, stability, voice
from tasks.metrics.metric import GUIDE, Metric
from tasks.metrics.opinion import change, consensus, responses
from tasks.metrics.outcomes import episode_quality, market, outcomes
from tasks.metrics.profile import cosine, divergence, variance
from tasks.metrics.profile import stability as profile_stability
from tasks.metrics.text import (
    alignment,
    compression,
    convergence,
    distinct,
    diversity,
    drift,
    turnover,
)
from tasks.registry import Registry

METRICS: Registry[Metric] = Registry(
    "metric",
    (
        module.METRIC
        for module in (
            agreement,
            alignment,
            change,
            classifier,
            compression,
            confusion,
            consensus,
            convergence,
            cosine,
            distinct,
            divergence,
            diversity,
            drift,
            market,
            mentions,
            outcomes,
            participation,
            profile_stability,
            rates,
            reliability,
            responses,
            episode_quality,
            stability,
            transitions,
            turnover,
            variance,
            voice,
        )
    ),
    GUIDE,
)
