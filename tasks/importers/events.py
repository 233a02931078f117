"""Events of imported episodes as rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
        "visible_to": None,
        "valid": True,
        "attempts": 0,
        "fallback": False,
        "call_key": None,
        **what,
    }
