"""Every metric, by name. A new one is a module with a ``METRIC`` and a line here."""

from __future__ import annotations

from tasks.metrics.metric import GUIDE, Metric
from tasks.registry import ModuleRegistry, Registry

#: The module of every metric. It is imported when the metric is asked for.
MODULES = {
    "agent_auc": "identity.classifier",
    "agreement": "coders.agreement",
    "alignment": "text.alignment",
    "assigned_traits": "persona.assigned",
    "choice_logit": "choices.logit",
    "choice_shares": "choices.shares",
    "compression": "text.compression",
    "consensus": "opinion.consensus",
    "convergence": "text.convergence",
    "distinct_n": "text.distinct",
    "drift": "text.drift",
    "episode_quality": "outcomes.episode_quality",
    "flags": "coders.flags",
    "identity_confusion": "identity.confusion",
    "market": "outcomes.market",
    "mentions": "conversation.mentions",
    "opinion_change": "opinion.change",
    "opinion_revision": "opinion.revision",
    "outcomes": "outcomes.outcomes",
    "participation": "conversation.participation",
    "persona_consistency": "identity.voice",
    "persona_coverage": "persona.coverage",
    "persona_distance": "persona.distance",
    "persona_distinct": "persona.wording",
    "persona_duplicates": "persona.duplicates",
    "persona_vendi": "persona.variety",
    "profile_cosine": "profile.cosine",
    "profile_jsd": "profile.divergence",
    "profile_stability": "profile.stability",
    "profile_variance": "profile.variance",
    "rates": "coders.rates",
    "reliability": "coders.reliability",
    "responses": "opinion.responses",
    "scale_association": "persona.association",
    "scale_reliability": "persona.reliability",
    "sequences": "choices.sequences",
    "stability": "identity.stability",
    "trait_drift": "persona.drift",
    "trait_fidelity": "persona.fidelity",
    "trait_scores": "persona.scores",
    "transitions": "conversation.transitions",
    "turnover": "text.turnover",
    "vendi": "text.diversity",
}

METRICS: Registry[Metric] = ModuleRegistry(
    "metric",
    {name: f"tasks.metrics.{module}" for name, module in MODULES.items()},
    "METRIC",
    GUIDE,
)
