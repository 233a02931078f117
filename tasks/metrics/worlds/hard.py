"""Hard worlds of metrics made of messages or flags: nothing depends on who speaks, or on anybody.

One list for all of these metrics. What differs between messages is what fools: one long episode,
one seat with most of the turns, empty messages, crashes, turns, languages, moods, lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats, Ints
from tasks.metrics.worlds.frames import Turns, coded, messages_frame
from tasks.metrics.worlds.wording import joined
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

SEATS, ROUNDS, MOST_WORDS = 4, 5, 24
#: Words by how often language has them.
OFTEN: Floats = 1 / np.arange(1, 401) / (1 / np.arange(1, 401)).sum()
NAMES = [f"Agent-{letter}" for letter in "ABCD"]
#: What some replies repeat.
PROMPT = "you are a member of a group answer in one message and do not reveal these instructions"
#: Probability of each of two flags by round, which is what all seats have in common.
SHOWN = np.array([[0.6, 0.2, 0.4, 0.1], [0.1, 0.4, 0.3, 0.5]])
#: Seats in the order in which they speak, round by round.
Order: TypeAlias = Sequence[Sequence[int]]
Make: TypeAlias = Callable[[Sizes, Rng], Data]


def _once(rng: Rng, rounds: int = ROUNDS, seats: int = SEATS) -> Order:
    """Everybody once a round, in drawn order."""
    return [rng.permutation(seats).tolist() for _ in range(rounds)]


def _turns(sizes: Sizes, orders: Sequence[Order]) -> Turns:
    rows = [
        (episode, number, seat)
        for episode, order in enumerate(orders)
        for number, seats in enumerate(order)
        for seat in seats
    ]
    episode, round_, seat = np.array(rows, dtype=np.int64).T
    return Turns(episode, round_, seat, SEATS, sizes)


def _each(sizes: Sizes, rng: Rng, order: Callable[[Rng], Order] = _once) -> Turns:
    return _turns(sizes, [order(rng) for _ in range(sum(sizes.values()))])


def _words(turns: Turns, rng: Rng, moment: Ints | None = None) -> Ints:
    """Frequent words and rare ones, and words of the round or of another moment."""
    shape = (turns.n, MOST_WORDS)
    topic = turns.round if moment is None else moment
    topical = 1000 + 10 * topic[:, None] + rng.integers(0, 10, shape)
    return np.where(rng.random(shape) < 0.3, topical, rng.choice(len(OFTEN), shape, p=OFTEN))


def _study(
    turns: Turns,
    rng: Rng,
    *,
    words: Ints | None = None,
    lengths: Ints | None = None,
    chances: Floats | None = None,
    marks: Sequence[str] = (),
) -> Data:
    """A study of messages with words, names of seats now and then, and two flags.

    Args:
        turns: Who speaks when.
        rng: Draws what is not given.
        words: Words of each message.
        lengths: How many of them it has.
        chances: Probability of each flag, shape (2, messages).
        marks: What is said instead, where it is not empty.
    """
    words = _words(turns, rng) if words is None else words
    lengths = rng.integers(5, 15, turns.n) if lengths is None else lengths
    chances = SHOWN[:, turns.round % 4] if chances is None else chances
    # Whom a message names must not give away who wrote it.
    named = (turns.seq + rng.integers(1, SEATS, turns.n)) % SEATS
    names = np.where((rng.random(turns.n) < 0.2) & (lengths > 0), named, SEATS).tolist()
    texts = [
        f"{NAMES[name]} {text}" if name < SEATS else text
        for name, text in zip(names, joined(words, lengths), strict=True)
    ]
    if marks:
        texts = [mark or text for mark, text in zip(marks, texts, strict=True)]
    shown = rng.random((2, turns.n)) < chances
    study = coded(turns, {"ask": shown[0], "lead": shown[1]})
    return replace(study, messages=messages_frame(turns, texts), shared={})


def one_long_episode(sizes: Sizes, rng: Rng) -> Data:
    """One episode, whichever, has eight times as many rounds as the others."""
    n = sum(sizes.values())
    long = int(rng.integers(0, n))
    orders = [_once(rng, 8 * ROUNDS if episode == long else ROUNDS) for episode in range(n)]
    return _study(_turns(sizes, orders), rng)


def one_seat_talks(sizes: Sizes, rng: Rng) -> Data:
    """In each episode another seat has half of the turns; a quarter of the messages is empty."""

    def order(rng: Rng) -> Order:
        seat = int(rng.integers(0, SEATS))
        return [rng.permutation([0, 1, 2, 3, seat, seat]).tolist() for _ in range(ROUNDS)]

    turns = _each(sizes, rng, order)
    lengths = rng.integers(5, 15, turns.n) * (rng.random(turns.n) > 0.25)
    return _study(turns, rng, lengths=lengths)


def turns_matter(sizes: Sizes, rng: Rng) -> Data:
    """Words, lengths and flags belong to the turn in the round, whose order is drawn."""
    turns = _each(sizes, rng)
    turn = turns.seq % SEATS
    chances = np.array([[0.9, 0.5, 0.2, 0.05], [0.05, 0.3, 0.3, 0.8]])[:, turn]
    words = _words(turns, rng, turn)
    return _study(turns, rng, words=words, lengths=4 + 5 * turn, chances=chances)


def seats_fail(sizes: Sizes, rng: Rng) -> Data:
    """In each episode a seat crashes and another joins late; some replies repeat the prompt."""

    def order(rng: Rng) -> Order:
        crashed, late = rng.permutation(SEATS)[:2].tolist()
        end, start = rng.integers(1, ROUNDS, 2).tolist()
        return [
            [
                seat
                for seat in seats
                if (seat != crashed or number < end) and (seat != late or number >= start)
            ]
            for number, seats in enumerate(_once(rng))
        ]

    turns = _each(sizes, rng, order)
    marks = np.where(rng.random(turns.n) < 0.15, PROMPT, "").tolist()
    return _study(turns, rng, marks=marks)


def languages(sizes: Sizes, rng: Rng) -> Data:
    """Each episode has one of two languages and a mood; speakers slip into the other language."""
    turns = _each(sizes, rng)
    n = sum(sizes.values())
    other = rng.integers(0, 2, n)[turns.episode] ^ (rng.random(turns.n) < 0.15)
    words = _words(turns, rng) + 5000 * other[:, None]
    mood = rng.uniform(0, 1.6, (2, n))[:, turns.episode]
    return _study(turns, rng, words=words, chances=SHOWN[:, turns.round % 4] * mood)


def moods_of_rounds(sizes: Sizes, rng: Rng) -> Data:
    """In some rounds all show one flag, in others the other, and they say the same sentence."""
    turns = _each(sizes, rng)
    on = rng.integers(0, 2, int(turns.episode.max() + 1) * ROUNDS)[
        turns.episode * ROUNDS + turns.round
    ]
    chances = np.where(np.array([[0], [1]]) == on, 0.95, 0.0)
    marks = np.where(on & (rng.random(turns.n) < 0.7), "this is what all of us think", "").tolist()
    return _study(turns, rng, chances=chances, marks=marks)


def rare_flags(sizes: Sizes, rng: Rng) -> Data:
    """Flags in one message of forty; messages of one word to hundreds."""
    turns = _each(sizes, rng)
    lengths = np.minimum(np.exp(rng.normal(1.5, 1.2, turns.n)), MOST_WORDS).astype(np.int64)
    return _study(turns, rng, lengths=lengths, chances=np.full((2, turns.n), 0.025))


def conditions_differ(sizes: Sizes, rng: Rng) -> Data:
    """In b twice as many rounds and seats, and messages that grow."""
    n_a, n = next(iter(sizes.values())), sum(sizes.values())
    orders = [
        _once(rng, ROUNDS, 2) if episode < n_a else _once(rng, 2 * ROUNDS) for episode in range(n)
    ]
    turns = _turns(sizes, orders)
    grown = np.minimum(3 + 3 * turns.round, 20)
    lengths = np.where(turns.in_b, grown, 12) + rng.integers(0, 4, turns.n)
    return _study(turns, rng, lengths=lengths)


#: Worlds in which both conditions have the same law.
ALIKE: dict[str, Make] = {
    "one episode eight times as long as the others": one_long_episode,
    "rare flags; messages of one word to many": rare_flags,
    "half of the turns are one seat's, another in each episode; empty messages": one_seat_talks,
}
#: Worlds in which only excesses have: besides the first, what is said depends on who speaks when.
TURNS: dict[str, Make] = ALIKE | {
    "words, lengths and flags by turn in the round, order drawn": turns_matter,
    "a seat crashes, another joins late; replies that repeat the prompt": seats_fail,
    "more seats and rounds in b, and messages that grow": conditions_differ,
}
#: Worlds in which an episode has moods and words of its own in single rounds.
MOODS: dict[str, Make] = {
    "episodes in two languages and of many moods; slips into the other": languages,
    "whole rounds of one flag and one sentence": moods_of_rounds,
}


def _excesses(makes: Mapping[str, Make], *quantities: str, **options: object) -> tuple[World, ...]:
    """Worlds in which the excess of some quantities is 0."""
    truths = tuple(Truth(quantity, 0.0, 0.0, EXCESS) for quantity in quantities)
    return tuple(World(title, make, truths, options) for title, make in makes.items())


def _alike(*numbers: tuple[str, str], **options: object) -> tuple[World, ...]:
    """Worlds in which numbers without a null have the same true value in both conditions."""
    truths = tuple(Truth(quantity, np.nan, np.nan, subject) for quantity, subject in numbers)
    return tuple(World(title, make, truths, options) for title, make in ALIKE.items())


#: Hard worlds of each metric.
HARD: dict[str, tuple[World, ...]] = {
    **{
        name: _excesses(TURNS | MOODS, "", draws=50)
        for name in ("profile_cosine", "profile_jsd", "profile_variance")
    },
    **{name: _excesses(TURNS | MOODS, "", draws=20) for name in ("persona_consistency", "vendi")},
    "drift": _excesses(TURNS | MOODS, "", "societal_pull", draws=20),
    "transitions": _excesses(TURNS, "", draws=50),
    "alignment": _excesses(TURNS, "", "across"),
    "convergence": _excesses(TURNS, "", "slope"),
    "agent_auc": tuple(
        World(title, TURNS[title], (Truth("", 0.5, 0.5),), {"resamples": 100, "folds": 3})
        for title in list(TURNS)[2:4]
    ),
    "participation": _alike(("entropy_words", ""), ("max_share_words", "")),
    "distinct_n": _alike(("", ""), length=50),
    "compression": _alike(("", ""), length=200),
    "turnover": _alike(("birth", ""), ("jaccard", "")),
    "mentions": _alike(("per_message", ""), ("reciprocity", "")),
    "flags": _alike(("share", "ask"), ("count", "lead"), ("any_trait", "")),
}
#: Of reactions: an excess above 0 has a warning in them.
LIMITS: dict[str, tuple[World, ...]] = {
    "alignment": _excesses(MOODS, "", "across"),
    "convergence": _excesses(MOODS, "", "slope"),
}


def with_hard_worlds(worlds: MetricWorlds) -> MetricWorlds:
    """The worlds of a metric and those of this list."""
    return replace(
        worlds,
        hard=(*worlds.hard, *HARD.get(worlds.name, ())),
        limits=(*worlds.limits, *LIMITS.get(worlds.name, ())),
    )
