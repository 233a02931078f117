"""The events of an episode as they are numbered, and what each seat may see of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.environment import Action, Event, Logged, Seat


class History:
    """Numbers events, keeps what every seat can see, and makes their rows."""

    def __init__(self, unit_key: str, seats: Sequence[Seat]) -> None:
        self._unit_key = unit_key
        self._seen: dict[str, list[Logged]] = {seat.seat: [] for seat in seats}
        self.rows: list[dict[str, Any]] = []

    def log(
        self,
        events: Iterable[Event],
        round_: int,
        turn: int,
        actions: Mapping[str, Action],
    ) -> None:
        """Number events and keep them.

        Events of a seat that has just acted carry what is known of its action.

        Args:
            events: What happened, in order.
            round_: Round that they belong to.
            turn: Turn that they belong to.
            actions: The actions that led to them, by seat.
        """
        for event in events:
            logged = Logged(len(self.rows), round_, turn, event)
            for seat in self._seen if event.visible_to is None else event.visible_to:
                self._seen[seat].append(logged)
            self.rows.append(self._row(logged, actions.get(event.actor)))

    def seen_by(self, seat: str) -> Sequence[Logged]:
        """The events that a seat can see, in order."""
        return self._seen[seat]

    def _row(self, logged: Logged, action: Action | None) -> dict[str, Any]:
        event = logged.event
        return {
            "episode_key": self._unit_key,
            "unit_key": self._unit_key,
            "seq": logged.seq,
            "round": logged.round,
            "turn": logged.turn,
            "phase": event.phase,
            "kind": event.kind,
            "actor": event.actor,
            "target": event.target,
            "item": event.item,
            "value": event.value,
            "text": event.text,
            "data": dict(event.data),
            "visible_to": None if event.visible_to is None else list(event.visible_to),
            "valid": True if action is None else action.valid,
            "attempts": 0 if action is None else action.attempts,
            "fallback": False if action is None else action.fallback,
            "call_key": None if action is None else action.call_key,
        }


def spans(seqs: Sequence[int]) -> list[dict[str, int]]:
    """Ascending event numbers as runs of consecutive ones, both ends included.

    Example:
        >>> spans([0, 1, 2, 5])
        [{'first': 0, 'last': 2}, {'first': 5, 'last': 5}]
    """
    if seqs and seqs[-1] - seqs[0] + 1 == len(seqs):
        return [{"first": seqs[0], "last": seqs[-1]}]
    runs: list[dict[str, int]] = []
    first = last = -2
    for seq in seqs:
        if seq != last + 1:
            if last >= 0:
                runs.append({"first": first, "last": last})
            first = seq
        last = seq
    if last >= 0:
        runs.append({"first": first, "last": last})
    return runs
