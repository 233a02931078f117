"""Markets: welfare, revenue, and which proposal was taken."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.outcomes.outcomes import episode_outcomes
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.statistics.proportions import design_effect, wilson_interval


class OfEpisode(NamedTuple):
    """A quantity that is an outcome of the episode."""

    outcome: str
    title: str
    range: str = "any"
    unit: str = "1"


SHARE = "[0, 1]"
FROM_ZERO = "[0, ∞)"

#: Quantities that are outcomes of the episode, by name.
EPISODE = {
    "welfare": OfEpisode("welfare", "sum of customers' utilities", unit="USD"),
    "welfare_ratio": OfEpisode("optimal_share", "welfare over the welfare of the best matching"),
    "revenue": OfEpisode("revenue", "what customers paid", FROM_ZERO, "USD"),
    "needs_met": OfEpisode("share_needs_met", "customers whose request was met", SHARE),
    "paid": OfEpisode("share_paid", "customers who bought", SHARE),
    "servable": OfEpisode("share_servable", "customers whom some business fits", SHARE),
    "first_proposal": OfEpisode(
        "first_proposal_share", "customers who took the first of several proposals", SHARE
    ),
    "top_position": OfEpisode(
        "top_position_share", "buyers who paid the first business of their search", SHARE
    ),
    "considered": OfEpisode("mean_considered", "businesses that searches showed", FROM_ZERO),
    "contacted": OfEpisode("mean_contacted", "businesses that a customer wrote to", FROM_ZERO),
    "contacted_fitting": OfEpisode(
        "mean_contacted_fitting", "businesses that a customer wrote to and that fit it", FROM_ZERO
    ),
    "searches": OfEpisode("searches_per_purchase", "searches per purchase", FROM_ZERO),
    "messages": OfEpisode("messages_per_purchase", "messages of customers per purchase", FROM_ZERO),
    "invalid_proposals": OfEpisode(
        "invalid_proposals", "proposals that the platform refused", FROM_ZERO
    ),
    "invalid_share": OfEpisode("invalid_share", "proposals that the platform refused", SHARE),
    "refused_payments": OfEpisode(
        "refused_payments", "payments that the platform refused", FROM_ZERO
    ),
    "price_over_menu": OfEpisode(
        "price_over_menu", "what was paid over what it costs by the menu", FROM_ZERO
    ),
    "treated_share": OfEpisode("treated_share", "purchases at treated businesses", SHARE),
    "treated_orders": OfEpisode("treated_orders", "purchases per treated business", FROM_ZERO),
    "honest_orders": OfEpisode("honest_orders", "purchases per business not treated", FROM_ZERO),
    "optimal": OfEpisode(
        "welfare_optimal", "welfare if all took the best business with all items", unit="USD"
    ),
    "cheapest": OfEpisode(
        "welfare_cheapest",
        "welfare if all took the cheapest business with all items, whatever its amenities",
        unit="USD",
    ),
    "cheapest_fitting": OfEpisode(
        "welfare_cheapest_fitting",
        "welfare if all took the cheapest business with all items and amenities",
        unit="USD",
    ),
    "random": OfEpisode(
        "welfare_random",
        "expected welfare if all took any business with all items, whatever its amenities",
        unit="USD",
    ),
    "random_fitting": OfEpisode(
        "welfare_random_fitting",
        "expected welfare if all took any business with all items and amenities",
        unit="USD",
    ),
}


#: Quantities of what models read and wrote, by name: columns of tokens, and what they are.
TOKENS = {
    "tokens": (("prompt_tokens", "completion_tokens"), "tokens of all seats per purchase"),
    "completion_tokens": (("completion_tokens",), "tokens that seats wrote per purchase"),
}


def tokens_per_purchase(data: Data) -> dict[str, Floats]:
    """Tokens of each episode over its purchases, by name in :data:`TOKENS`.

    Not-a-number where nothing was bought, or where a provider did not count tokens.
    """
    paid = data.outcomes.filter((pl.col("scope") == "seat") & (pl.col("metric") == "paid"))
    purchases = data.by_episode(paid.group_by("episode").agg(pl.col("value").sum()), "value")
    found = {}
    for name, (columns, _) in TOKENS.items():
        whole = pl.sum_horizontal(pl.col(column) for column in columns)
        known = pl.all_horizontal(pl.col(column).is_not_null().all() for column in columns)
        spent = data.tokens.group_by("episode").agg(n=pl.when(known).then(whole.sum()))
        found[name] = data.by_episode(spent, "n") / np.where(purchases > 0, purchases, np.nan)
    return found


def first_proposals(data: Data) -> pl.DataFrame:
    """Customers who chose among several proposals: ``episode, seat, first`` (0 or 1)."""
    wide = data.outcomes.filter(
        (pl.col("scope") == "seat")
        & pl.col("metric").is_in(["first_proposal_accepted", "proposals_made"])
    )
    if wide.is_empty():
        return pl.DataFrame(schema={"episode": pl.Int64, "seat": pl.String, "first": pl.Float64})
    table = wide.pivot(on="metric", index=["episode", "subject"], values="value")
    if not {"first_proposal_accepted", "proposals_made"} <= set(table.columns):
        return pl.DataFrame(schema={"episode": pl.Int64, "seat": pl.String, "first": pl.Float64})
    chose = pl.col("first_proposal_accepted").is_not_null() & (pl.col("proposals_made") > 1)
    return table.filter(chose).select(
        "episode", pl.col("subject").alias("seat"), pl.col("first_proposal_accepted").alias("first")
    )


def compute(data: Data, options: Options, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``market``."""
    known = episode_outcomes(data)
    scored = {
        quantity: ByEpisode(known[one.outcome], f"{one.title}, as the market scored it", 1)
        for quantity, one in EPISODE.items()
        if one.outcome in known
    }
    if not data.tokens.is_empty():
        scored |= {
            name: ByEpisode(values, TOKENS[name][1], 1)
            for name, values in tokens_per_purchase(data).items()
        }
    utility = data.outcomes.filter((pl.col("scope") == "seat") & (pl.col("metric") == "utility"))
    by_seat = rows.of_seats(
        data,
        utility.select("episode", pl.col("subject").alias("seat"), "value"),
        quantity="utility",
        method="value of the request if it was met, less what was paid",
    )
    return rows.joined([rows.of_episodes(data, options, scored), by_seat, _pooled(data)])


#: Episodes below which a pooled share warns.
ENOUGH = 10
FEW = (
    "the interval rests on customers of {n} episodes: where those of one act alike, of 5 it "
    "holds the truth in 86% of studies"
)


def _pooled(data: Data) -> pl.DataFrame:
    """Share of first proposals over all customers of a condition, with Wilson's interval."""
    chosen = first_proposals(data)
    found: list[dict[str, Any]] = []
    for condition in data.conditions:
        mine = chosen.filter(pl.col("episode").is_in(data.by_condition[condition].tolist()))
        taken, n = int(mine["first"].sum()), mine.height
        if not n:
            continue
        by_episode = mine.group_by("episode").agg(pl.col("first").sum(), n=pl.len())
        effect = design_effect(*(by_episode[name].to_numpy() for name in ("first", "n")))
        method = (
            f"{taken} of {n} customers who had several proposals and paid; Wilson's interval, "
            f"with a design effect of {effect:.2g}, as customers of an episode may act alike"
        )
        low, high = wilson_interval(taken / effect, n / effect)
        pooled = rows.pooled_share(data, condition, "first_proposal_pooled", taken, n, method)
        few = FEW.format(n=by_episode.height) if by_episode.height < ENOUGH else None
        found.append({**pooled, "ci_low": low, "ci_high": high, "warning": few})
    return rows.frame(found)


METRIC = Metric(
    name="market",
    title="What a market achieved: welfare against its baselines, revenue, first proposals",
    quantities={
        quantity: Quantity(
            one.title, f"outcome `{one.outcome}` of the episode", one.range, one.unit
        )
        for quantity, one in EPISODE.items()
    }
    | {
        name: Quantity(title, f"({' + '.join(columns)}) / purchases", FROM_ZERO)
        for name, (columns, title) in TOKENS.items()
    }
    | {
        "utility": Quantity("a customer's utility, by seat", "2 v · 1[met] - paid", "any", "USD"),
        "first_proposal_pooled": Quantity(
            "share of first proposals taken, customers pooled", "k / n", "[0, 1]"
        ),
    },
    source="Bansal et al. (2025), Magentic Marketplace; Wilson (1927), Rao and Scott (1992) and "
    "Korn and Graubard (1998) for the pooled share.",
    avoid="Welfare in USD compares only markets of one catalogue; use `welfare_ratio` across "
    "catalogues. `first_proposal_pooled` weighs customers alike, `first_proposal` episodes. A "
    "share of first proposals means little unless `arrival` draws their order. Payments to treated "
    "businesses mean something only against a control.",
    needs=("outcomes", "tokens"),
    version=5,
    compute=compute,
)
