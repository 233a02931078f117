"""What was confounded with what: position, shown name and model; and how often was intervened."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.report.data import ReportData, Row
from tasks.report.formatting import number
from tasks.report.tables import Table, computed, count, table, text

#: The pairs of things that an effect can be mistaken between.
PAIRS = (("position", "model"), ("position", "name"), ("name", "model"))


def association(rows: Iterable[Row], one: str, other: str) -> float | None:
    """Cramér's V of two columns: 0 where they are balanced, 1 where one tells the other.

    Args:
        rows: Rows with both columns and ``seats``, the number of seats that have both values.
        one: A column.
        other: Another.

    Returns:
        ``None`` where one of them has a single value, so that nothing can be mistaken for it.

    Example:
        >>> seats = [{"position": p, "model": m, "seats": 1} for p, m in ((1, "a"), (2, "b"))]
        >>> association(seats, "position", "model")
        1.0
        >>> both = [*seats, *({**row, "position": 3 - row["position"]} for row in seats)]
        >>> association(both, "position", "model")
        0.0
    """
    cells: Counter[tuple[Any, Any]] = Counter()
    for row in rows:
        cells[row[one], row[other]] += row["seats"]
    left, right = Counter[Any](), Counter[Any]()
    for (a, b), n in cells.items():
        left[a] += n
        right[b] += n
    least = min(len(left), len(right)) - 1
    if least < 1:
        return None
    square = sum(n * n / (left[a] * right[b]) for (a, b), n in cells.items()) - 1
    return math.sqrt(max(0.0, square) / least)


def confounding(data: ReportData) -> Table | None:
    """How far position, name and model can be told apart, by condition."""
    seats: Sequence[Row] = data.rows("places")
    if not seats:
        return None
    rows = []
    for condition, group in itertools.groupby(seats, key=lambda row: row["condition"]):
        found = list(group)
        rows.append(
            {"condition": condition}
            | {f"{one} {other}": association(found, one, other) for one, other in PAIRS}
        )
    return table(
        "Whether position, shown name and model can be told apart (Cramér's V over the seats of a "
        "condition). Confounded: one tells the other, so an effect of one may be one of the other. "
        "Balanced: each goes with each equally often.",
        [
            text("Condition", "condition"),
            *(_pair(one, other) for one, other in PAIRS),
        ],
        rows,
        data.listings["places"],
    )


def _pair(one: str, other: str) -> Any:
    def words(row: Mapping[str, Any]) -> str:
        value = row[f"{one} {other}"]
        if value is None:
            return "does not vary"
        if value < 0.005 or value > 0.995:
            return "balanced" if value < 0.005 else "confounded"
        return f"in part ({number(value, 2)})"

    return computed(f"{one.capitalize()} and {other}", words)


def doses(data: ReportData) -> Table | None:
    """How often was intervened, and how many seats and prompts that reached."""
    if not data.rows("doses"):
        return None
    return table(
        "Interventions by kind. Dose: how often in an episode, on average and at most. Reached: "
        "seats whose prompts showed it or whose prompts or memory it changed, and prompts that "
        "showed it, per intervention.",
        [
            text("Condition", "condition"),
            text("Intervention", "kind"),
            count("Episodes", "episodes"),
            computed("Dose, mean", lambda row: number(row["mean_dose"], 2)),
            count("Dose, most", "most"),
            computed("Seats reached", lambda row: number(row["seats"], 1)),
            computed("Prompts", lambda row: number(row["prompts"], 1)),
        ],
        data.rows("doses"),
        data.listings["doses"],
        group=lambda row: row["condition"],
        quiet=1,
    )
