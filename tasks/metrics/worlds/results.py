"""Worlds of metrics over outcomes, actions and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.outcomes.market import EPISODE
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.worlds.frames import episodes_frame
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Means of the skewed outcomes, in a and in b of planted worlds.
MEAN, MORE = 4.0, 6.0
#: Outcomes that never exceed one: their means are so many times less.
SHARES = {one.outcome for one in EPISODE.values() if one.range.endswith("1]")}
SHARES_OF = 10.0
CUSTOMERS, FIRST, FIRST_MORE = 6, 0.5, 0.7


def _in_b(sizes: Sizes) -> Bools:
    return np.repeat(np.arange(len(sizes)) > 0, list(sizes.values()))


def _outcomes(
    episode: Ints, scope: str, subject: pl.Series, metric: str, value: Floats
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "episode": episode,
            "scope": [scope] * len(episode),
            "subject": subject,
            "round": pl.Series([None] * len(episode), dtype=pl.Int64),
            "metric": [metric] * len(episode),
            "value": value.astype(np.float64),
        }
    )


def skewed(sizes: Sizes, rng: Rng, *, planted: bool, names: tuple[str, ...]) -> Data:
    """Gamma outcomes and tokens, beta shares, and customers who buy once, from the first or not."""
    in_b = _in_b(sizes) & planted
    n = len(in_b)
    mean = np.where(in_b, MORE, MEAN)
    none = pl.Series([""] * n)
    parts = []
    for name in names:
        share = name in SHARES
        value = rng.beta(mean, SHARES_OF - mean) if share else rng.gamma(4.0, mean / 4.0)
        parts.append(_outcomes(np.arange(n), "episode", none, name, value))
    episode = np.repeat(np.arange(n), CUSTOMERS)
    seats = pl.Series([f"s{seat + 1}" for seat in range(CUSTOMERS)])[
        np.tile(np.arange(CUSTOMERS), n)
    ]
    first = rng.random(len(episode)) < np.where(in_b, FIRST_MORE, FIRST)[episode]
    parts += [
        _outcomes(episode, "seat", seats, "first_proposal_accepted", first.astype(np.float64)),
        _outcomes(episode, "seat", seats, "proposals_made", np.full(len(episode), 3.0)),
        _outcomes(episode, "seat", seats, "paid", np.ones(len(episode))),
    ]
    read, written = (CUSTOMERS * rng.gamma(4.0, mean / 8.0) for _ in range(2))
    tokens = pl.DataFrame(
        {"episode": np.arange(n), "prompt_tokens": read, "completion_tokens": written}
    )
    return Data(episodes=episodes_frame(sizes), outcomes=pl.concat(parts), tokens=tokens)


def _worlds(
    name: str, quantities: dict[str, tuple[str, float]], names: tuple[str, ...], pooled: bool
) -> MetricWorlds:
    def world(planted: bool) -> World:
        more, first = (MORE, FIRST_MORE) if planted else (MEAN, FIRST)
        truths = [
            Truth(one, MEAN / scale, more / scale, subject)
            for one, (subject, scale) in quantities.items()
        ]
        if pooled:
            truths.append(Truth("first_proposal_pooled", FIRST, first))
            truths += [Truth("tokens", MEAN, more), Truth("completion_tokens", MEAN / 2, more / 2)]
        return World(
            "skewed outcomes (gamma, shape 4)"
            + (" and shares (beta)" if pooled else "")
            + (", half as large again in b" if planted else ""),
            partial(skewed, planted=planted, names=names),
            tuple(truths),
        )

    return MetricWorlds(name, (world(False),), (world(True),))


#: Chance that a customer does what the others of the episode do.
ALIKE = 0.8


def customers_alike(sizes: Sizes, rng: Rng) -> Data:
    """Customers who take the first proposal or do not, mostly as the others of the episode."""
    n = sum(sizes.values())
    customers = rng.choice([2, 6, 15], n)
    episode = np.repeat(np.arange(n), customers)
    usual = (rng.random(n) < FIRST)[episode]
    first = np.where(rng.random(len(episode)) < ALIKE, usual, rng.random(len(episode)) < FIRST)
    place = np.arange(len(episode)) - np.repeat(np.cumsum(customers) - customers, customers)
    seats = pl.Series([f"s{one}" for one in place])
    parts = [
        _outcomes(episode, "seat", seats, "first_proposal_accepted", first.astype(np.float64)),
        _outcomes(episode, "seat", seats, "proposals_made", np.full(len(episode), 3.0)),
    ]
    return Data(episodes=episodes_frame(sizes), outcomes=pl.concat(parts))


market = replace(
    _worlds(
        "market",
        {name: ("", SHARES_OF if one.outcome in SHARES else 1.0) for name, one in EPISODE.items()},
        tuple(one.outcome for one in EPISODE.values()),
        pooled=True,
    ),
    hard=(
        World(
            "customers take the first proposal or do not, mostly as the others of the episode",
            customers_alike,
            (Truth("first_proposal_pooled", FIRST, FIRST),),
        ),
    ),
)
outcomes = _worlds("outcomes", {"": ("welfare", 1.0)}, ("welfare",), pooled=False)


def _of_rates(
    name: str,
    title: str,
    make: Callable[..., Data],
    numbers: Callable[[int], Mapping[str, float]],
) -> MetricWorlds:
    """Worlds whose numbers are one set of rates, and in b of the planted one another."""

    def world(planted: bool) -> World:
        usual, other = numbers(0), numbers(int(planted))
        return World(
            title + ("; more in b" if planted else ""),
            partial(make, planted=planted),
            tuple(Truth(quantity, usual[quantity], other[quantity]) for quantity in usual),
        )

    return MetricWorlds(name, (world(False),), (world(True),))


QUESTIONS = 20
#: Rates of actions, usual and in b of the planted world.
RATES = {"valid": (0.8, 0.6), "fallback": (0.3, 0.5), "absent": (0.2, 0.35)}
#: Chance that an answer has no words, that a question is asked twice, that an episode is cut short.
SILENT, AGAIN, CUT = (0.25, 0.4), (0.3, 0.5), (0.35, 0.6)
ROUNDS = np.array([6, 8, 10])


def actions_taken(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Actions with independent faults, in episodes of a dose of their own."""
    in_b = _in_b(sizes) & planted
    n = len(in_b)
    episode = np.repeat(np.arange(n), QUESTIONS)
    which = in_b[episode].astype(np.int64)

    def drawn(rates: tuple[float, float]) -> Bools:
        # Episodes differ: each has a rate of its own, a tenth of the mean above it or below.
        own = np.array(rates)[which] * (1 + rng.choice([-0.1, 0.1], n))[episode]
        return np.asarray(rng.random(len(episode)) < own)

    flags = {name: drawn(rates) for name, rates in RATES.items()}
    silent = drawn(SILENT)
    answers = np.where(silent, '{"text": " "}', '{"text": "yes"}')
    short = rng.random(n) < np.array(CUT)[in_b.astype(np.int64)]
    completed = np.where(short, rng.choice(ROUNDS[:2], n), ROUNDS[2])
    episodes = episodes_frame(sizes).with_columns(
        pl.Series("completed_rounds", completed),
        pl.Series("status", np.where(short, "truncated", "terminated")),
    )
    frame = pl.DataFrame(
        {
            "episode": episode,
            "round": np.tile(np.arange(QUESTIONS) // 2, n),
            "attempts": 1 + drawn(AGAIN),
            **flags,
            "answer": answers,
        }
    )
    return Data(episodes=episodes, actions=frame)


def _quality() -> MetricWorlds:
    def number(b: int) -> dict[str, float]:
        rates = {name: rate[b] for name, rate in RATES.items()}
        return {
            **rates,
            "attempts": 1 + AGAIN[b],
            "silent": rates["absent"] + SILENT[b] - rates["absent"] * SILENT[b],
            "complete": 1 - CUT[b],
            "rounds": 1 - CUT[b] * (1 - float(ROUNDS[:2].mean()) / 10),
        }

    return _of_rates(
        "episode_quality",
        "actions with faults at random, episodes cut short",
        actions_taken,
        number,
    )


quality = _quality()

#: Words of the messages of an episode by kind: as long throughout, long and short in turn, later
#: longer.
LENGTHS = np.array([[4] * 8, [2, 6] * 4, [2] * 4 + [6] * 4])
KINDS, KINDS_MORE = (0.4, 0.35, 0.25), (0.15, 0.25, 0.6)
LATER, FAULTS = (0.25, 0.5), (0.2, 0.4)


def acts_change(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Messages of changing length, offers in place of words in the later half, faults that grow."""
    in_b = _in_b(sizes) & planted
    n = len(in_b)
    chances = [KINDS_MORE if more else KINDS for more in in_b.tolist()]
    kind = np.array([rng.choice(3, p=p) for p in chances])
    number = in_b.astype(np.int64)
    offers = rng.random(n) < np.array(LATER)[number]
    episode, place = np.repeat(np.arange(n), 16), np.tile(np.repeat(np.arange(8), 2), n)
    words = LENGTHS[kind][episode, place]
    events = pl.DataFrame(
        {
            "episode": episode,
            "round": place,
            "actor": pl.Series(["s1", "s2"])[np.tile([0, 1], 8 * n)],
            "kind": ["say"] * len(episode),
            "text": [" ".join(["x"] * count) for count in words.tolist()],
        }
    )
    acts = events.with_columns(
        pl.Series("kind", np.where(offers[episode] & (place > 3), "offer", "bid")),
        pl.Series("text", [""] * len(episode)),
    )
    late = place > 3
    fault = rng.random(len(episode)) < np.where(late, np.array(FAULTS)[number][episode], FAULTS[0])
    actions = pl.DataFrame(
        {
            "episode": episode,
            "round": place,
            "attempts": np.ones(len(episode), dtype=np.int64),
            "fallback": fault,
            "valid": ~fault,
        }
    )
    return Data(episodes=episodes_frame(sizes), events=pl.concat([events, acts]), actions=actions)


#: Rounds of the episodes of a and b in which nothing changes, and seats.
STEADY, DOING = {"a": 7, "b": 12}, 3


def acts_as_ever(sizes: Sizes, rng: Rng) -> Data:
    """Rounds of one kind of act or another, as likely early as late; more of them in b."""
    parts = []
    kinds = pl.Series(["bid", "offer", "wait"])
    episode = 0
    for name, n in sizes.items():
        rounds = STEADY[name]
        usual = rng.integers(0, 3, (n, rounds, 1))
        other = rng.integers(0, 3, (n, rounds, DOING))
        acts = np.where(rng.random(other.shape) < 0.7, usual, other)
        places = np.indices(acts.shape)
        parts.append(
            pl.DataFrame(
                {
                    "episode": episode + places[0].ravel(),
                    "round": places[1].ravel(),
                    "actor": [f"s{seat + 1}" for seat in places[2].ravel()],
                    "kind": kinds[acts.ravel()],
                    "text": [""] * acts.size,
                }
            )
        )
        episode += n
    events = pl.concat(parts)
    actions = events.select(
        "episode",
        "round",
        attempts=pl.lit(1, pl.Int64),
        fallback=pl.Series(rng.random(events.height) < FAULTS[0]),
        valid=pl.Series(rng.random(events.height) < RATES["valid"][0]),
    )
    return Data(episodes=episodes_frame(sizes), events=events, actions=actions)


def _stability() -> MetricWorlds:
    # Half of the acts are messages throughout; the others are bids, then offers: 1 bit of those.
    divergence = 0.5
    varied = float(np.std(LENGTHS[1], ddof=1) / 4)

    def number(b: int) -> dict[str, float]:
        kinds = KINDS_MORE if b else KINDS
        return {
            "length_cv": (kinds[1] + kinds[2]) * varied,
            "length_change": kinds[2] * 4.0,
            "fallback_change": FAULTS[b] - FAULTS[0],
            "valid_change": FAULTS[0] - FAULTS[b],
            "act_jsd": LATER[b] * divergence,
        }

    return _of_rates(
        "stability", "lengths and kinds of acts that change in some episodes", acts_change, number
    )


#: By arithmetic: what of each possible number of episodes Wilson's interval holds.
stability = replace(
    _stability(),
    hard=(
        World(
            "rounds of one kind of act or another, as likely early as late; more rounds in b",
            acts_as_ever,
            (
                Truth("act_jsd", 0.0, 0.0, EXCESS),
                Truth("fallback_change", 0.0, 0.0),
                Truth("valid_change", 0.0, 0.0),
            ),
            {"draws": 60},
        ),
    ),
    notes={
        "act_jsd": "a share of episodes, of which Wilson's interval holds .25 in 91.4% of studies "
        "of 12 episodes and 93.5% of 20, and others more often: it leaps, as every interval does "
        "that ends at whole numbers of episodes"
    },
)
