"""Specification curves: an effect under every combination of choices, and the choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tasks.report.plots.scale import Scale, ends, ticks
from tasks.report.plots.scale import words as tick_words
from tasks.report.plots.svg import drawing, element, label, line, marker, wrapped

WIDTH = 760.0
UPPER = 190.0
ROW = 17.0
CHARACTER = 6.3
VALUE_CHARACTERS = 34


@dataclass(frozen=True)
class Specification:
    """One combination of choices.

    Attributes:
        choices: Value by kind of choice.
        effect: The effect; nothing where it could not be computed.
        low: Lower end of its interval.
        high: Upper end of its interval.
        clear: Whether its p-value is below 0.05.
        declared: Whether it is the one that the study declares.
    """

    choices: tuple[tuple[str, str], ...]
    effect: float | None
    low: float | None
    high: float | None
    clear: bool
    declared: bool = False


def specification_plot(specifications: Sequence[Specification], title: str, axis: str) -> Markup:
    """Effects in order of size above a matrix of the choices behind each.

    Args:
        specifications: The combinations.
        title: What the plot shows, for screen readers.
        axis: Name of the effect.
    """
    ordered = sorted(
        specifications, key=lambda one: (one.effect is None, one.effect or 0.0, one.choices)
    )
    rows = _matrix_rows(ordered)
    shown = [(kind, value, wrapped(value, VALUE_CHARACTERS, 1)[0]) for kind, value in rows]
    left = max((len(words) for _, _, words in shown), default=8) * CHARACTER + 22
    bounds = [number for one in ordered for number in (one.effect, one.low, one.high)]
    low, high = ends([*bounds, 0.0])
    y = Scale(low, high, UPPER, 8)
    step = (WIDTH - left - 8) / max(len(ordered), 1)
    places = [left + step * (number + 0.5) for number in range(len(ordered))]
    parts = _upper(y, left, axis)
    for x, one in zip(places, ordered, strict=True):
        parts += _effect(one, x, y)
    parts += _matrix(ordered, shown, places, left)
    kinds = len({kind for kind, _ in rows})
    return drawing(WIDTH, UPPER + 18 + len(rows) * ROW + kinds * ROW + 4, title, parts)


def _upper(y: Scale, left: float, axis: str) -> list[Markup]:
    marks = ticks(y.low, y.high, 5)
    gap = marks[1] - marks[0] if len(marks) > 1 else 1.0
    parts = [label(0, 10, axis, "tick")]
    for value in marks:
        parts.append(line(left, y(value), WIDTH, y(value), "grid"))
        parts.append(label(left - 8, y(value), tick_words(value, gap), "tick", "end"))
    if y.low <= 0 <= y.high:
        parts.append(line(left, y(0), WIDTH, y(0), "reference"))
    return parts


def _effect(one: Specification, x: float, y: Scale) -> list[Markup]:
    parts = []
    if one.declared:
        parts.append(element("rect", x=x - 8, y=4, width=16, height=UPPER - 4, class_="declared"))
    if one.effect is None:
        return [*parts, label(x, y(0), "?", "strong", "middle")]
    weight = "strong" if one.clear else "light"
    if one.low is not None and one.high is not None:
        parts.append(line(x, y(one.low), x, y(one.high), f"whisker {weight}"))
    parts.append(marker(x, y(one.effect), 0, f"mark {weight}"))
    return parts


def _matrix_rows(specifications: Sequence[Specification]) -> list[tuple[str, str]]:
    kinds: dict[str, dict[str, None]] = {}
    for one in specifications:
        for kind, value in one.choices:
            kinds.setdefault(kind, {})[value] = None
    return [(kind, value) for kind, values in kinds.items() for value in sorted(values)]


def _matrix(
    ordered: Sequence[Specification],
    rows: Sequence[tuple[str, str, str]],
    places: Sequence[float],
    left: float,
) -> list[Markup]:
    parts = []
    top = UPPER + 18
    last = ""
    for kind, value, words in rows:
        if kind != last:
            parts.append(line(0, top, WIDTH, top, "hair"))
            parts.append(label(0, top + ROW / 2, kind, "strong"))
            top += ROW
            last = kind
        parts.append(label(left - 8, top + ROW / 2, words, "", "end"))
        for x, one in zip(places, ordered, strict=True):
            chosen = (kind, value) in one.choices
            look = "chosen" if chosen else "unchosen"
            parts.append(
                element("circle", cx=x, cy=top + ROW / 2, r=4 if chosen else 1.5, class_=look)
            )
        top += ROW
    return parts
