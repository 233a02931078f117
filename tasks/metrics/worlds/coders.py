"""Worlds of metrics over coders and their labels, and of agents that have habits."""

from __future__ import annotations

from functools import partial

import numpy as np
import polars as pl

from tasks.metrics.data import Data, Flags
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.worlds.frames import Turns, coded, episodes_frame, turns_of
from tasks.metrics.worlds.texts import nobody_differs, seats_marked
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: How often each value of a flag occurs: of one that is present or absent, of one with levels.
SHARES = {"lead": np.array([0.7, 0.3]), "stance": np.array([0.5, 0.3, 0.2])}
#: Chance that a coder sees what is there; else it draws from the shares.
SEES = 0.7
ITEMS = [[0, 1, 2, 3]] * 5
FEWER = [[0, 1, 2]] * 4
NAN = float("nan")


def _judged(truth: Ints, shares: Floats, sees: float, rng: Rng) -> Ints:
    drawn = rng.choice(len(shares), size=len(truth), p=shares)
    return np.asarray(np.where(rng.random(len(truth)) < sees, truth, drawn))


def _codes(turns: Turns, source: str, name: str, flag: str, values: Ints) -> pl.DataFrame:
    n = turns.n
    return pl.DataFrame(
        {
            "episode": turns.episode,
            "seq": turns.seq,
            "other_seq": pl.Series([None] * n, dtype=pl.Int64),
            "flag": [flag] * n,
            source: [name] * n,
            "value": values.astype(np.float64),
        }
    )


def coders_see(sizes: Sizes, rng: Rng, *, sees: float, coders: tuple[str, ...]) -> Data:
    """Coders, the first without error, and a rule that errs as the others do."""
    turns = turns_of(sizes, rng, ITEMS, FEWER, shuffled=True)
    codes, labels = [], []
    for flag, shares in SHARES.items():
        truth = rng.choice(len(shares), size=turns.n, p=shares)
        for coder in coders:
            values = truth if coder == "human" else _judged(truth, shares, sees, rng)
            codes.append(_codes(turns, "coder", coder, flag, values))
        values = _judged(truth, shares, sees, rng)
        labels.append(_codes(turns, "rule", "union", flag, values))
    return Data(
        episodes=episodes_frame(sizes),
        codes=pl.concat(codes),
        all_labels=pl.concat(labels),
        flags=Flags(
            traits=("lead",),
            levels={"stance": ("low", "mid", "high")},
            scales={"lead": "nominal", "stance": "ordinal"},
        ),
        rules=("union",),
        gold="human",
    )


def _agreement(sees: float) -> tuple[Truth, ...]:
    found = []
    for flag, p in SHARES.items():
        k = len(p)
        same = sees + (1 - sees) * float((p**2).sum())
        chance = float((p * (1 - p)).sum()) / (k - 1)
        numbers = {
            "cohen_kappa": sees,
            "gwet_ac1": (same - chance) / (1 - chance),
            "pabak": (k * same - 1) / (k - 1),
            "percent": same,
        }
        if k == 2:
            both = p * (sees + (1 - sees) * p)
            hit = float(both[1] / p[1])
            numbers |= {"positive": hit, "negative": float(both[0] / p[0])}
            numbers |= {"precision": hit, "recall": hit, "f1": hit, "mcc": sees}
        else:
            numbers |= {"kappa_linear": sees, "kappa_quadratic": sees}
        found += [
            Truth(name, number, NAN, f"{flag}: human ~ {other}", rule)
            for name, number in numbers.items()
            for other, rule in (("judge", None), ("union", "union"))
        ]
    return (*found, Truth("mean_kappa", sees, NAN, "human ~ judge"))


def _reliability(sees: float) -> tuple[Truth, ...]:
    p, k, alike = SHARES["stance"], 3, sees**2
    same = alike + (1 - alike) * float((p**2).sum())
    chance = float((p * (1 - p)).sum()) / (len(p) - 1)
    mean_of_three = k * alike / (1 + (k - 1) * alike)
    numbers = {
        "krippendorff_alpha": alike,
        "gwet_ac1": (same - chance) / (1 - chance),
        "fleiss_kappa": alike,
        **dict.fromkeys(("icc_1_1", "icc_a_1", "icc_c_1"), alike),
        **dict.fromkeys(("icc_1_k", "icc_a_k", "icc_c_k"), mean_of_three),
    }
    return tuple(Truth(name, number, NAN, "stance") for name, number in numbers.items())


#: Prevalence of a flag that blind coders give seldom, and messages of episodes.
SELDOM, MESSAGES_OF = 0.04, [2, 8, 60]


def seldom_flagged(sizes: Sizes, rng: Rng, *, coders: tuple[str, ...]) -> Data:
    """Coders who give a rare flag blindly, to episodes of few messages and of many."""
    n = rng.choice(MESSAGES_OF, sum(sizes.values()), p=[0.4, 0.4, 0.2])
    episode = np.repeat(np.arange(len(n)), n)
    place = np.arange(len(episode)) - np.repeat(np.cumsum(n) - n, n)
    turns = Turns(episode, place, place % 4, 4, sizes)

    def flagged() -> Ints:
        return rng.binomial(1, SELDOM, turns.n)

    return Data(
        episodes=episodes_frame(sizes),
        codes=pl.concat(_codes(turns, "coder", one, "lead", flagged()) for one in coders),
        all_labels=_codes(turns, "rule", "union", "lead", flagged()),
        flags=Flags(traits=("lead",), scales={"lead": "nominal"}),
        rules=("union",),
        gold="human",
    )


RARE = "blind coders give a rare flag, to episodes of 2 to 60 messages"
agreement = MetricWorlds(
    "agreement",
    (
        World(
            "coders draw their codes blindly, with the same shares",
            partial(coders_see, sees=0.0, coders=("human", "judge")),
            _agreement(0.0),
            alone=True,
        ),
    ),
    (
        World(
            f"a coder sees what is there with probability {SEES}, else draws blindly",
            partial(coders_see, sees=SEES, coders=("human", "judge")),
            _agreement(SEES),
            alone=True,
        ),
    ),
    hard=(
        World(
            RARE,
            partial(seldom_flagged, coders=("human", "judge")),
            tuple(Truth(name, 0.0, NAN, "lead: human ~ judge") for name in ("cohen_kappa", "mcc")),
            alone=True,
        ),
    ),
)
THREE = ("one", "two", "three")
reliability = MetricWorlds(
    "reliability",
    (
        World(
            "three coders draw their codes blindly, with the same shares",
            partial(coders_see, sees=0.0, coders=THREE),
            _reliability(0.0),
            {"scale": "interval"},
            alone=True,
        ),
    ),
    (
        World(
            f"each of three coders sees what is there with probability {SEES}",
            partial(coders_see, sees=SEES, coders=THREE),
            _reliability(SEES),
            {"scale": "interval"},
            alone=True,
        ),
    ),
    hard=(
        World(
            RARE,
            partial(seldom_flagged, coders=THREE[:2]),
            tuple(Truth(name, 0.0, NAN, "lead") for name in ("krippendorff_alpha", "icc_a_1")),
            {"scale": "interval"},
            alone=True,
        ),
    ),
)
#: Prevalence in a and in b of the planted world; the judge's sensitivity and specificity.
PREVALENCE, LESS, HITS, PASSES = 0.3, 0.15, 0.8, 0.95
GOLD = 0.4


def judged_rates(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Prevalence that differs between episodes, a judge that errs, and gold at random items."""
    order = [[0, 1, 2, 3, 0, 1]] * 5
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    n_a, n = next(iter(sizes.values())), sum(sizes.values())
    mean = np.where(planted & (np.arange(n) >= n_a), LESS, PREVALENCE)
    truth = rng.random(turns.n) < rng.beta(10 * mean, 10 * (1 - mean))[turns.episode]
    label = rng.random(turns.n) < np.where(truth, HITS, 1 - PASSES)
    gold = pl.Series(rng.random(turns.n) < GOLD)
    return Data(
        episodes=episodes_frame(sizes),
        codes=_codes(turns, "coder", "human", "lead", truth.astype(np.int64)).filter(gold),
        all_labels=_codes(turns, "rule", "union", "lead", label.astype(np.int64)),
        flags=Flags(traits=("lead",), scales={"lead": "nominal"}),
        rules=("union",),
        gold="human",
    )


def _rates(planted: bool) -> World:
    b = LESS if planted else PREVALENCE
    raw = [p * HITS + (1 - p) * (1 - PASSES) for p in (PREVALENCE, b)]
    truths = [Truth("raw", raw[0], raw[1], "lead", "union")]
    truths += [
        Truth(name, PREVALENCE, b, "lead", "union")
        for name in ("rogan_gladen", "prediction_powered")
    ]
    return World(
        "a judge that errs, gold at random items"
        + ("; half the prevalence in b" if planted else ""),
        partial(judged_rates, planted=planted),
        tuple(truths),
        alone=True,
    )


rates = MetricWorlds("rates", (_rates(False),), (_rates(True),))
SEATS_RATES, MESSAGES = np.array([0.2, 0.4, 0.6, 0.8]), 8


def habits(sizes: Sizes, rng: Rng, *, planted: bool, moods: bool) -> Data:
    """Rates of seats: alike, or in planted b their own; with moods, also the episode's."""
    order = [[0, 1, 2, 3]] * MESSAGES
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    rate = np.where(turns.in_b & planted, SEATS_RATES[turns.seat], SEATS_RATES.mean())
    if moods:
        rate = rate + rng.uniform(-0.3, 0.3, sum(sizes.values()))[turns.episode]
    return coded(turns, {"lead": rng.random(turns.n) < rate})


def _stability() -> MetricWorlds:
    between = float(SEATS_RATES.var(ddof=1))
    within = float((SEATS_RATES * (1 - SEATS_RATES)).mean()) / MESSAGES
    size = between / (between + within)
    make = partial(habits, planted=False, moods=False)
    return MetricWorlds(
        "profile_stability",
        (
            World("seats with one rate", make, (Truth("", 0.0, 0.0, "lead"),), {"draws": 100}),
            World(
                "seats with one rate that differs from episode to episode",
                partial(habits, planted=False, moods=True),
                (Truth("", NAN, NAN, "lead"),),
                {"draws": 100},
            ),
        ),
        (
            World(
                "in b seats have rates of their own",
                partial(habits, planted=True, moods=False),
                (Truth("", 0.0, size, "lead"),),
                {"draws": 100},
            ),
        ),
    )


stability = _stability()
MARKED = 0.5
auc = MetricWorlds(
    "agent_auc",
    (
        World(
            "seats alike; topics and lengths by round; unequal turns in b",
            nobody_differs,
            (Truth("", 0.5, 0.5),),
            {"resamples": 100, "folds": 3},
        ),
    ),
    (
        World(
            "half of the messages of two seats in b hold a word of the seat's own",
            partial(seats_marked, share=MARKED),
            (Truth("", 0.5, MARKED + MARKED * (1 - MARKED) + (1 - MARKED) ** 2 / 2),),
            {"resamples": 100, "folds": 3},
        ),
    ),
)
