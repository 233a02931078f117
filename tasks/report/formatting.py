"""Numbers and values as the report writes them."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from markupsafe import Markup, escape

from schemas.counts import counted
from schemas.tables.measures import EXCESS

DASH = "–"
MINUS = "−"
#: Characters of a text that stands among parameters.
LONG = 120

#: Entries of a list that are shown one by one, however long each is.
FEW = 3
#: Characters of a name that stays on one line.
LONG_NAME = 16


def number(value: float | None, digits: int = 3, beside: float = 0.0) -> str:
    """A number with so many decimals, fewer where it is large; a dash where there is none.

    Args:
        value: The number.
        digits: Decimals of a number below 10.
        beside: A number that it is written with the decimals of, where that one is larger.

    Example:
        >>> number(0.12345), number(-2.5, 1), number(1234.0), number(None)
        ('0.123', '−2.5', '1,234', '–')
    """
    if value is None or math.isnan(value):
        return DASH
    size = max(abs(value), abs(beside))
    if isinstance(value, int) or size >= 1000:
        text = f"{value:,.0f}"
    elif value != 0 and abs(value) < 10**-digits / 2:
        text = f"{value:.1e}"
    else:
        text = f"{value:.{max(digits - (size >= 10) - (size >= 100), 0)}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Both ends of an interval; a dash where there is none.

    Example:
        >>> interval(0.1, 0.25, 2), interval(-22.013, 3.0111)
        ('0.10 to 0.25', '−22.01 to 3.01')
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return DASH
    return f"{_end(low, digits, high)} to {_end(high, digits, low)}"


def _end(value: float, digits: int, other: float) -> str:
    return number(0.0 if abs(value) < 10**-digits / 2 else value, digits, other)


def p_value(value: float | None) -> str:
    """A p-value; small ones as a bound.

    Example:
        >>> p_value(0.04), p_value(1e-6), p_value(None)
        ('0.040', '< 0.001', '–')
    """
    if value is None:
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def equals(p: float | None) -> str:
    """A p-value as it follows its name in a sentence.

    Example:
        >>> equals(0.04), equals(1e-6)
        ('= 0.040', '< 0.001')
    """
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def breakable(text: str) -> Markup:
    """A text whose long names may be broken at their underscores.

    Example:
        >>> str(breakable("mixed_with_real_names < b"))
        'mixed_<wbr>with_<wbr>real_<wbr>names &lt; b'
    """
    return Markup(" ").join(
        escape(part).replace("_", Markup("_<wbr>")) if len(part) > LONG_NAME else escape(part)
        for part in text.split(" ")
    )


def share(value: float | None, digits: int = 1) -> str:
    """A share in percent.

    Example:
        >>> share(0.1234), share(None)
        ('12.3%', '–')
    """
    return DASH if value is None else f"{value * 100:.{digits}f}%"


def usd(value: float | None) -> str:
    """Dollars; four decimals below one dollar.

    Example:
        >>> usd(0.0123), usd(12.3), usd(None)
        ('0.0123', '12.30', '–')
    """
    if value is None:
        return DASH
    return f"{value:,.2f}" if value == 0 or value >= 1 else f"{value:.4f}"


def plain(value: Any) -> str:
    """A parameter as a person writes it: no braces around what needs none.

    Example:
        >>> plain(["a", "a", "b"]), plain({"kind": "full"}), plain(None), plain(True)
        ('a × 2, b', 'kind: full', 'none', 'yes')
    """
    match value:
        case None:
            text = "none"
        case bool():
            text = "yes" if value else "no"
        case float():
            text = f"{value:g}"
        case str():
            text = value
        case [*parts]:
            text = _runs([plain(part) for part in parts]) or "none"
        case {"text": str() as words}:
            text = _cut(words, LONG)
        case dict():
            text = "; ".join(f"{name}: {plain(part)}" for name, part in value.items()) or "none"
        case _:
            text = str(value)
    return text


def brief(value: Any) -> str:
    """A parameter in few words: what is long is counted.

    Example:
        >>> brief({"name": "town", "shops": [{"id": n, "menu": "bread"} for n in range(12)]})
        'name: town; shops: 12 entries'
        >>> brief({"customers": [{"id": "ana", "request": "A soup, " * 30}], "name": "one"})
        'customers: 1 entry; name: one'
        >>> brief([{"do": "crash", "seat": 7, "leak": "The model " * 20}])
        'do: crash; seat: 7; leak: The model The model The model The model…'
    """
    text = plain(value)
    if len(text) <= LONG:
        return text
    match value:
        case {"text": str()}:
            return text
        case dict():
            return "; ".join(f"{name}: {_counted(part)}" for name, part in value.items())
        case [*entries] if len(entries) <= FEW and all(isinstance(one, dict) for one in entries):
            return " | ".join(
                "; ".join(f"{name}: {_cut(plain(part), LONG // 3)}" for name, part in one.items())
                for one in entries
            )
        case _:
            return _counted(value)


def _cut(text: str, most: int) -> str:
    """A text of at most so many characters, cut after a word where that keeps half of them.

    Example:
        >>> _cut("The budget is 30,000 euros", 20), _cut("Donaudampfschifffahrt", 10)
        ('The budget is…', 'Donaudamp…')
    """
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    if not text[most - 1].isspace():
        words = kept.rpartition(" ")[0]
        kept = words if len(words) > most // 2 else kept
    return f"{kept.rstrip()}…"


def _counted(value: Any) -> str:
    if isinstance(value, list | tuple | dict) and len(plain(value)) > LONG // 3:
        return counted(len(value), "entry", "entries")
    return _cut(plain(value), LONG)


def _runs(texts: list[str]) -> str:
    grouped: list[tuple[str, int]] = []
    for text in texts:
        if grouped and grouped[-1][0] == text:
            grouped[-1] = (text, grouped[-1][1] + 1)
        else:
            grouped.append((text, 1))
    return ", ".join(text if n == 1 else f"{text} × {n}" for text, n in grouped)


def listed(parts: list[str]) -> str:
    """Words as a list in a sentence.

    Example:
        >>> listed(["a", "b", "c"]), listed(["a"])
        ('a, b and c', 'a')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def quantity_words(metric: str, subject: str) -> str:
    """What a number is of: a quantity, and its subject where it has one.

    Example:
        >>> quantity_words("profile_cosine", "excess"), quantity_words("outcomes", "welfare")
        ('profile_cosine, excess over its null', 'outcomes (welfare)')
    """
    if subject == EXCESS:
        return f"{metric}, excess over its null"
    return f"{metric} ({subject})" if subject else metric


def moment(value: dt.datetime | None) -> str:
    """A time to the minute, UTC."""
    return f"{value:%Y-%m-%d %H:%M} UTC" if value else DASH
