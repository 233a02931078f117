"""p-values corrected over a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def adjusted(p_values: Sequence[float | None], method: str) -> list[float | None]:
    """The corrected p-values of a family.

    A missing p-value counts like one of 1: the family has the size that was declared, and what
    could not be tested never makes the others easier to pass.

    Args:
        p_values: Of every contrast of the family, missing ones included.
        method: holm, bonferroni, fdr_bh, fdr_by or none.

    Example:
        >>> [round(p, 6) for p in adjusted([0.01, 0.04, 0.03], "holm")]
        [0.03, 0.06, 0.06]
        >>> adjusted([0.01, None, None], "holm")
        [0.03, None, None]
    """
    from statsmodels.stats.multitest import multipletests

    if method == "none":
        return list(p_values)
    if not p_values:
        return []
    filled = np.array([1.0 if p is None else p for p in p_values])
    corrected = multipletests(filled, method=method)[1].tolist()
    return [None if p is None else q for p, q in zip(p_values, corrected, strict=True)]
