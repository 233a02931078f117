"""Areas under ROC curves of pairs within strata."""

from __future__ import annotations

import numpy as np

from tasks.metrics.statistics.arrays import Bools, Floats, Ints, ratio


def weighted_auc(scores: Floats, positive: Bools, weights: Floats, strata: Ints) -> Floats:
    """Area under the ROC curve for each row of weights, of pairs of the same stratum, ties half.

    Args:
        scores: Shape (n,).
        positive: Shape (n,).
        weights: Shape (resamples, n).
        strata: Shape (n,).

    Example:
        >>> two = np.array([0, 0, 1, 1])
        >>> own = np.array([True, False, True, False])
        >>> weighted_auc(np.array([1.0, 0, 0, 1]), own, np.ones((1, 4)), two).tolist()
        [0.5]
    """
    order = np.lexsort((scores, strata))
    stratum, score = strata[order], scores[order]
    w, pos = weights[:, order], positive[order]
    first = np.append(True, np.diff(stratum) != 0)
    starts = np.flatnonzero(first | np.append(True, np.diff(score) != 0))
    ups = np.add.reduceat(w * pos, starts, axis=1)
    downs = np.add.reduceat(w * ~pos, starts, axis=1)
    begins = np.searchsorted(starts, np.flatnonzero(first))
    number = np.cumsum(first[starts]) - 1
    before = np.cumsum(downs, axis=1) - downs
    below = before - before[:, begins][:, number] + downs / 2
    all_ups, all_downs = (np.add.reduceat(part, begins, axis=1) for part in (ups, downs))
    total = (all_ups * all_downs).sum(axis=1)
    good = total > 0
    return np.where(good, (ups * below).sum(axis=1) / np.where(good, total, 1), np.nan)


def areas(scores: Floats, own: Bools, strata: Ints) -> Floats:
    """Area under the ROC curve of each column, of pairs of the same stratum, ties half.

    Args:
        scores: Shape (messages, columns).
        own: Shape (messages, columns).
        strata: Shape (messages,).

    Example:
        >>> areas(np.array([[1.0], [0], [2]]), np.array([[True], [False], [False]]), np.zeros(3))
        array([0.5])
    """
    from scipy import stats

    below, pairs = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    order = np.argsort(strata, kind="stable")
    ends = np.flatnonzero(np.diff(strata[order], append=np.inf)) + 1
    for mine in np.split(order, ends[:-1]):
        n = own[mine].sum(axis=0)
        ranks = stats.rankdata(scores[mine], axis=0)
        below += (ranks * own[mine]).sum(axis=0) - n * (n + 1) / 2
        pairs += n * (len(mine) - n)
    return ratio(below, pairs)
