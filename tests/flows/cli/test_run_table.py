"""The numbers that are shown after a run."""

from __future__ import annotations

from rich.console import Console

from flows.cli.found import parts, print_findings
from flows.findings import Findings
from warehouse.queries.measures import HeadlineMetric


def _row(condition: str, value: float = 0.5) -> HeadlineMetric:
    return HeadlineMetric(
        metric="welfare",
        options="{}",
        subject="",
        condition=condition,
        value=value,
        ci_low=value - 0.125,
        ci_high=value + 0.125,
        null_mean=None,
        n_measured=4,
        n_excluded=0,
        warning=None,
    )


def test_many_conditions_are_shown_a_few_at_a_time_in_the_order_declared() -> None:
    rows = [_row(name) for name in ("E", "B", "K1", "A", "D", "C", "B")]
    shown = [[row.condition for row in part] for part in parts(rows, ["B", "A"], 110)]
    assert shown == [["B", "A", "D", "C", "B"], ["E", "K1"]]


def test_a_table_of_long_conditions_fits_the_terminal() -> None:
    console = Console(width=80, record=True, highlight=False)
    names = [f"a_condition_with_quite_a_long_name_{n}" for n in range(3)] + ["x" * 40]
    print_findings(console, Findings(tuple(map(_row, names)), (), ()), names)
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    assert sum("0.50 [0.38, 0.62]" in line for line in lines) > 0
