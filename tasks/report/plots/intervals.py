"""Dot-and-interval plots: a marker per number, its interval, and where chance would put it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.report.plots.scale import Scale, ends, ticks, words
from tasks.report.plots.svg import (
    FURTHER,
    drawing,
    element,
    label,
    label_lines,
    line,
    marker,
    wrapped,
)

WIDTH = 760.0
LINE = 19.0
GAP = 11.0
#: Widths of a character, heavy and light, about.
HEAVY, LIGHT = 7.9, 6.6
#: Characters in a line of a group's label and of a mark's, at most.
GROUP_CHARACTERS, MARK_CHARACTERS = 24, 26


@dataclass(frozen=True)
class Mark:
    """One number.

    Attributes:
        label: Its direct label.
        value: The number; nothing: it is undefined.
        low: Lower end of its interval.
        high: Upper end.
        text: The number in words, written at the right edge.
        series: Decides its shape.
        strong: Whether it is filled and heavy.
        null: Mean under the null hypothesis.
        null_low: Lower end of the band of the null.
        null_high: Upper end of the band of the null.
        points: Numbers behind it, such as those of single episodes.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    series: int = 0
    strong: bool = True
    null: float | None = None
    null_low: float | None = None
    null_high: float | None = None
    points: tuple[float, ...] = ()


@dataclass(frozen=True)
class Group:
    """Marks that belong together, with a heading."""

    label: str
    marks: tuple[Mark, ...]


def interval_plot(
    groups: Sequence[Group],
    title: str,
    *,
    axis: str,
    span: tuple[float, float] | None = None,
    reference: float | None = None,
) -> Markup:
    """A plot with one line per mark, grouped.

    Args:
        groups: What is shown, from top to bottom.
        title: What the plot shows, for screen readers.
        axis: Name of the axis.
        span: Ends of the axis; from the numbers if left out.
        reference: A value marked by a line, such as no effect.
    """
    marks = [mark for group in groups for mark in group.marks]
    low, high = span or ends(
        number
        for mark in marks
        for number in (
            mark.value,
            mark.low,
            mark.high,
            mark.null_low,
            mark.null_high,
            reference,
            *mark.points,
        )
    )
    outer = _width([text for group in groups for text in _group_lines(group)], HEAVY)
    inner = _width([text for mark in marks for text in _mark_lines(mark)], HEAVY)
    numbers = _width([mark.text for mark in marks], LIGHT) + 4
    scale = Scale(low, high, outer + inner + 14, WIDTH - numbers)
    bottom = sum(map(_height, groups)) + 4
    parts = _axis(scale, bottom, axis, reference)
    top = 4.0
    for number, group in enumerate(groups):
        if number:
            parts.append(line(0, top, WIDTH, top, "hair"))
        y = top + (GAP + LINE) / 2
        parts += label_lines(0, y, _group_lines(group), "strong")
        for mark in group.marks:
            parts += _mark(mark, scale, outer, y)
            y += _mark_height(mark)
        top += _height(group)
    return drawing(WIDTH, bottom + 38, title, parts)


def _axis(scale: Scale, bottom: float, name: str, reference: float | None) -> list[Markup]:
    marks = ticks(scale.low, scale.high)
    step = marks[1] - marks[0] if len(marks) > 1 else 1.0
    parts = []
    for value in marks:
        x = scale(value)
        parts.append(line(x, 0, x, bottom, "grid"))
        parts.append(label(x, bottom + 11, words(value, step), "tick", "middle"))
    if reference is not None:
        parts.append(line(scale(reference), 0, scale(reference), bottom, "reference"))
    parts.append(line(scale.begin, bottom, scale.end, bottom, "axis"))
    parts.append(label((scale.begin + scale.end) / 2, bottom + 28, name, "tick", "middle"))
    return parts


def _mark(mark: Mark, scale: Scale, outer: float, y: float) -> list[Markup]:
    weight = "strong" if mark.strong else "light"
    parts = label_lines(outer, y, _mark_lines(mark), weight if mark.strong else "")
    parts.append(label(WIDTH, y, mark.text, f"number {weight}", "end"))
    if mark.null is not None:
        if mark.null_low is not None and mark.null_high is not None:
            begin, end = scale(mark.null_low), scale(mark.null_high)
            parts.append(
                element(
                    "rect",
                    x=begin,
                    y=y - 7,
                    width=max(end - begin, 1.5),
                    height=14,
                    class_="null-band",
                )
            )
        parts.append(element("circle", cx=scale(mark.null), cy=y, r=4, class_="null"))
    parts += [
        element("circle", cx=scale(point), cy=y + 5.5, r=1.6, class_="point")
        for point in mark.points
    ]
    if mark.low is not None and mark.high is not None:
        parts.append(line(scale(mark.low), y, scale(mark.high), y, f"whisker {weight}"))
    if mark.value is not None:
        parts.append(marker(scale(mark.value), y, mark.series, f"mark {weight}"))
    return parts


def _width(labels: Sequence[str], character: float) -> float:
    longest = max(map(len, labels), default=0)
    return longest * character + 14 if longest else 0.0


def _group_lines(group: Group) -> list[str]:
    return wrapped(group.label, GROUP_CHARACTERS)


def _mark_lines(mark: Mark) -> list[str]:
    return wrapped(mark.label, MARK_CHARACTERS)


def _mark_height(mark: Mark) -> float:
    return LINE + FURTHER * (len(_mark_lines(mark)) - 1)


def _height(group: Group) -> float:
    heading = LINE + FURTHER * (len(_group_lines(group)) - 1)
    return max(sum(map(_mark_height, group.marks)), heading) + GAP
