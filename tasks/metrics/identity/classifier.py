"""Whether a classifier tells from a message who wrote it, in episodes that it has not seen."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Quantity
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.statistics.bootstrap import episode_weights, interval, interval_words
from tasks.metrics.text import vectors
from tasks.metrics.text.vectors import TextOptions


class ClassifierOptions(TextOptions):
    """Options of ``agent_auc``."""

    by: Literal["model", "name", "seat", "position"] = Field(
        "model", description="What the classifier is to recognise."
    )
    folds: int = Field(5, ge=2, le=20, description="Parts that runs are split into.")
    most: int = Field(20_000, ge=100, description="Messages of a condition that are used at most.")
    resamples: int = Field(500, ge=100, le=10_000, description="Resamples behind an interval.")


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


def held_out_scores(unit: Any, who: Ints, episodes: Ints, folds: int) -> tuple[Floats, Ints]:
    """Scores of each class for each message, by a model fitted to other episodes, and its fold.

    A class that a fold's other episodes lack is scored 0 there. Scores have shape (messages,
    classes).
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import GroupKFold

    n_classes = int(who.max()) + 1
    scores, fold = np.zeros((len(who), n_classes)), np.zeros(len(who), dtype=np.int64)
    for number, (train, test) in enumerate(GroupKFold(n_splits=folds).split(unit, who, episodes)):
        fold[test] = number
        present = np.unique(who[train])
        if len(present) < 2:
            continue
        model = RidgeClassifier(alpha=1.0, solver="sparse_cg", class_weight="balanced")
        found = model.fit(unit[train], who[train]).decision_function(unit[test])
        if found.ndim == 1:
            found = np.column_stack([-found, found])
        scores[np.ix_(test, present)] = found
    return scores, fold


def compute(data: Data, options: ClassifierOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``agent_auc``."""
    unit = vectors.message_vectors(data, options.encoder)
    who = data.messages.select("episode", "seat").join(
        data.seats.select("episode", "seat", pl.col(options.by).cast(pl.String).alias("who")),
        on=["episode", "seat"],
        how="left",
        maintain_order="left",
    )["who"]
    episode, round_ = (data.messages[name].to_numpy() for name in ("episode", "round"))
    known = who.is_not_null().to_numpy()
    found = []
    for condition in data.conditions:
        mine = np.flatnonzero(np.isin(episode, data.condition_episodes[condition]) & known)
        if len(mine) > options.most:
            mine = np.sort(rng.choice(mine, size=options.most, replace=False))
        names = who.to_numpy()[mine].astype(str)
        found.append(
            {
                "scope": "condition",
                "condition": condition,
                "n_excluded": data.excluded.get(condition, 0),
                **_condition(unit[mine], names, episode[mine], round_[mine], options),
            }
        )
    return rows.frame(found)


def _condition(
    unit: Any, names: npt.NDArray[np.str_], episode: Ints, round_: Ints, options: ClassifierOptions
) -> dict[str, Any]:
    classes, who = np.unique(names, return_inverse=True)
    episodes, group = np.unique(episode, return_inverse=True)
    folds = min(options.folds, len(episodes))
    counts = (
        f"{len(classes)} agents (by {options.by}), {len(episodes)} episodes, {len(names)} messages"
    )
    if len(classes) < 2 or folds < 2:
        return {
            "n_measured": len(episodes),
            "method": f"undefined: needs two agents and two episodes; there are {counts}",
        }
    scores, fold = held_out_scores(unit, who, group, folds)
    strata = fold * (int(round_.max()) + 1) + round_
    weights = episode_weights(len(episodes), options.resamples).astype(np.float64)[:, group]
    every = np.vstack([np.ones(len(who)), weights])
    areas = np.stack(
        [weighted_auc(scores[:, k], who == k, every, strata) for k in range(len(classes))], axis=1
    )
    mean = areas.mean(axis=1)
    low, high = interval(mean[1:], len(episodes))
    return {
        "value": float(mean[0]),
        "ci_low": float(low),
        "ci_high": float(high),
        "null_mean": 0.5,
        "n_measured": len(episodes),
        "method": f"mean one-against-rest area under the ROC curve of {counts}, messages of the "
        "same round compared; ridge classifier "
        f"on {vectors.encoder_words(options.encoder)}, {folds} folds with whole episodes held out; "
        f"{interval_words(float(low), float(high), len(episodes))}, the classifier not refitted",
    }


METRIC = Metric(
    name="agent_auc",
    title="How well messages of unseen episodes give away who wrote them (.5: not at all)",
    quantities={
        "": Quantity(
            "area under the ROC curve, one against the rest, mean over agents",
            "P(score of own message > score of another's of the round)",
            "[0, 1]",
        )
    },
    source="Hand and Till (2001) for the mean over classes; groups held out as in GroupKFold; "
    "pairs within a round, so that who speaks when gives nobody away.",
    avoid="Agents that sign their messages are recognised by the signature: with `by: name` it "
    "measures that. Positions are recognised by what comes first. With fewer than ten episodes the "
    "area is rough.",
    needs=("messages", "seats"),
    options=ClassifierOptions,
    version=2,
    compute=compute,
)
