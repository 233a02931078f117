"""Events and actions of imported episodes as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.environment import EVERYONE


def event_row(
    key: str, seq: int, round_: int, turn: int, what: Mapping[str, Any]
) -> dict[str, Any]:
    """A row of ``events`` of an imported episode; what is not told of it is missing.

    Args:
        key: The episode.
        seq: Number of the event.
        round_: Its round.
        turn: Its turn.
        what: What is told of it, ``kind`` and ``actor`` at least.
    """
    return {
        "episode_key": key,
        "unit_key": key,
        "seq": seq,
        "round": round_,
        "turn": turn,
        "phase": "",
        "target": None,
        "item": None,
        "value": None,
        "text": None,
        "data": {},
        "audience": EVERYONE,
        "call_key": None,
        **what,
    }


def action_row(
    key: str, round_: int, turn: int, seat: str, ask: str, text: str | None
) -> dict[str, Any]:
    """A row of ``actions`` of an imported episode, whose calls are not known.

    Args:
        key: The episode.
        round_: Its round.
        turn: Its turn.
        seat: Who was asked.
        ask: Kind of question.
        text: What the seat said; ``None`` where no usable answer came.
    """
    return {
        "episode_key": key,
        "unit_key": key,
        "turn": turn,
        "round": round_,
        "seat": seat,
        "ask": ask,
        "call_key": None,
        "valid": text is not None,
        "attempts": 1,
        "fallback": False,
        "absent": text is None,
        "answer": None if text is None else {"text": text},
    }
