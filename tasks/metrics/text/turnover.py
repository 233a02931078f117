"""Words that come and go from round to round."""

from __future__ import annotations

import numpy as np
import polars as pl
from pydantic import Field

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats, Ints, group_means
from tasks.metrics.text.tokens import tokens_of


class TurnoverOptions(Options):
    """Options of ``turnover``."""

    n: int = Field(1, ge=1, le=5, description="Words per n-gram.")


def round_types(codes: Ints, episode: Ints, round_: Ints) -> tuple[Floats, Floats, Ints]:
    """Types of each episode and round, and how many of them occur in the next round as well.

    Args:
        codes: What is counted, numbered from 0.
        episode: Episode of each occurrence.
        round_: Its round.

    Returns:
        Types and types shared with the next round, both by episode * width + round, and width.
    """
    width = int(round_.max()) + 2
    n_codes = int(codes.max()) + 1
    types = np.unique((episode * n_codes + codes) * width + round_)
    kept = np.append(np.diff(types) == 1, False)
    cell = types // width // n_codes * width + types % width
    size = (int(episode.max()) + 1) * width
    return (
        np.bincount(cell, minlength=size).astype(np.float64),
        np.bincount(cell[kept], minlength=size).astype(np.float64),
        np.asarray(width),
    )


def _steps(data: Data, block: slice, n: int) -> tuple[Ints, Floats]:
    """Every step from a round to the next: its episode, and types before, after and in both."""
    tokens = tokens_of(data).of(block)
    episodes = data.messages["episode"].to_numpy()[block]
    episode = np.repeat(episodes - episodes[0], tokens.sizes)
    round_ = np.repeat(data.messages["round"].to_numpy()[block], tokens.sizes).astype(np.int64)
    codes = tokens.codes.astype(np.int64)
    if n > 1:
        hashes, whole = tokens.ngrams(n)
        episode, round_ = episode[whole], round_[whole]
        codes = np.unique(hashes[whole], return_inverse=True)[1].astype(np.int64)
    if not len(codes):
        return np.empty(0, np.int64), np.empty((3, 0))
    types, shared, size = round_types(codes, episode, round_)
    width = int(size)
    counts = np.stack([types[:-1], types[1:], shared[:-1]])
    places = np.arange(len(types) - 1)
    good = (counts[0] > 0) & (counts[1] > 0) & ((places + 1) % width > 0)
    return (places // width + episodes[0])[good], counts[:, good]


def compute(data: Data, options: TurnoverOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``turnover``."""
    parts = [_steps(data, block, options.n) for block in data.blocks()]
    episodes = np.concatenate([np.empty(0, np.int64), *(part[0] for part in parts)])
    before, after, both = np.concatenate([np.empty((3, 0)), *(part[1] for part in parts)], axis=1)
    found = {
        "birth": (after - both) / after,
        "death": (before - both) / before,
        "jaccard": both / (before + after - both),
    }
    steps = np.bincount(episodes, minlength=data.n_episodes)
    method = f"{options.n}-grams of adjacent rounds, mean over steps"
    means = {name: group_means(values, episodes, data.n_episodes) for name, values in found.items()}
    return rows.of_episodes(
        data, options, {name: ByEpisode(values, method, steps) for name, values in means.items()}
    )


METRIC = Metric(
    name="turnover",
    title="How much of the vocabulary is new in each round, and how much is dropped",
    quantities={
        "birth": Quantity("new in a round", "|A_t less A_{t-1}| / |A_t|", "[0, 1]"),
        "death": Quantity("dropped after a round", "|A_{t-1} less A_t| / |A_{t-1}|", "[0, 1]"),
        "jaccard": Quantity("kept", "|A_t and A_{t-1}| / |A_t or A_{t-1}|", "[0, 1]"),
    },
    source="Li, Li and Zhou (2026), arXiv 2602.14299, with the round as the period.",
    avoid="Longer rounds share more words whatever is said: compare only rounds of similar length. "
    "No null is given; hold it against another condition.",
    needs=("messages",),
    options=TurnoverOptions,
    compute=compute,
)
