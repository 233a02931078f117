"""Worlds of metrics over who speaks, to whom, under which name, and in which words."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise, product

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools, Floats, Ints
from tasks.metrics.worlds.frames import Turns, spoken, turns_of
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Probability of the first of two kinds of episodes, in null worlds and in condition b of planted
#: ones.
USUAL, OFTEN = 0.4, 0.75


def _first_kind(sizes: Sizes, rng: Rng, *, planted: bool) -> Bools:
    """Whether each episode is of the first kind."""
    n_a = next(iter(sizes.values()))
    in_b = np.arange(sum(sizes.values())) >= n_a
    return np.asarray(rng.random(len(in_b)) < np.where(in_b & planted, OFTEN, USUAL))


def mixed(first: float, second: float, share: float) -> float:
    """Mean of a number that has one value in episodes of the first kind and another in others."""
    return share * first + (1 - share) * second


def _truths(kinds: dict[str, tuple[float, float]], *, planted: bool) -> tuple[Truth, ...]:
    b = OFTEN if planted else USUAL
    return tuple(
        Truth(name, mixed(*values, USUAL), mixed(*values, b)) for name, values in kinds.items()
    )


def two_kinds(
    name: str,
    make: Callable[..., Data],
    kinds: dict[str, tuple[float, float]],
    title: str,
    **options: object,
) -> MetricWorlds:
    """Worlds whose episodes are of two kinds, more often of the first in b of the planted one.

    Args:
        name: The metric.
        make: Draws a study; takes ``planted``.
        kinds: Value of every quantity in episodes of the first and of the second kind.
        title: What the kinds are.
        options: Options of the metric.
    """
    null, planted = (
        World(
            f"{title}; the first in {USUAL} of the episodes" + more,
            partial(make, planted=which),
            _truths(kinds, planted=which),
            options,
        )
        for which, more in ((False, ""), (True, f", in b in {OFTEN}"))
    )
    return MetricWorlds(name, (null,), (planted,))


#: Seats of the messages of an episode of either kind, and words of a message by seat.
TURNS = np.array([[0, 0, 1, 0, 0, 2, 0, 1], [0, 1, 2, 3, 0, 1, 2, 3]])
LENGTHS = np.array([4, 1, 2, 2])


def _of_kinds(sizes: Sizes, rng: Rng, planted: bool) -> tuple[Turns, Bools]:
    order = [[0, 1, 2, 3], [0, 1, 2, 3]]
    turns = turns_of(sizes, rng, order, order, shuffled=False)
    first = _first_kind(sizes, rng, planted=planted)
    seats = TURNS[np.where(first, 0, 1)].ravel()
    return replace(turns, seat=seats), first


def unequal_turns(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Episodes in which one seat has most turns, and episodes of equal turns."""
    turns, _ = _of_kinds(sizes, rng, planted)
    return spoken(turns, [" ".join(["x"] * n) for n in LENGTHS[turns.seat].tolist()])


def _inequality(amounts: Ints) -> dict[str, float]:
    share = amounts / amounts.sum()
    n = len(share)
    gaps = sum(abs(p - q) for p in share for q in share)
    return {
        "gini": float(gaps / (2 * n)),
        "entropy": float(-sum(p * np.log(p) for p in share if p > 0) / np.log(n)),
        "hhi": float(sum(p**2 for p in share)),
        "max_share": float(max(share)),
    }


def _participation() -> dict[str, tuple[float, float]]:
    counts = [np.bincount(seats, minlength=4) for seats in TURNS]
    found: dict[str, tuple[float, float]] = {}
    for suffix, unit in (("", np.ones(4, dtype=np.int64)), ("_words", LENGTHS)):
        both = [_inequality(count * unit) for count in counts]
        found |= {name + suffix: (both[0][name], both[1][name]) for name in both[0]}
    return found


NAMES = [f"Agent-{letter}" for letter in "ABCD"]


def names_named(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Episodes in which two seats name each other, or one names three and none names it back."""
    turns = turns_of(sizes, rng, [[0, 1, 2, 3]], [[0, 1, 2, 3]], shuffled=True)
    first = _first_kind(sizes, rng, planted=planted)[turns.episode]
    mutual = {0: "I ask Agent-B", 1: "so Agent-A, hm"}
    one_way = {0: "Agent-B and Agent-C, and Agent-D"}
    texts = [
        (mutual if kind else one_way).get(seat, "well")
        for kind, seat in zip(first.tolist(), turns.seat.tolist(), strict=True)
    ]
    return spoken(turns, texts)


#: Share of messages that open with the own name, with another's, and that claim another's; and
#: how many more of the last two there are in b of the planted world.
OWN, OTHER, CLAIM, MORE = 0.45, 0.3, 0.06, (0.1, 0.06)


def wrong_names(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Messages under the own name, under another's, claims of another's name, and others."""
    order = [[0, 1, 2, 3]] * 6
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    drawn = rng.random(turns.n)
    wrong = np.where(turns.in_b & planted, OTHER + MORE[0], OTHER)
    claim = np.where(turns.in_b & planted, CLAIM + MORE[1], CLAIM)
    texts = []
    for seat, p, q, c in zip(
        turns.seat.tolist(), drawn.tolist(), wrong.tolist(), claim.tolist(), strict=True
    ):
        own, other = NAMES[seat], NAMES[(seat + 1) % 4]
        if p < OWN:
            texts.append(f"{own}: well then")
        elif p < OWN + q:
            texts.append(f"{other}: well then")
        elif p < OWN + q + c:
            texts.append(f"hello, I am {other} and agree")
        else:
            texts.append("well then")
    return spoken(turns, texts)


def _identity() -> MetricWorlds:
    def truths(planted: bool) -> tuple[Truth, ...]:
        other, claim = OTHER + MORE[0] * planted, CLAIM + MORE[1] * planted
        return (
            Truth("", OTHER / (OWN + OTHER), other / (OWN + other)),
            Truth("labelled", OWN + OTHER, OWN + other),
            Truth("impersonation", CLAIM, claim),
        )

    title = "messages under the own name, another's, or none, at random"
    return MetricWorlds(
        "identity_confusion",
        (World(title, partial(wrong_names, planted=False), truths(False)),),
        (World(f"{title}; more in b", partial(wrong_names, planted=True), truths(True)),),
    )


#: Seats of the worlds of transitions take turns in pairs.
FLOOR = [[0, 1]] * 6


def floor_drawn(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Order drawn in every round; with ``planted``, always the same in half of b's episodes."""
    if not planted:
        turns = turns_of(sizes, rng, [[0, 1, 2, 3]] * 5, [[0, 1, 2]] * 8, shuffled=True)
        return spoken(turns, ["x"] * turns.n)
    turns = turns_of(sizes, rng, FLOOR, FLOOR, shuffled=True)
    fixed = turns.in_b & (rng.random(sum(sizes.values())) < 0.5)[turns.episode]
    return spoken(replace(turns, seat=np.where(fixed, turns.seq % 2, turns.seat)), ["x"] * turns.n)


def floor_excess() -> float:
    """Excess of the entropy rate where two seats always take turns in the same order."""
    found = []
    for swaps in product((0, 1), repeat=len(FLOOR)):
        seats = [seat for swap in swaps for seat in ((1, 0) if swap else (0, 1))]
        counts = np.zeros((2, 2))
        for before, after in pairwise(seats):
            counts[before, after] += 1
        bits = 0.0
        for row in counts:
            bits -= sum(n * np.log2(n / row.sum()) for n in row if n > 0)
        found.append(bits / counts.sum())
    return -0.5 * float(np.mean(found))


transitions = MetricWorlds(
    "transitions",
    (
        World(
            "the order of every round is drawn; fewer seats and more rounds in b",
            partial(floor_drawn, planted=False),
            (Truth("", 0.0, 0.0, EXCESS),),
        ),
    ),
    (
        World(
            "in half of the episodes of b two seats always speak in the same order",
            partial(floor_drawn, planted=True),
            (Truth("", 0.0, floor_excess(), EXCESS),),
        ),
    ),
)
participation = two_kinds(
    "participation", unequal_turns, _participation(), "episodes of unequal turns and of equal ones"
)
mentions = two_kinds(
    "mentions",
    names_named,
    {
        "per_message": (2 / 4, 3 / 4),
        "reciprocity": (1.0, 0.0),
        "reciprocated_pairs": (1.0, 0.0),
    },
    "episodes in which two name each other and in which one names three",
)
identity = _identity()

LENGTH, STRETCHES = 20, 5


def repetitions(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Messages of twenty words that are all different, or two in turn."""
    order = [[0, 1, 2, 3, 4]]
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    share = np.where(turns.in_b & planted, OFTEN, USUAL)
    repeats = rng.random(turns.n) < share
    texts = [
        " ".join([f"w{2 * number}", f"w{2 * number + 1}"] * (LENGTH // 2))
        if again
        else " ".join(f"v{number}x{place}" for place in range(LENGTH))
        for number, again in enumerate(repeats.tolist())
    ]
    return spoken(turns, texts)


_PAIRS = LENGTH - 1
distinct = two_kinds(
    "distinct_n",
    repetitions,
    {"": (2 / _PAIRS, 1.0)},
    "messages of two words in turn and messages of different words",
    length=LENGTH,
)
BYTES = 300
#: Texts of each kind, each as repetitive as no other.
TEXTS = 12


def _lines() -> list[list[str]]:
    rng = np.random.default_rng(5)
    found = []
    for shares in (np.linspace(0.1, 0.5, TEXTS), np.linspace(0.5, 1.0, TEXTS)):
        lines = []
        for share in shares.tolist():
            pool = rng.integers(0, 10**6, int(60 * share) + 2)
            lines.append(" ".join(f"{word}" for word in rng.choice(pool, 60)))
        found.append(lines)
    return found


LINES = _lines()


def texts_to_compress(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Each episode one of some repetitive texts, or one of some that repeat less."""
    turns = turns_of(sizes, rng, [[0]], [[0]], shuffled=False)
    first = _first_kind(sizes, rng, planted=planted)
    which = rng.integers(0, TEXTS, len(first))
    kinds = np.where(first, 0, 1).tolist()
    return spoken(turns, [LINES[kind][i] for kind, i in zip(kinds, which.tolist(), strict=True)])


def _sizes(lines: Sequence[str]) -> float:
    return float(np.mean([len(zlib.compress(text.encode()[:BYTES], 9)) / BYTES for text in lines]))


compression = two_kinds(
    "compression",
    texts_to_compress,
    {"": (_sizes(LINES[0]), _sizes(LINES[1]))},
    "episodes with a repetitive text and with another",
    length=BYTES,
)
PER_ROUND, KEPT = 10, (6, 2)


def words_kept(sizes: Sizes, rng: Rng, *, planted: bool) -> Data:
    """Ten words in a round, of which the next round keeps six or two."""
    order = [[0, 1]] * 5
    turns = turns_of(sizes, rng, order, order, shuffled=True)
    share = np.where(turns.in_b & planted, OFTEN, USUAL)
    step = turns.episode * len(order) + turns.round
    kept = np.where(
        rng.random(step.max() + 1) < share[np.searchsorted(step, np.arange(step.max() + 1))], *KEPT
    )
    words: Floats = np.arange((step.max() + 1) * PER_ROUND).reshape(-1, PER_ROUND)
    for number in range(1, len(words)):
        if number % len(order):
            words[number, : kept[number]] = words[number - 1, PER_ROUND - kept[number] :]
    half = PER_ROUND // 2
    second = np.diff(step, prepend=-1) == 0
    parts = np.where(second[:, None], words[step][:, half:], words[step][:, :half])
    return spoken(turns, [" ".join(f"w{word}" for word in row) for row in parts.tolist()])


def _kept_share(kept: int) -> float:
    """Jaccard index of two rounds of ten words that share so many."""
    return kept / (2 * PER_ROUND - kept)


turnover = two_kinds(
    "turnover",
    words_kept,
    {
        "birth": (1 - KEPT[0] / PER_ROUND, 1 - KEPT[1] / PER_ROUND),
        "death": (1 - KEPT[0] / PER_ROUND, 1 - KEPT[1] / PER_ROUND),
        "jaccard": (_kept_share(KEPT[0]), _kept_share(KEPT[1])),
    },
    "steps that keep six of ten words and steps that keep two",
)
