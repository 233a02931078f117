"""Worlds of metrics over text vectors: reactions and voices."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import comb

import numpy as np

from schemas.tables.measures import EXCESS
from tasks.metrics.data import Data
from tasks.metrics.worlds.floors import (
    FLOORS,
    floor_turns,
    null_worlds,
    planted_worlds,
    words_of_nobody,
)
from tasks.metrics.worlds.frames import Turns, spoken, turns_of
from tasks.metrics.worlds.keeping import likeness, words_of_seats
from tasks.metrics.worlds.wording import (
    ALTERNATING,
    BROAD,
    DIMENSIONS,
    DOUBLED,
    PAIR,
    SHARED,
    WORDS,
    drawn,
    fresh_texts,
    joined,
    null_world,
    unique_words,
)
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World


def nobody_reacts(sizes: Sizes, rng: Rng) -> Data:
    """Seats with voices and lengths of their own, topics by round, another order in condition b."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=False)
    return spoken(turns, drawn(turns, rng, voices=True, topics=True))


CHAT, CHAT_SEATS = (24, 40), 4


def nobody_reacts_in_a_chat(sizes: Sizes, rng: Rng) -> Data:
    """No rounds, speakers at random; voices, topics that move on; longer episodes in b."""
    n_a, n = next(iter(sizes.values())), sum(sizes.values())
    length = np.where(np.arange(n) < n_a, *CHAT)
    episode = np.repeat(np.arange(n), length)
    place = np.arange(len(episode)) - np.repeat(np.cumsum(length) - length, length)
    seat = rng.integers(0, CHAT_SEATS, len(episode))
    moment = Turns(episode, place // CHAT_SEATS, seat, CHAT_SEATS, sizes)
    said = drawn(moment, rng, voices=True, topics=True)
    return spoken(replace(moment, round=np.zeros_like(place)), said)


def nobody_differs(sizes: Sizes, rng: Rng) -> Data:
    """Topics and lengths by round, and nothing that depends on the seat; unequal turns in b."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    return spoken(turns, drawn(turns, rng, voices=False, topics=True))


def wordy_seats(sizes: Sizes, rng: Rng) -> Data:
    """All draw their words alike, but seats of b write 4 to 22 of them."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = rng.integers(0, 60, (turns.n, 24))
    return spoken(turns, joined(words, np.where(turns.in_b, 4 + 6 * turns.seat, 12)))


def wordy_by_nature(sizes: Sizes, rng: Rng) -> Data:
    """All draw from 800 words with frequencies as in language; seats of b write 8 to 53 of them."""
    turns = turns_of(sizes, rng, ALTERNATING, DOUBLED, shuffled=True)
    often = 1 / np.arange(1, 801)
    words = rng.choice(800, p=often / often.sum(), size=(turns.n, 53))
    return spoken(turns, joined(words, np.where(turns.in_b, 8 + 15 * turns.seat, 20)))


def wordy_episodes(sizes: Sizes, rng: Rng) -> Data:
    """All draw their words alike, but episodes of b have short messages or long ones."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=False)
    words = rng.integers(0, 60, (turns.n, 24))
    own = rng.choice([4, 20], sum(sizes.values()))[turns.episode]
    length = np.where(turns.in_b, own, 10) + rng.integers(0, 3, turns.n)
    return spoken(turns, joined(words, length))


def episodes_have_topics(sizes: Sizes, rng: Rng) -> Data:
    """Episodes of b use words of their own, and nobody reacts to anything."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=False)
    own = rng.integers(0, BROAD, (turns.n, WORDS)) % 40 + 1000 * turns.episode[:, None]
    words = np.where(turns.in_b[:, None] & (rng.random(own.shape) < 0.2), own, 10**6)
    fresh = rng.integers(0, BROAD, own.shape) + 10**7
    return spoken(turns, joined(np.where(words < 10**6, words, fresh), np.full(turns.n, WORDS)))


def topics_of_an_episode_move_on(sizes: Sizes, rng: Rng, *, rounds: int = 1) -> Data:
    """Every so many rounds, episodes of b use other words of their own; nobody reacts."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=False)
    cell = turns.episode * len(ALTERNATING) + (turns.round + rounds - 1) // rounds
    own = rng.integers(0, BROAD, (turns.n, WORDS)) % 40 + 1000 * cell[:, None]
    mine = turns.in_b[:, None] & (rng.random(own.shape) < 0.2)
    fresh = rng.integers(0, BROAD, own.shape) + 10**7
    return spoken(turns, joined(np.where(mine, own, fresh), np.full(turns.n, WORDS)))


COPIED, COPYING = 4, 0.6


def replies_copy(sizes: Sizes, rng: Rng, *, both: bool, floor: str = "") -> Data:
    """Replies take four words of the message before with probability .6."""
    turns = (
        floor_turns(sizes, rng, floor)[0]
        if floor
        else turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=False)
    )
    words = unique_words(turns)
    even, odd = np.arange(0, 2 * COPIED, 2), np.arange(1, 2 * COPIED, 2)
    copies = (np.diff(turns.episode, prepend=-1) == 0) & (rng.random(turns.n) < COPYING)
    copies &= both | turns.in_b
    reply = np.flatnonzero(copies)
    words[reply[:, None], even] = words[(reply - 1)[:, None], odd]
    return spoken(turns, fresh_texts(words, rng))


SHARING, LAST = 0.6, len(ALTERNATING) - 1


def rounds_converge(sizes: Sizes, rng: Rng, *, both: bool) -> Data:
    """In round r the messages share each of r words of the episode with probability .6."""
    turns = turns_of(sizes, rng, ALTERNATING, ALTERNATING, shuffled=True)
    words = unique_words(turns)
    cell = turns.episode * len(ALTERNATING) + turns.round
    for number in range(LAST):
        shares = (rng.random(cell.max() + 1) < SHARING)[cell] & (both | turns.in_b)
        mine = shares & (turns.round > number)
        words[mine, 2 * number] = 10**7 + cell[mine] * LAST + number
    return spoken(turns, fresh_texts(words, rng))


APART = 0.7


def seats_apart(sizes: Sizes, rng: Rng) -> Data:
    """In b two seats say a sentence of their own in .7 of the rounds, else a common one."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    cell = turns.episode * len(PAIR) + turns.round
    apart = (rng.random(cell.max() + 1) < APART)[cell] & turns.in_b
    number = np.where(apart, 1 + turns.seat, 0)
    words = (turns.episode[:, None] * 10 + number[:, None]) * WORDS + np.arange(WORDS)
    return spoken(turns, fresh_texts(words, rng))


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
    words = unique_words(turns)
    n_own = rng.integers(0, COPIED + 1, sum(sizes.values()))[turns.episode] * turns.in_b
    for number in range(COPIED):
        mine = n_own > number
        words[mine, 2 * number] = 10**7 + (turns.episode * 2 + turns.seat)[mine] * COPIED + number
    return spoken(turns, fresh_texts(words, rng))


def seats_marked(sizes: Sizes, rng: Rng, *, share: float) -> Data:
    """All say the same; in b a share of the messages holds a word of the seat's own besides."""
    turns = turns_of(sizes, rng, PAIR, PAIR, shuffled=True)
    marked = turns.in_b & (rng.random(turns.n) < share)
    own = [
        f"well then mark{seat}" if mark else "well then"
        for seat, mark in zip(turns.seat.tolist(), marked.tolist(), strict=True)
    ]
    return spoken(turns, own)


OWN_LENGTHS = "nobody reacts; episodes of b with short messages or with long ones"
OWN_TOPICS = "nobody reacts; episodes of b with words of their own"
NO_ROUNDS = "nobody reacts in a chat without rounds; voices, topics that move on, longer in b"
MOVING = "nobody reacts; episodes of b with words of their own in each round"
STAYING = "nobody reacts; episodes of b with words of their own in each two rounds"
COPIES = tuple(
    Truth(quantity, 0.0, COPYING * COPIED / DIMENSIONS, EXCESS) for quantity in ("", "across")
)
alignment = MetricWorlds(
    "alignment",
    null=(
        null_world(
            "nobody reacts; voices, lengths, topics by round, another order of seats in b",
            nobody_reacts,
            "",
            "across",
        ),
        null_world(NO_ROUNDS, nobody_reacts_in_a_chat, ""),
        null_world(OWN_LENGTHS, wordy_episodes, "", "across"),
        null_world(OWN_TOPICS, episodes_have_topics, "", "across"),
    ),
    planted=(
        World(
            "in b .6 of the replies take four of eleven words of the message before",
            partial(replies_copy, both=False),
            COPIES,
        ),
        *(
            World(
                "in b .6 of the replies take four of eleven words of the message before; floor in "
                f"seat order, in b: {floor}",
                partial(replies_copy, both=False, floor=floor),
                # Who leads speaks last in a round and first in the next: no reply is across rounds.
                COPIES[:1] if floor == "led" else COPIES,
            )
            for floor in FLOORS
        ),
    ),
    limits=(
        null_world(MOVING, topics_of_an_episode_move_on, "", "across"),
        null_world(STAYING, partial(topics_of_an_episode_move_on, rounds=2), "", "across"),
    ),
)
_MEAN, _SLOPE = SHARING * LAST / 2 / DIMENSIONS, SHARING / DIMENSIONS
convergence = MetricWorlds(
    "convergence",
    null=(
        null_world(
            "nobody reacts; voices, lengths, topics by round, another order of seats in b",
            nobody_reacts,
            "",
            "slope",
        ),
        null_world(NO_ROUNDS, nobody_reacts_in_a_chat, "", "slope"),
        null_world(OWN_LENGTHS, wordy_episodes, "", "slope"),
        null_world(OWN_TOPICS, episodes_have_topics, "", "slope"),
        World(
            "messages of round r share each of r words with probability .6 in both conditions",
            partial(rounds_converge, both=True),
            (Truth("by_round", *(SHARING * 3 / DIMENSIONS,) * 2, subject="3"),),
        ),
    ),
    planted=(
        World(
            "messages of round r share each of r words with probability .6 in b",
            partial(rounds_converge, both=False),
            (
                Truth("", 0.0, _MEAN, EXCESS),
                Truth("slope", 0.0, _SLOPE, EXCESS),
                Truth("by_round", 0.0, SHARING * LAST / DIMENSIONS, subject=str(LAST)),
            ),
        ),
    ),
    limits=(null_world(MOVING, topics_of_an_episode_move_on, "", "slope"),),
)
WORDY = "seats alike but for length, which is 4 to 22 words in b"
ALIKE = (
    null_world(
        "seats alike; topics and lengths by round; unequal turns in b",
        nobody_differs,
        "",
        draws=20,
    ),
    null_world(WORDY, wordy_seats, "", draws=20),
)
UNDER_FLOORS = null_worlds(words_of_nobody, 20)
vendi = MetricWorlds(
    "vendi",
    null=(*ALIKE, *UNDER_FLOORS),
    planted=(
        World(
            "two seats with a sentence of their own in .7 of the rounds of b",
            seats_apart,
            (Truth("", 0.0, voices_excess(), EXCESS),),
            {"draws": 20},
        ),
    ),
    limits=(
        null_world(
            "seats alike but for length, 8 to 53 words in b, frequent words and rare ones",
            wordy_by_nature,
            "",
            draws=20,
        ),
    ),
)
consistency = MetricWorlds(
    "persona_consistency",
    null=(*ALIKE, *UNDER_FLOORS),
    planted=(
        World(
            "two seats whose messages share none to four words of their own in b",
            seats_have_words,
            (Truth("", 0.0, COPIED / 2 * SHARED * (1 - 1 / (2 * len(PAIR))), EXCESS),),
            {"draws": 20},
        ),
        *planted_worlds(
            "in b the messages of each seat share none to four words of its own",
            words_of_seats,
            20,
            likeness,
        ),
    ),
)
