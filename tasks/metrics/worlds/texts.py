"""Worlds of metrics over text vectors.

Texts are made of words that occur nowhere else unless they are meant to be shared, so the cosine of
two hashed messages is the number of shared words over the number of words and word pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from math import comb

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Ints
from tasks.metrics.worlds.frames import Turns, spoken, turns_of
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World

#: Words that all, a round, or a seat use again and again, and that anybody may use.
COMMON, TOPIC, OWN, BROAD = 12, 10, 8, 400
#: Words and word pairs of a message of eleven words.
WORDS, DIMENSIONS = 11, 21
ALTERNATING = [[0, 1, 2, 3]] * 6
#: The same seats one behind the other in the middle of a round.
DOUBLED = [[0, 1, 1, 2, 3, 3], [2, 0, 1, 3], [0, 1, 2]] * 2


def _joined(words: Ints, lengths: Ints) -> list[str]:
    """Texts of the first so many words of each row."""
    ends = lengths.tolist()
    return [
        " ".join([f"w{word}" for word in row[:n]])
        for row, n in zip(words.tolist(), ends, strict=True)
    ]


def _drawn(turns: Turns, rng: Rng, *, voices: bool, topics: bool) -> list[str]:
    """Texts that nobody reacts to: common words, words of the round, of the seat, and others.

    Lengths depend on the round and, where seats have voices, on the seat.
    """
    longest = 24
    length = 6 + 2 * (turns.round % 4) + rng.integers(0, 6, turns.n)
    if voices:
        length = length + 2 * turns.seat
    shape = (turns.n, longest)
    words = rng.integers(0, BROAD, shape)
    kind = rng.random(shape)
    common = rng.integers(0, COMMON, shape) + 1000
    topic = rng.integers(0, TOPIC, shape) + 2000 + 100 * turns.round[:, None]
    own = rng.integers(0, OWN, shape) + 5000 + 100 * turns.seat[:, None]
    words = np.where(kind < 0.3, common, words)
    if topics:
        words = np.where((kind > 0.3) & (kind < 0.6), topic, words)
    if voices:
        words = np.where(kind > 0.8, own, words)
    return _joined(words, np.minimum(length, longest))


def nobody_reacts(sizes: Sizes, rng: Rng) -> Data:
    """Seats with voices and lengths of their own, topics by round, another order in condition b."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=False)
    return spoken(turns, _drawn(turns, rng, voices=True, topics=True))


CHAT, CHAT_SEATS = (24, 40), 4


def nobody_reacts_in_a_chat(sizes: Sizes, rng: Rng) -> Data:
    """No rounds, speakers at random; voices, topics that move on; longer episodes in b."""
    n_a, n = next(iter(sizes.values())), sum(sizes.values())
    length = np.where(np.arange(n) < n_a, *CHAT)
    episode = np.repeat(np.arange(n), length)
    place = np.arange(len(episode)) - np.repeat(np.cumsum(length) - length, length)
    seat = rng.integers(0, CHAT_SEATS, len(episode))
    moment = Turns(episode, place // CHAT_SEATS, seat, CHAT_SEATS, sizes)
    said = _drawn(moment, rng, voices=True, topics=True)
    return spoken(replace(moment, round=np.zeros_like(place)), said)


def nobody_differs(sizes: Sizes, rng: Rng) -> Data:
    """Topics and lengths by round, and nothing that depends on the seat; unequal turns in b."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    return spoken(turns, _drawn(turns, rng, voices=False, topics=True))


def nothing_changes(sizes: Sizes, rng: Rng) -> Data:
    """Seats with voices of their own that are the same from first to last."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    length = 6 + turns.seat + rng.integers(0, 8, turns.n)
    own = rng.integers(0, OWN, (turns.n, 20)) + 100 * turns.seat[:, None]
    broad = rng.integers(0, BROAD, (turns.n, 20)) + 1000
    words = np.where(rng.random(own.shape) < 0.4, own, broad)
    return spoken(turns, _joined(words, length))


def topics_move_on(sizes: Sizes, rng: Rng) -> Data:
    """The topic changes by round for everybody; no seat has a voice."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    return spoken(turns, _drawn(turns, rng, voices=False, topics=True))


def messages_grow(sizes: Sizes, rng: Rng) -> Data:
    """All draw their words alike, and later messages are longer, most of all in b."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = rng.integers(0, 60, (turns.n, 24))
    return spoken(turns, _joined(words, 3 + 2 * turns.round * (1 + turns.in_b)))


def wordy_seats(sizes: Sizes, rng: Rng) -> Data:
    """All draw their words alike, but the last seat writes three times as many as the first."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = rng.integers(0, 60, (turns.n, 24))
    return spoken(turns, _joined(words, 6 + 4 * turns.seat))


def _unique(turns: Turns) -> Ints:
    """Eleven words for each message that no other message has."""
    return np.asarray(np.arange(turns.n * WORDS).reshape(turns.n, WORDS), dtype=np.int64)


def _texts(words: Ints, rng: Rng) -> list[str]:
    """Texts of all words, which are others in every study, so that hashes collide at random."""
    return _joined(words + 10**8 * rng.integers(1, 10**6), np.full(len(words), words.shape[1]))


COPIED, COPYING = 4, 0.6


def replies_copy(sizes: Sizes, rng: Rng, *, both: bool) -> Data:
    """Replies take four words of the message before with probability .6."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=False)
    words = _unique(turns)
    even, odd = np.arange(0, 2 * COPIED, 2), np.arange(1, 2 * COPIED, 2)
    copies = (np.diff(turns.episode, prepend=-1) == 0) & (rng.random(turns.n) < COPYING)
    copies &= both | turns.in_b
    reply = np.flatnonzero(copies)
    words[reply[:, None], even] = words[(reply - 1)[:, None], odd]
    return spoken(turns, _texts(words, rng))


SHARING, LAST = 0.6, len(ALTERNATING) - 1


def rounds_converge(sizes: Sizes, rng: Rng, *, both: bool) -> Data:
    """In round r the messages share r words of the episode with probability .6."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = _unique(turns)
    cell = turns.episode * len(ALTERNATING) + turns.round
    shares = (rng.random(cell.max() + 1) < SHARING)[cell] & (both | turns.in_b)
    for number in range(LAST):
        mine = shares & (turns.round > number)
        words[mine, 2 * number] = 10**7 + cell[mine] * LAST + number
    return spoken(turns, _texts(words, rng))


PAIR = [[0, 1]] * 6
APART = 0.7


def seats_apart(sizes: Sizes, rng: Rng) -> Data:
    """In b two seats say a sentence of their own in .7 of the rounds, else a common one."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    cell = turns.episode * len(PAIR) + turns.round
    apart = (rng.random(cell.max() + 1) < APART)[cell] & turns.in_b
    number = np.where(apart, 1 + turns.seat, 0)
    words = (turns.episode[:, None] * 10 + number[:, None]) * WORDS + np.arange(WORDS)
    return spoken(turns, _texts(words, rng))


def voices_excess() -> float:
    """Excess of the effective number of voices in :func:`seats_apart`."""

    def voices(apart: int, turned: int) -> float:
        common = len(PAIR) - apart
        dot = 2 * turned * (apart - turned) + common**2
        cosine = dot / ((apart - turned) ** 2 + turned**2 + common**2)
        shares = [share for share in ((1 + cosine) / 2, (1 - cosine) / 2) if share > 1e-12]
        return float(2 ** -sum(share * np.log2(share) for share in shares))

    total = 0.0
    for k in range(len(PAIR) + 1):
        null = sum(comb(k, j) / 2**k * voices(k, j) for j in range(k + 1))
        chance = comb(len(PAIR), k) * APART**k * (1 - APART) ** (len(PAIR) - k)
        total += chance * (voices(k, 0) - null)
    return total


def seats_have_words(sizes: Sizes, rng: Rng) -> Data:
    """In b a seat's messages share none to four of its own words, both of an episode as many."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    words = _unique(turns)
    n_own = rng.integers(0, COPIED + 1, sum(sizes.values()))[turns.episode] * turns.in_b
    for number in range(COPIED):
        mine = n_own > number
        words[mine, 2 * number] = 10**7 + (turns.episode * 2 + turns.seat)[mine] * COPIED + number
    return spoken(turns, _texts(words, rng))


def seats_marked(sizes: Sizes, rng: Rng, *, share: float) -> Data:
    """All say the same; in b a share of the messages holds a word of the seat's own besides."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    marked = turns.in_b & (rng.random(turns.n) < share)
    own = [
        f"well then mark{seat}" if mark else "well then"
        for seat, mark in zip(turns.seat.tolist(), marked.tolist(), strict=True)
    ]
    return spoken(turns, own)


MOVING = 0.6


def one_seat_moves(sizes: Sizes, rng: Rng) -> Data:
    """In b the first seat goes over to the other's sentence half way, with probability .6."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    moves = (rng.random(sum(sizes.values())) < MOVING)[turns.episode] & turns.in_b
    over = moves & (turns.round >= len(PAIR) // 2)
    number = np.where((turns.seat == 1) | over, 1, 0)
    words = (turns.episode[:, None] * 10 + number[:, None]) * WORDS + np.arange(WORDS)
    return spoken(turns, _texts(words, rng))


def drift_excess() -> float:
    """Excess of drift in :func:`one_seat_moves`: of the one seat of two that moves, in b."""
    half = len(PAIR) // 2
    drawn = []
    for order in set(permutations([0] * half + [1] * half)):
        early, late = np.bincount(order[:2], minlength=2), np.bincount(order[-2:], minlength=2)
        drawn.append(1 - early @ late / np.linalg.norm(early) / np.linalg.norm(late))
    return MOVING * (1 - float(np.mean(drawn))) / 2


def pull_excess() -> float:
    """Excess of societal pull in :func:`one_seat_moves`, over seats shuffled within rounds."""
    half = len(PAIR) // 2
    two = np.array([0, 2])

    def pull(swaps: tuple[int, ...]) -> float:
        """Sentences of two seats before half time, the other way round in some of the rounds."""
        said = np.array([[swap, 1 - swap] for swap in swaps])
        total = []
        for seat in (0, 1):
            early = np.bincount(said[:2, seat], minlength=2)
            rest = np.bincount(said[:, 1 - seat], minlength=2) + half * np.array([0, 1])
            late, first = (part @ rest / np.linalg.norm(part) for part in (two, early))
            total.append((late - first) / np.linalg.norm(rest))
        return float(np.mean(total))

    drawn = [pull(swaps) for swaps in product((0, 1), repeat=half)]
    return MOVING * (pull((0,) * half) - float(np.mean(drawn)))


def _null(
    title: str, make: Callable[[Sizes, Rng], Data], *quantities: str, draws: int = 0
) -> World:
    truths = tuple(Truth(quantity, 0.0, 0.0, EXCESS) for quantity in quantities)
    return World(title, make, truths, {"draws": draws} if draws else {})


NO_ROUNDS = "nobody reacts in a chat without rounds; voices, topics that move on, longer in b"
_COSINE = COPIED / DIMENSIONS
alignment = MetricWorlds(
    "alignment",
    null=(
        _null(
            "nobody reacts; voices, lengths, topics by round, another order of seats in b",
            nobody_reacts,
            "",
        ),
        _null(NO_ROUNDS, nobody_reacts_in_a_chat, ""),
    ),
    planted=(
        World(
            "in b .6 of the replies take four of eleven words of the message before",
            partial(replies_copy, both=False),
            (Truth("", 0.0, COPYING * _COSINE, EXCESS),),
        ),
    ),
)
_MEAN, _SLOPE = SHARING * LAST / 2 / DIMENSIONS, SHARING / DIMENSIONS
convergence = MetricWorlds(
    "convergence",
    null=(
        _null(
            "nobody reacts; voices, lengths, topics by round, another order of seats in b",
            nobody_reacts,
            "",
            "slope",
        ),
        _null(NO_ROUNDS, nobody_reacts_in_a_chat, "", "slope"),
        World(
            "messages of round r share r words in .6 of the rounds of both conditions",
            partial(rounds_converge, both=True),
            (Truth("by_round", *(SHARING * 3 / DIMENSIONS,) * 2, subject="3"),),
        ),
    ),
    planted=(
        World(
            "messages of round r share r words in .6 of the rounds of b",
            partial(rounds_converge, both=False),
            (
                Truth("", 0.0, _MEAN, EXCESS),
                Truth("slope", 0.0, _SLOPE, EXCESS),
                Truth("by_round", 0.0, SHARING * LAST / DIMENSIONS, subject=str(LAST)),
            ),
        ),
    ),
)
ALIKE = (
    _null(
        "seats alike; topics and lengths by round; unequal turns in b",
        nobody_differs,
        "",
        draws=20,
    ),
)
ALIKE_BUT_FOR_LENGTH = (
    _null("seats alike but for length, up to three times as long", wordy_seats, "", draws=20),
)
vendi = MetricWorlds(
    "vendi",
    null=ALIKE,
    planted=(
        World(
            "two seats with a sentence of their own in .7 of the rounds of b",
            seats_apart,
            (Truth("", 0.0, voices_excess(), EXCESS),),
            {"draws": 20},
        ),
    ),
    limits=ALIKE_BUT_FOR_LENGTH,
)
consistency = MetricWorlds(
    "persona_consistency",
    null=ALIKE,
    planted=(
        World(
            "two seats whose messages share none to four words of their own in b",
            seats_have_words,
            (Truth("", 0.0, _COSINE / 2 * (1 - 1 / (2 * len(PAIR))), EXCESS),),
            {"draws": 20},
        ),
    ),
    limits=ALIKE_BUT_FOR_LENGTH,
)
TOPICS, LONGER = (
    "topics move on for everybody alike",
    "messages grow longer for everybody alike, twice as fast in b",
)
drift = MetricWorlds(
    "drift",
    null=(
        _null(
            "voices that stay; unequal turns in b", nothing_changes, "", "societal_pull", draws=20
        ),
        _null(TOPICS, topics_move_on, "societal_pull", draws=20),
        _null(LONGER, messages_grow, "societal_pull", draws=20),
    ),
    planted=(
        World(
            "in b one of two seats goes over to the other's sentence with probability .6",
            one_seat_moves,
            (
                Truth("", 0.0, drift_excess(), EXCESS),
                Truth("societal_pull", 0.0, pull_excess(), EXCESS),
            ),
            {"draws": 20},
        ),
    ),
    limits=(
        _null(TOPICS, topics_move_on, "", draws=20),
        _null(LONGER, messages_grow, "", draws=20),
    ),
)
