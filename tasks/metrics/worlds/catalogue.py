"""The worlds of every metric and of every test, by its name."""

from __future__ import annotations

from tasks.metrics.metric import GUIDE
from tasks.metrics.worlds import (
    answers,
    choices,
    coders,
    drifting,
    opinions,
    personas,
    profiles,
    questionnaires,
    results,
    revisions,
    sequences,
    shifts,
    sides,
    speech,
    texts,
)
from tasks.metrics.worlds.hard import with_hard_worlds
from tasks.metrics.worlds.world import MetricWorlds, TestWorlds
from tasks.registry import Registry

METRIC_WORLDS: Registry[MetricWorlds] = Registry(
    "worlds of metric",
    map(
        with_hard_worlds,
        (
            answers.responses,
            profiles.cosine,
            profiles.divergence,
            profiles.variance,
            choices.logit,
            choices.shares,
            coders.agreement,
            coders.auc,
            coders.rates,
            coders.reliability,
            coders.stability,
            opinions.change,
            opinions.consensus,
            personas.assigned,
            questionnaires.association,
            questionnaires.fidelity,
            questionnaires.reliability,
            questionnaires.scores,
            shifts.drift,
            personas.coverage,
            personas.distance,
            personas.distinct,
            personas.duplicates,
            personas.vendi,
            results.market,
            results.outcomes,
            results.quality,
            results.stability,
            revisions.flags,
            revisions.opinion_revision,
            sequences.sequences,
            speech.compression,
            speech.distinct,
            speech.identity,
            speech.mentions,
            speech.participation,
            speech.transitions,
            speech.turnover,
            texts.alignment,
            texts.convergence,
            texts.consistency,
            drifting.drift,
            texts.vendi,
        ),
    ),
    GUIDE,
)
TEST_WORLDS: Registry[TestWorlds] = Registry(
    "worlds of test",
    (
        sides.brunner_munzel,
        sides.cluster_robust,
        sides.equivalence,
        sides.gee,
        sides.kruskal_wallis,
        sides.mann_whitney,
        sides.mixed_model,
        sides.permutation,
        sides.welch,
        sides.wilcoxon,
    ),
    GUIDE,
)
