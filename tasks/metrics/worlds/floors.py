"""Worlds in which nothing depends on who speaks, under every floor that a talk can have.

What is said depends on the round, on the episode and, where pairs talk by themselves, on the pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import polars as pl

from schemas.tables.measures import EXCESS
from tasks.environments.talk.floors import Floor, first_order, next_order
from tasks.environments.talk.pairs import Pairs
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Ints
from tasks.metrics.worlds.frames import Turns, coded, spoken
from tasks.metrics.worlds.wording import drawn
from tasks.metrics.worlds.world import Rng, Sizes, Truth, World

SEATS, ROUNDS = ("s1", "s2", "s3", "s4"), 6
#: How often seats are given the floor by a moderator, or bid most for it.
EAGER = (4.0, 3.0, 2.0, 1.0)
#: Speakers of a round, and the pair or group that each talks in, by the order of the round before.
Round = tuple[list[str], list[int]]


def _ordered(floor: Floor, episode: Random) -> list[Round]:
    order = first_order(floor, SEATS, episode)
    found = []
    for number in range(ROUNDS):
        order = next_order(floor, SEATS, order, number, episode) if number else order
        found.append((list(order), [0] * len(order)))
    return found


def _led(episode: Random) -> list[Round]:
    leader, *others = SEATS
    return [([leader, *others, leader], [0] * 5)] * ROUNDS


def _chosen(episode: Random) -> list[Round]:
    """By a moderator or by bids: some often, some seldom, never twice on end."""
    found: list[Round] = []
    for _ in range(ROUNDS):
        order: list[str] = []
        for _ in SEATS:
            weights = [
                0.0 if order and order[-1] == seat else eager
                for seat, eager in zip(SEATS, EAGER, strict=True)
            ]
            order += episode.choices(SEATS, weights)
        found.append((order, [0] * len(order)))
    return found


def _staggered(episode: Random) -> list[Round]:
    """In seat order, but a message appears when it is written."""
    return [(episode.sample(SEATS, len(SEATS)), [0] * len(SEATS)) for _ in range(ROUNDS)]


def _paired(episode: Random) -> list[Round]:
    floor, found = Pairs(kind="pairs"), []
    for number in range(ROUNDS):
        pairs = floor.drawn(SEATS, SEATS, number, episode)
        of = {seat: place for place, pair in enumerate(pairs) for seat in pair}
        speakers = [turn.seat for turn in floor.turns(pairs)]
        found.append((speakers, [1 + of[seat] for seat in speakers]))
    return found


FLOORS: dict[str, Callable[[Random], list[Round]]] = {
    **{
        floor: partial(_ordered, floor)
        for floor in ("rotated", "latin_square", "shuffled_once", "random")
    },
    "led": _led,
    "moderated or bids": _chosen,
    "staggered": _staggered,
    "pairs": _paired,
}


def floor_turns(sizes: Sizes, rng: Rng, floor: str) -> tuple[Turns, Ints]:
    """Turns of a study, in seat order in the first condition; and the pair of each message."""
    first = next(iter(sizes.values()))
    place = {seat: number for number, seat in enumerate(SEATS)}
    rows = []
    for episode in range(sum(sizes.values())):
        of = partial(_ordered, "fixed") if episode < first else FLOORS[floor]
        for number, (speakers, talks) in enumerate(of(Random(int(rng.integers(1 << 40))))):
            rows += [
                (episode, number, place[seat], talk)
                for seat, talk in zip(speakers, talks, strict=True)
            ]
    episode_, round_, seat_, talk_ = np.array(rows, dtype=np.int64).T
    return Turns(episode_, round_, seat_, len(SEATS), sizes), talk_


def heard(data: Data, turns: Turns, talk: Ints) -> Data:
    """The data with who hears each message: the speakers of its pair in the round."""
    if not talk.any():
        return data
    cell = (turns.episode * ROUNDS + turns.round) * (len(SEATS) + 1) + talk
    members = pl.DataFrame({"cell": cell, "seat": turns.seat}).with_columns(
        heard=pl.format("s{}", pl.col("seat") + 1).unique().sort().str.join(" ").over("cell"),
    )
    heard = pl.when(pl.Series(talk) > 0).then(members["heard"]).otherwise(pl.lit(""))
    messages = data.messages.with_columns(heard.alias("conversation"))
    return replace(data, messages=messages, shared={})


def flags_of_nobody(sizes: Sizes, rng: Rng, *, floor: str) -> Data:
    """Flags depend on the round, the episode and the pair."""
    turns, talk = floor_turns(sizes, rng, floor)
    mood = rng.uniform(0.5, 1.2, (sum(sizes.values()), talk.max() + 1))[turns.episode, talk]
    shown = (
        rng.random((2, turns.n)) < np.array([0.8, 0.3])[np.add(turns.round, [[0], [1]]) % 2] * mood
    )
    return heard(coded(turns, {"ask": shown[0], "lead": shown[1]}), turns, talk)


def words_of_nobody(sizes: Sizes, rng: Rng, *, floor: str) -> Data:
    """Words and lengths depend on the round and the pair."""
    turns, talk = floor_turns(sizes, rng, floor)
    topic = replace(turns, round=turns.round + ROUNDS * talk)
    return heard(spoken(turns, drawn(topic, rng, voices=False, topics=True)), turns, talk)


def null_worlds(make: Callable[..., Data], draws: int) -> tuple[World, ...]:
    """A null world for each floor.

    Args:
        make: Draws a study, given the floor of the second condition.
        draws: Draws of the null.
    """
    return _worlds("nothing depends on who speaks", make, draws, lambda floor: 0.0)


def planted_worlds(
    title: str, make: Callable[..., Data], draws: int, size: Callable[[str], float]
) -> tuple[World, ...]:
    """A planted world for each floor.

    Args:
        title: What happens in the second condition.
        make: Draws a study, given the floor of the second condition.
        draws: Draws of the null.
        size: The excess in the second condition, given its floor.
    """
    return _worlds(title, make, draws, size)


def _worlds(
    title: str, make: Callable[..., Data], draws: int, size: Callable[[str], float]
) -> tuple[World, ...]:
    return tuple(
        World(
            f"{title}; floor in seat order, in b: {floor}",
            partial(make, floor=floor),
            (Truth("", 0.0, size(floor), EXCESS),),
            {"draws": draws},
        )
        for floor in FLOORS
    )
