"""Bars of counts by status, told apart by hatching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from tasks.report.plots.scale import Scale, ticks, words
from tasks.report.plots.svg import (
    FURTHER,
    drawing,
    element,
    label,
    label_lines,
    line,
    wrapped,
)

WIDTH = 760.0
ROW = 26.0
CHARACTER = 8.0
NAME_CHARACTERS = 28


def status_bars(
    counts: Mapping[str, Mapping[str, int]], statuses: Sequence[str], title: str, axis: str
) -> Markup:
    """One bar per condition, divided by status.

    Args:
        counts: Counts by status, by condition.
        statuses: The statuses in the order in which they are stacked.
        title: What the plot shows, for screen readers.
        axis: Name of the axis.
    """
    present = [one for one in statuses if any(row.get(one) for row in counts.values())]
    names = {name: wrapped(name, NAME_CHARACTERS) for name in counts}
    longest = max((len(part) for lines in names.values() for part in lines), default=0)
    left = longest * CHARACTER + 12
    most = max((sum(row.values()) for row in counts.values()), default=1) or 1
    scale = Scale(0, most, left, WIDTH - 60)
    parts = _legend(statuses, present, left)
    top = 28.0
    bottom = top + sum(ROW + FURTHER * (len(lines) - 1) for lines in names.values())
    whole = [value for value in ticks(0, most) if value == int(value)]
    for value in whole:
        parts.append(line(scale(value), top, scale(value), bottom, "grid"))
        parts.append(label(scale(value), bottom + 11, words(value, 1), "tick", "middle"))
    for name, row in counts.items():
        parts += label_lines(0, top + ROW / 2, names[name], "strong")
        done = 0
        for status in present:
            n = row.get(status, 0)
            if not n:
                continue
            begin, end = scale(done), scale(done + n)
            parts += [
                element("rect", class_=look, x=begin, y=top + 5, width=end - begin, height=ROW - 10)
                for look in ("bar", f"bar {_hatch(statuses, status)}")
            ]
            done += n
        parts.append(label(scale(done) + 7, top + ROW / 2, f"{done:,}", "number"))
        top += ROW + FURTHER * (len(names[name]) - 1)
    parts.append(line(left, bottom, WIDTH - 60, bottom, "axis"))
    parts.append(label((left + WIDTH - 60) / 2, bottom + 28, axis, "tick", "middle"))
    return drawing(WIDTH, bottom + 38, title, parts)


def _hatch(statuses: Sequence[str], status: str) -> str:
    return f"hatch-{list(statuses).index(status) % 5}"


def _legend(statuses: Sequence[str], present: Sequence[str], left: float) -> list[Markup]:
    parts = []
    x = left
    for status in present:
        for look in ("bar", f"bar {_hatch(statuses, status)}"):
            parts.append(element("rect", class_=look, x=x, y=5, width=16, height=11))
        parts.append(label(x + 22, 11, status))
        x += 22 + len(status) * CHARACTER + 16
    return parts
