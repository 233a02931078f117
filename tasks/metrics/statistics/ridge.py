"""Ridge regressions of many targets on one sparse matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from tasks.metrics.statistics.arrays import Floats, Ints


def ridge_scores(train: Any, test: Any, targets: Floats) -> Floats:
    """Scores of rows by ridge regressions that were fitted to others, but for a constant.

    Args:
        train: Sparse rows that the regressions are fitted to.
        test: Sparse rows that are scored.
        targets: What the first rows are to give, one regression per column.

    Returns:
        Shape (test rows, regressions).

    Source: Hoerl and Kennard (1970), penalty 1, without penalty on the constant; with fewer rows
    than dimensions by way of their dot products.
    """
    from scipy import linalg

    centre = np.asarray(train.mean(axis=0), dtype=np.float64).ravel()
    wanted = targets - targets.mean(axis=0)
    n, d = train.shape
    if n <= d:
        dots = _centred(train, train, centre)
        return np.asarray(
            _centred(test, train, centre)
            @ linalg.solve(dots + np.eye(n), wanted, assume_a="pos", overwrite_a=True)
        )
    dots = (train.T @ train).toarray().astype(np.float64) - n * np.outer(centre, centre)
    dots[np.diag_indices(d)] += 1.0
    weights = linalg.solve(dots, train.T @ wanted, assume_a="pos", overwrite_a=True)
    return np.asarray(test @ weights - centre @ weights)


def _centred(rows: Any, columns: Any, centre: Floats) -> Floats:
    """Dot products of rows of two matrices, both less the same centre."""
    dots = (rows @ columns.T).toarray().astype(np.float64)
    dots -= np.asarray(rows @ centre)[:, None]
    dots -= np.asarray(columns @ centre)[None, :]
    return np.asarray(dots + centre @ centre)


def held_out_scores(unit: Any, targets: Floats, folds: Ints) -> Floats:
    """Scores of each message by regressions that were fitted to the messages of other folds."""
    scores = np.empty(targets.shape)
    for fold in range(int(folds.max()) + 1):
        held = folds == fold
        scores[held] = ridge_scores(unit[~held], unit[held], targets[~held])
    return scores
