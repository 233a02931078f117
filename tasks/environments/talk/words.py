"""The language in which a simulated participant speaks, and its phrases."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

from tasks.environments.talk import french, phrases
from tasks.environments.talk.habits import TalkHabits
from tasks.language import language_of


class Words(Protocol):
    """Phrases of one language by purpose; the modules ``phrases`` and ``french`` are such."""

    PHATIC: tuple[str, ...]
    AGREE_PHATIC: tuple[str, ...]
    AGREE: tuple[str, ...]
    META: tuple[str, ...]
    LEAD: tuple[str, ...]
    TASKS: tuple[str, ...]
    TECH: tuple[str, ...]
    OPENING: tuple[str, ...]
    MIDDLE: tuple[str, ...]
    CLOSING: tuple[str, ...]
    BUILDING: tuple[str, ...]
    ABSENT: tuple[str, ...]
    COVERING: tuple[str, ...]
    REDISTRIBUTING: tuple[str, ...]
    CLAIM: tuple[str, ...]
    HOLDING: tuple[str, ...]
    TOPICS: tuple[str, ...]
    AND: str


def words_of(habits: TalkHabits, seen: Mapping[str, Any], own: random.Random) -> Words:
    """The phrases that a seat speaks in.

    Args:
        habits: The declared rates.
        seen: The observation, with ``brief``.
        own: Generator that is the same throughout the episode.
    """
    speaks_french = habits.french and own.random() < habits.french
    return french if speaks_french and language_of(str(seen["brief"])) == "fr" else phrases
