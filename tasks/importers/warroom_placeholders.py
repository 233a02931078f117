"""Episodes of which nothing is known but codes that were made elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.keys import digest
from schemas.unit import Result, Unit
from tasks.importers.events import event_row


@dataclass(frozen=True)
class CodedMessage:
    """A line of the file: a message, named by run, name and round, and its codes by coder."""

    line: int
    run: str
    series: str
    name: str
    round: int
    model: str
    codes: Mapping[str, Mapping[str, float]]

    @property
    def place(self) -> str:
        """Its id as the file writes it."""
        return f"{self.run}|{self.name}|R{self.round}"


def placeholder(
    series: str,
    run: str,
    items: Sequence[CodedMessage],
    collection: str,
    recorded_at: dt.datetime | None = None,
) -> tuple[Result, dict[str, int]]:
    """An episode for a run of which nothing is known but codes, and the event of each message.

    Args:
        series: Its series.
        run: Its name in the file of codes.
        items: Its messages that were coded.
        collection: Collection that it is put into.
        recorded_at: The minute in which it took place, if its name tells.
    """
    ordered = sorted(items, key=lambda item: (item.round, item.name))
    names = sorted({item.name: item.model for item in items}.items())
    content = [[item.name, item.model, item.round] for item in ordered]
    key = digest("import", "placeholder", collection, series, run, content)
    seats = {name: f"s{position}" for position, (name, _) in enumerate(names, start=1)}
    owner = {"episode_key": key, "unit_key": key}
    episode: dict[str, Any] = {
        **owner,
        "source": "import",
        "environment": "discussion",
        "collection": collection,
        "series": series,
        "label": run,
        "brief": None,
        "params": {},
        "seed": None,
        "status": "placeholder",
        "end_reason": "known only by its codes",
        "planned_rounds": None,
        "completed_rounds": 0,
        "exclusion": None,
        "recorded_at": recorded_at,
    }
    taking_part: list[dict[str, Any]] = [
        {
            **owner,
            "seat": seats[name],
            "position": position,
            "role": "participant",
            "name": name,
            "model": model,
            "model_id": model,
            "persona_key": None,
        }
        for position, (name, model) in enumerate(names, start=1)
    ]
    said: list[dict[str, Any]] = [
        event_row(key, seq, item.round, seq, {"kind": "say", "actor": seats[item.name]})
        for seq, item in enumerate(ordered)
    ]
    unit = Unit(
        stage="import",
        step="placeholders",
        key=key,
        spec=None,
        condition=series,
        label=run,
    )
    rows = {"episodes": [episode], "seats": taking_part, "events": said}
    return Result(unit, rows), {item.place: seq for seq, item in enumerate(ordered)}
