"""p-values corrected over a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def adjusted(p_values: Sequence[float | None], method: str) -> list[float | None]:
    """The corrected p-values; a missing one is no member of the family.

    Args:
        p_values: Of every contrast of the family.
        method: holm, bonferroni, fdr_bh, fdr_by or none.

    Example:
        >>> [round(p, 6) for p in adjusted([0.01, 0.04, 0.03], "holm")]
        [0.03, 0.06, 0.06]
    """
    from statsmodels.stats.multitest import multipletests

    if method == "none":
        return list(p_values)
    there = [i for i, p in enumerate(p_values) if p is not None]
    result: list[float | None] = [None] * len(p_values)
    if not there:
        return result
    corrected = multipletests(np.array([p_values[i] for i in there], dtype=float), method=method)[1]
    for i, p in zip(there, corrected, strict=True):
        result[i] = float(p)
    return result
