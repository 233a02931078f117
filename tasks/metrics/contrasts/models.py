"""Regression of a metric on the condition, runs as clusters of their seats."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.metrics.contrasts.sample import (
    NO_VARIANCE,
    Finding,
    Side,
    TestOptions,
    Untestable,
    contrast_test,
)
from tasks.metrics.statistics import effects

FEW_CLUSTERS = 30
_SEATS = (
    "Needs a metric with values by seat. Below about 30 runs in all its p-values are too small: "
    "use permutation on run means."
)


def _design(sides: tuple[Side, ...]) -> tuple[Any, Any, npt.NDArray[np.int64]]:
    import statsmodels.api as sm

    a, b = sides[0], sides[1]
    values = np.concatenate([a.values, b.values])
    in_b = np.repeat([0.0, 1.0], [len(a.values), len(b.values)])
    _, groups = np.unique(np.array([*a.runs, *b.runs]), return_inverse=True)
    return values, sm.add_constant(in_b), groups


def _refuse_equal_means(sides: tuple[Side, ...]) -> None:
    """Make sure that there is a difference between runs that a test over seats could find.

    Shares that sum to one have the same mean in every run, so a test of them would be one of
    rounding errors.

    Raises:
        Untestable: The means of runs do not vary beyond rounding.
    """
    values, _, groups = _design(sides)
    means = np.bincount(groups, weights=values) / np.bincount(groups)
    if np.ptp(means) <= 1e-9 * np.abs(values).max():
        raise Untestable(
            "the means of runs do not vary beyond rounding, as those of shares that sum to one, "
            "so there is nothing to test"
        )


def _few(sides: tuple[Side, ...]) -> str:
    n = sum(side.n_runs for side in sides)
    if n >= FEW_CLUSTERS:
        return ""
    return f"{n} runs are few for cluster-robust errors; if anything the p-value is too small"


def _coefficient(result: Any, sides: tuple[Side, ...], method: str, warning: str = "") -> Finding:
    low, high = np.asarray(result.conf_int())[1]
    return Finding(
        statistic=float(result.tvalues[1]),
        p=float(result.pvalues[1]),
        effect=float(result.params[1]),
        effect_name="mean_difference",
        interval=(float(low), float(high)),
        method=f"{method}; coefficient of b against a, 95 % interval of the model",
        warning=warning,
    )


@contrast_test(
    title="whether seats of b differ from seats of a, runs as clusters",
    effect="mean_difference",
    source="Liang and Zeger (1986); Cameron and Miller (2015).",
    avoid=_SEATS,
    scope="seat",
)
def cluster_robust(
    sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator
) -> Finding:
    """Least squares over seats with errors clustered by run."""
    import statsmodels.api as sm

    _refuse_equal_means(sides)
    values, design, groups = _design(sides)
    result = sm.OLS(values, design).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    return _coefficient(
        result, sides, "least squares over seats, standard errors clustered by run", _few(sides)
    )


@contrast_test(
    title="whether seats of b differ from seats of a, each run with its own level",
    effect="mean_difference",
    source="Laird and Ware (1982).",
    avoid=_SEATS + " Assumes normal run levels.",
    scope="seat",
)
def mixed_model(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Mixed model over seats with a random intercept per run."""
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    _refuse_equal_means(sides)
    values, design, groups = _design(sides)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = sm.MixedLM(values, design, groups=groups).fit(reml=True)
    told = [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    return _coefficient(
        result,
        sides,
        "linear mixed model over seats, random intercept per run, REML",
        "; ".join(dict.fromkeys(told)),
    )


@contrast_test(
    title="whether seats of b differ from seats of a, seats of a run alike",
    effect="mean_difference",
    source="Liang and Zeger (1986); Mancl and DeRouen (2001).",
    avoid=_SEATS,
    scope="seat",
)
def gee(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Generalised estimating equations over seats, exchangeable within runs."""
    import statsmodels.api as sm

    _refuse_equal_means(sides)
    values, design, groups = _design(sides)
    result = sm.GEE(values, design, groups=groups, cov_struct=sm.cov_struct.Exchangeable()).fit(
        cov_type="bias_reduced"
    )
    return _coefficient(
        result,
        sides,
        "GEE over seats, exchangeable within runs, bias-reduced errors (Mancl and DeRouen 2001)",
        _few(sides),
    )


@contrast_test(
    title="whether the means of runs differ, variances allowed to differ",
    effect="hedges_g",
    source="Welch (1947); Hedges (1981).",
    avoid="With few and skewed runs use mann_whitney or permutation.",
)
def welch(sides: tuple[Side, ...], options: TestOptions, rng: np.random.Generator) -> Finding:
    """Welch's t test of runs with Hedges' g."""
    a, b = sides[0].values, sides[1].values
    statistic, p, warning = float("nan"), float("nan"), NO_VARIANCE
    if a.var() + b.var() > 0:
        from scipy import stats

        found = stats.ttest_ind(b, a, equal_var=False)
        statistic, p, warning = float(found.statistic), float(found.pvalue), ""
    draws = effects.hedges_g_draws(a, b, options.resamples)
    return Finding(
        statistic=statistic,
        p=p,
        effect=effects.hedges_g(a, b),
        effect_name="hedges_g",
        interval=effects.effect_interval(draws, len(a), len(b)),
        method="Welch's t of run means, two-sided; Hedges' g, positive: b has the larger mean",
        warning=warning,
    )
