"""What drives choices: a conditional logit, its marginal effects, the shares that it predicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.choices.terms import Terms, free_choices, terms_of
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.choice_effects import (
    Effects,
    coefficients,
    marginal_effects,
    shares,
)
from tasks.metrics.statistics.conditional_logit import ChoiceSets, Fit, Undetermined, fitted

#: Episodes below which cluster-robust errors are rough.
FEW_CLUSTERS = 20
#: Share of the episodes that they must be worth to be as good as equal.
EVEN = 0.9
METHOD = (
    "conditional logit, errors clustered by episode, Student's t with as many degrees of freedom, "
    "less one, as the episodes are worth by their numbers of choices"
)


class LogitOptions(Options):
    """Options of ``choice_logit``."""

    by: Literal["model", "nothing"] = Field(
        "model", description="Whether every model has coefficients of its own, or all have one set."
    )
    products: bool = Field(
        True, description="Whether every product has a term; not where products are drawn."
    )


def compute(data: Data, options: LogitOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``choice_logit``."""
    choices = free_choices(data).join(data.episodes.select("episode", "condition"), on="episode")
    parts = []
    for condition in data.conditions:
        mine = choices.filter(pl.col("condition") == condition)
        models = sorted(mine["model"].unique().to_list()) if options.by == "model" else [""]
        for model in models:
            some = mine.filter(pl.col("model") == model) if model else mine
            terms = terms_of(some, options.products)
            if terms is not None:
                parts.append(rows.frame(list(_rows(data, condition, model, terms))))
    return rows.joined(parts)


def _rows(data: Data, condition: str, model: str, terms: Terms) -> Iterator[dict[str, Any]]:
    left_out = data.excluded.get(condition, 0)
    place = {"scope": "condition", "condition": condition, "n_excluded": left_out}
    place["n_measured"] = terms.sets.n
    try:
        fit = fitted(terms.sets)
    except Undetermined as why:
        for name in terms.names:
            reason = f"undefined: {why}; {METHOD}"
            subject = _subject(model, name)
            yield {**place, "quantity": "coefficient", "subject": subject, "method": reason}
        return
    yield {
        **place,
        "quantity": "pseudo_r2",
        "subject": model,
        "value": fit.pseudo_r2,
        "method": "1 less the log-likelihood over that of equal probabilities; conditional logit; "
        "no interval is made of it",
    }
    dummies = terms.yes_or_no
    found: tuple[tuple[str, Effects, Sequence[str]], ...] = (
        ("coefficient", coefficients(fit), terms.names),
        ("marginal_effect", marginal_effects(terms.sets, fit, dummies), terms.names),
        ("share", shares(terms.sets, fit, terms.product, len(terms.products)), terms.products),
    )
    warning = _warning(terms)
    for quantity, effects, names in found:
        low, high = _ends(effects, fit, terms.sets)
        pseudo = effects.pseudo(fit)
        for number, name in enumerate(names):
            subject = _subject(model, name)
            yield {
                **place,
                "quantity": quantity,
                "subject": subject,
                "value": effects.values[number],
                "ci_low": low[number],
                "ci_high": high[number],
                "warning": warning,
                "method": METHOD,
            }
            for cluster, episode in enumerate(terms.episodes):
                yield {
                    "scope": "episode",
                    "condition": condition,
                    "episode_key": data.episodes["episode_key"][episode],
                    "quantity": quantity,
                    "subject": subject,
                    "value": pseudo[cluster, number],
                    "n_measured": int((terms.sets.clusters == cluster).sum()),
                    "method": "one-step jackknife value: the coefficients of the condition, moved "
                    "by what this episode adds to them",
                }


def _ends(effects: Effects, fit: Fit, sets: ChoiceSets) -> tuple[Floats, Floats]:
    """Ends of the intervals; not-a-number for a single episode."""
    from scipy import stats

    if sets.n_clusters < 2:
        nothing = np.full(len(effects.values), np.nan)
        return nothing, nothing
    half = stats.t.ppf(0.975, sets.effective_clusters - 1) * effects.errors(fit)
    return effects.values - half, effects.values + half


def _subject(model: str, name: str) -> str:
    return f"{model}: {name}" if model else name


def _warning(terms: Terms) -> str | None:
    n, worth = terms.sets.n_clusters, terms.sets.effective_clusters
    few = ""
    if n > 1 and worth < FEW_CLUSTERS:
        few = f"the interval rests on {n} episodes{_worth(n, worth)}: it is rough"
    alone = "one episode, so no interval" if n == 1 else ""
    dropped = f"left out, as nobody chose them: {', '.join(terms.dropped)}" if terms.dropped else ""
    return "; ".join(filter(None, [few, alone, dropped])) or None


def _worth(n: int, worth: float) -> str:
    """How many episodes of equal length they are worth, where that is noticeably fewer."""
    return f", worth {worth:.0f} with as many choices each," if worth < EVEN * n else ""


METRIC = Metric(
    name="choice_logit",
    title="What drives choices: coefficients, marginal effects and predicted shares",
    quantities={
        "coefficient": Quantity(
            "utility of a term, by model and term",
            "b of P(j) = exp(x_j b) / sum exp(x_k b)",
            "any",
            weighed_by="choices",
        ),
        "marginal_effect": Quantity(
            "change of the probability with an alternative's own term, averaged",
            "mean of b p (1 - p); of a tag or place, p with it less p without it",
            "any",
            weighed_by="choices",
        ),
        "share": Quantity(
            "predicted market share, by model and product",
            "sum of p over sets",
            "[0, 1]",
            weighed_by="choices",
        ),
        "pseudo_r2": Quantity("McFadden's pseudo-R², by model", "1 - lnL / lnL0", "[0, 1]"),
    },
    source="McFadden (1974); Liang and Zeger (1986); Carter et al. (2017); terms as in Allouah et "
    "al. (2025), ACES.",
    avoid="The utility of one alternative is taken not to depend on the others. Coefficients of "
    "different models share no scale: compare marginal effects. Below 20 episodes intervals are "
    "rough, and so they are where few episodes have most of the choices. Episode rows are "
    "jackknife values, fit for contrasts and for nothing else. Sets of tasks with a right answer "
    "are left out; see `choice_shares`.",
    needs=("choice_sets",),
    options=LogitOptions,
    version=2,
    compute=compute,
)
