"""Markets: welfare, revenue, and which proposal was taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.outcomes.outcomes import episode_outcomes
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.proportions import wilson_interval

#: Quantity -> outcome of the episode, and what it is.
EPISODE = {
    "welfare": ("welfare", "sum of customers' utilities"),
    "welfare_ratio": ("optimal_share", "welfare over the welfare of the best matching"),
    "revenue": ("revenue", "what customers paid"),
    "needs_met": ("share_needs_met", "customers whose request was met"),
    "paid": ("share_paid", "customers who bought"),
    "first_proposal": (
        "first_proposal_share",
        "customers who took the first of several proposals",
    ),
    "optimal": (
        "welfare_optimal",
        "welfare if all took the best, which is the cheapest business with all items and amenities",
    ),
    "cheapest": (
        "welfare_cheapest",
        "welfare if all took the cheapest business with all items, whatever its amenities",
    ),
    "random": (
        "welfare_random",
        "expected welfare if all took any business with all items, whatever its amenities",
    ),
    "random_fitting": (
        "welfare_random_fitting",
        "expected welfare if all took any business with all items and amenities",
    ),
}


def first_proposals(data: Data) -> pl.DataFrame:
    """Customers who chose among several proposals: ``episode, seat, first`` (0 or 1)."""
    wide = data.outcomes.filter(
        (pl.col("scope") == "seat")
        & pl.col("metric").is_in(["first_proposal_accepted", "proposals_received"])
    )
    if wide.is_empty():
        return pl.DataFrame(schema={"episode": pl.Int64, "seat": pl.String, "first": pl.Float64})
    table = wide.pivot(on="metric", index=["episode", "subject"], values="value")
    if not {"first_proposal_accepted", "proposals_received"} <= set(table.columns):
        return pl.DataFrame(schema={"episode": pl.Int64, "seat": pl.String, "first": pl.Float64})
    chose = pl.col("first_proposal_accepted").is_not_null() & (pl.col("proposals_received") > 1)
    return table.filter(chose).select(
        "episode", pl.col("subject").alias("seat"), pl.col("first_proposal_accepted").alias("first")
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``market``."""
    known = episode_outcomes(data)
    scored = {
        quantity: ByEpisode(known[name], f"{title}, as the market scored it", 1)
        for quantity, (name, title) in EPISODE.items()
        if name in known
    }
    utility = data.outcomes.filter((pl.col("scope") == "seat") & (pl.col("metric") == "utility"))
    by_seat = rows.of_seats(
        data,
        utility.select("episode", pl.col("subject").alias("seat"), "value"),
        quantity="utility",
        method="value of the request if it was met, less what was paid",
    )
    return rows.joined([rows.of_episodes(data, options, scored), by_seat, _pooled(data)])


def _pooled(data: Data) -> pl.DataFrame:
    """Share of first proposals over all customers of a condition, with Wilson's interval."""
    chosen = first_proposals(data)
    found: list[dict[str, Any]] = []
    for condition in data.conditions:
        mine = chosen.filter(pl.col("episode").is_in(data.by_condition[condition].tolist()))
        taken, n = int(mine["first"].sum()), mine.height
        if not n:
            continue
        low, high = wilson_interval(taken, n)
        found.append(
            {
                "quantity": "first_proposal_pooled",
                "scope": "condition",
                "condition": condition,
                "value": taken / n,
                "ci_low": low,
                "ci_high": high,
                "n_measured": n,
                "n_excluded": data.excluded.get(condition, 0),
                "method": f"{taken} of {n} customers who had several proposals and paid; "
                "Wilson's interval, which takes customers to be independent",
            }
        )
    return rows.frame(found)


METRIC = Metric(
    name="market",
    title="What a market achieved: welfare against its baselines, revenue, first proposals",
    quantities={
        quantity: Quantity(
            title,
            f"outcome `{name}` of the episode",
            "[0, 1]" if quantity in {"needs_met", "paid", "first_proposal"} else "any",
            "1" if quantity in {"welfare_ratio", "needs_met", "paid", "first_proposal"} else "USD",
        )
        for quantity, (name, title) in EPISODE.items()
    }
    | {
        "utility": Quantity("a customer's utility, by seat", "2 v · 1[met] - paid", "any", "USD"),
        "first_proposal_pooled": Quantity(
            "share of first proposals taken, customers pooled", "k / n", "[0, 1]"
        ),
    },
    source="Bansal et al. (2025), Magentic Marketplace; Wilson (1927) for the pooled share.",
    avoid="Welfare in USD compares only markets of one catalogue; use `welfare_ratio` across "
    "catalogues. `first_proposal_pooled` has an interval that is too narrow where customers of an "
    "episode act alike: `first_proposal` resamples episodes. A share of first proposals means "
    "little without random order of proposals.",
    needs=("outcomes",),
    version=2,
    compute=compute,
)
