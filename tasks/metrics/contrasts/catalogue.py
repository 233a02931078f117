"""Every test, by name."""

from __future__ import annotations

from tasks.metrics.contrasts import equivalence, models, paired, permutation, ranks
from tasks.metrics.contrasts.sample import Test
from tasks.metrics.metric import GUIDE
from tasks.registry import Registry

TESTS: Registry[Test] = Registry(
    "test",
    (
        ranks.mann_whitney,
        ranks.brunner_munzel,
        ranks.kruskal_wallis,
        paired.wilcoxon,
        permutation.permutation,
        models.welch,
        models.cluster_robust,
        models.mixed_model,
        models.gee,
        equivalence.equivalence,
    ),
    GUIDE,
)
