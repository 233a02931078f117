"""Elements of scalable vector graphics; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape


def element(tag: str, body: str | Markup = "", **attributes: str | float) -> Markup:
    """One element; ``class_`` stands for ``class``, underscores for hyphens.

    Example:
        >>> str(element("text", "a < b", x=1.5, class_="note", text_anchor="end"))
        '<text x="1.5" class="note" text-anchor="end">a &lt; b</text>'
    """
    parts = [
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
    ]
    opening = f"<{tag}{''.join(parts)}"
    if not body and tag != "text":
        return Markup(opening + "/>")
    return Markup(f"{opening}>{escape(body)}</{tag}>")


def _short(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".")


def drawing(width: float, height: float, title: str, parts: list[Markup]) -> Markup:
    """A whole drawing with a title that screen readers read."""
    return element(
        "svg",
        Markup("").join([element("title", title), *parts]),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width,
        height=height,
        role="img",
        xmlns="http://www.w3.org/2000/svg",
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> Markup:
    """A text whose middle is at ``y``."""
    return element("text", words, x=x, y=y, class_=class_, text_anchor=anchor, dy="0.34em")


#: Height of a further line of a label.
FURTHER = 13.0


def label_lines(
    x: float, y: float, lines: Sequence[str], class_: str = "", anchor: str = "start"
) -> list[Markup]:
    """A text of some lines, the middle of the first one at ``y``."""
    return [
        label(x, y + FURTHER * number, words, class_, anchor) for number, words in enumerate(lines)
    ]


def wrapped(words: str, most: int, lines: int = 3) -> list[str]:
    """A label in lines of so many characters, broken where words meet, cut where it is too long.

    Example:
        >>> wrapped("mixed_named against uniform", 15)
        ['mixed_named', 'against uniform']
        >>> wrapped("abcdefgh", 4, 1)
        ['abc…']
    """
    found: list[str] = []
    rest = words
    while len(rest) > most and len(found) < lines - 1:
        breaks = [place + 1 for place in range(most) if rest[place] in " _-,;"]
        end = breaks[-1] if breaks else most
        found.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*found, rest if len(rest) <= most else f"{rest[: most - 1]}…"]


SHAPES = ("circle", "diamond", "triangle", "square", "down", "cross", "pentagon")


def marker(x: float, y: float, number: int, class_: str, size: float = 4.5) -> Markup:
    """The marker of a series: each has a shape of its own."""
    shape = SHAPES[number % len(SHAPES)]
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=size, class_=class_)
    if shape == "cross":
        path = f"M{-size} {-size}L{size} {size}M{-size} {size}L{size} {-size}"
        return element(
            "path", d=path, transform=f"translate({x:.2f} {y:.2f})", class_=class_ + " cross"
        )
    corners = {
        "diamond": ((0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)),
        "triangle": ((0, -1.25), (1.15, 0.9), (-1.15, 0.9)),
        "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        "down": ((0, 1.25), (1.15, -0.9), (-1.15, -0.9)),
        "pentagon": ((0, -1.15), (1.1, -0.35), (0.68, 0.95), (-0.68, 0.95), (-1.1, -0.35)),
    }[shape]
    points = " ".join(f"{x + size * dx:.2f},{y + size * dy:.2f}" for dx, dy in corners)
    return element("polygon", points=points, class_=class_)
