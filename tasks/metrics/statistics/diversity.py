"""Effective numbers from similarities."""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Floats


def effective_number(gram: Floats) -> Floats:
    """K* = 2^H of the eigenvalues of Gram matrices divided by their trace; the Vendi score.

    Args:
        gram: Shape (..., n, n), positive semi-definite; rows and columns of zeros do not count.

    Source: Yang et al. (2026), arXiv 2602.03794; for unit vectors the same number as the Vendi
    score with cosine kernel (Friedman and Dieng 2023).

    Example:
        >>> effective_number(np.eye(3)).round(9), effective_number(np.ones((3, 3))).round(9)
        (np.float64(3.0), np.float64(1.0))
    """
    trace = np.trace(gram, axis1=-2, axis2=-1)
    good = trace > 1e-12
    values = np.linalg.eigvalsh(gram) / np.where(good, trace, 1.0)[..., None]
    values = np.where(values > 1e-15, values, 1.0)
    entropy = -(values * np.log2(values)).sum(axis=-1)
    return np.where(good, 2**entropy, np.nan)[()]
