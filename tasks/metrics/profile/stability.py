"""Whether the same agent keeps its profile from episode to episode."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, NullOptions, Quantity, Unusable
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.statistics.bootstrap import interval, interval_words, weighted_sums
from tasks.metrics.statistics.nulls import null_summary


class StabilityOptions(NullOptions):
    """Options of ``profile_stability``."""

    by: Literal["model", "name", "seat", "position"] = Field(
        "model", description="What makes two seats of different episodes the same agent."
    )


def seat_rates(data: Data, flags: tuple[str, ...], by: str) -> pl.DataFrame:
    """Rates of flags of every seat: ``episode, agent`` and one column per flag."""
    said = data.messages.select("episode", "seq").with_columns(data.agents(by)).drop_nulls()
    items = data.labels.filter(pl.col("flag").is_in(flags) & pl.col("value").is_not_null()).join(
        said, on=["episode", "seq"], how="inner"
    )
    if items.is_empty():
        raise Unusable(f"no message has a usable label under rule {data.rule}")
    rates = items.group_by("episode", "agent", "flag").agg(
        (pl.col("value") > 0).mean().alias("rate")
    )
    return rates.pivot(on="flag", index=["episode", "agent"], values="rate").sort(
        "episode", "agent"
    )


def icc_one_way(sums: Floats, squares: Floats, sizes: Floats) -> Floats:
    """One-way ICC of unequal groups from sums, squares and sizes, each shape (..., agents).

    Source: Donner and Koval (1980), with n_0 for the mean size.
    """
    n = sizes.sum(axis=-1)
    k = (sizes > 0).sum(axis=-1)
    safe = np.where(sizes > 0, sizes, 1.0)
    between = (sums**2 / safe).sum(axis=-1) - sums.sum(axis=-1) ** 2 / np.where(n > 0, n, 1)
    within = squares.sum(axis=-1) - (sums**2 / safe).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        msb, msw = between / (k - 1), within / (n - k)
        n0 = (n - (sizes**2).sum(axis=-1) / n) / (k - 1)
        found = (msb - msw) / (msb + (n0 - 1) * msw)
    return np.where(np.isfinite(found), found, np.nan)


def _cells(rates: Floats, agent: Ints, episode: Ints, n_episodes: int, n_agents: int) -> Floats:
    """Sum, sum of squares and count by episode and agent, shape (episodes, 3, agents)."""
    cell = episode * n_agents + agent
    size = n_episodes * n_agents
    parts = [np.bincount(cell, weights=rates**power, minlength=size) for power in (1, 2, 0)]
    return np.stack([part.reshape(n_episodes, n_agents) for part in parts], axis=1)


def _icc(cells: Floats) -> Floats:
    return icc_one_way(cells[..., 0, :], cells[..., 1, :], cells[..., 2, :])


def compute(data: Data, options: StabilityOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``profile_stability``."""
    flags = data.flags.traits
    wide = seat_rates(data, flags, options.by)
    conditions = data.episodes["condition"].to_numpy()[wide["episode"].to_numpy()]
    found: list[dict[str, Any]] = []
    for condition in data.conditions:
        mine = wide.filter(pl.Series(conditions == condition))
        found += [
            _row(data, condition, flag, mine, options, rng)
            for flag in flags
            if flag in mine.columns
        ]
    return rows.frame(found)


def _row(
    data: Data,
    condition: str,
    flag: str,
    wide: pl.DataFrame,
    options: StabilityOptions,
    rng: np.random.Generator,
) -> dict[str, Any]:
    part = wide.select("episode", "agent", flag).drop_nulls()
    agents, agent = np.unique(part["agent"].to_numpy().astype(str), return_inverse=True)
    episodes, episode = np.unique(part["episode"].to_numpy(), return_inverse=True)
    row: dict[str, Any] = {
        "scope": "condition",
        "condition": condition,
        "subject": flag,
        "n_measured": len(episodes),
        "n_excluded": data.excluded.get(condition, 0),
    }
    if len(agents) < 2 or len(episodes) < 2:
        words = f"{len(agents)} agents (by {options.by}) in {len(episodes)} episodes"
        return {**row, "method": f"undefined: needs two agents and two episodes; there are {words}"}
    rates = part[flag].to_numpy().astype(np.float64)
    rates = rates - rates.mean()
    cells = _cells(rates, agent, episode, len(episodes), len(agents))
    value = _icc(cells.sum(axis=0))
    low, high = interval(_icc(weighted_sums(cells, options.resamples)), len(episodes))
    null = null_summary(
        np.array([float(value)]), _shuffled(cells, rates, agent, episode, options, rng)
    )
    return {
        **row,
        "value": float(value),
        "ci_low": float(low),
        "ci_high": float(high),
        "null_mean": float(null.mean[0]),
        "null_sd": float(null.sd[0]),
        "p_null": float(null.p[0]),
        "method": f"one-way ICC of the rate of {len(agents)} agents (by {options.by}) across "
        f"episodes; null: agents shuffled within episodes, {options.draws} draws; "
        f"{interval_words(float(low), float(high), len(episodes))}"
        + ("" if np.isfinite(value) else "; undefined: the rate does not vary"),
    }


def _shuffled(
    cells: Floats,
    rates: Floats,
    agent: Ints,
    episode: Ints,
    options: StabilityOptions,
    rng: np.random.Generator,
) -> Floats:
    n_episodes, _, n_agents = cells.shape
    draws = np.empty((1, options.draws))
    for draw in range(options.draws):
        order = np.lexsort((rng.random(len(episode)), episode))
        mixed = np.empty_like(agent)
        mixed[np.argsort(episode, kind="stable")] = agent[order]
        draws[0, draw] = _icc(_cells(rates, mixed, episode, n_episodes, n_agents).sum(axis=0))
    return draws


METRIC = Metric(
    name="profile_stability",
    title="How much of an agent's rate of a flag is the agent's own across episodes",
    quantities={
        "": Quantity(
            "one-way intraclass correlation of an agent's rate over episodes, by flag",
            "(MSB - MSW) / (MSB + (n_0 - 1) MSW), groups: agents, values: rates per episode",
            "[-1/(n_0 - 1), 1]",
        )
    },
    source="Donner and Koval (1980); Shrout and Fleiss (1979).",
    avoid="Where position and model go together (a fixed floor), it cannot say which of the two is "
    "stable. With `by: model` and all seats on one model it is undefined.",
    needs=("messages", "seats", "labels"),
    options=StabilityOptions,
    compute=compute,
)
