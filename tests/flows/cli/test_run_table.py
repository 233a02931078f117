"""The numbers that are shown after a run."""

from __future__ import annotations

from flows.cli.run import _parts


def test_many_conditions_are_shown_a_few_at_a_time_in_the_order_declared() -> None:
    rows = [{"condition": name} for name in ("E", "B", "K1", "A", "D", "C", "B")]
    parts = [[row["condition"] for row in part] for part in _parts(rows, ["B", "A"])]
    assert parts == [["B", "A", "D", "C", "B"], ["E", "K1"]]
