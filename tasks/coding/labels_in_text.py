"""Headers with which a message opens and says who is speaking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class OpeningLabel:
    """A header: the participant that it names, and the words as they stand."""

    name: str
    words: str


def opening_label(text: str, names: Sequence[str]) -> OpeningLabel | None:
    """The header that a text opens with, if its first line begins with a participant's name.

    The pattern: white space, markup (``* _ # > ` ~``), and opening brackets or quotation marks;
    the name, any kind of hyphen counting as the plain one; markup and closing brackets; then a
    colon, a dash or a bar set off by the line, or the end of the line. An address (``@Name``,
    ``Name,``) is no header, and neither is a name that a sentence goes on from.

    Args:
        text: The message.
        names: Names that participants are shown under.

    Example:
        >>> opening_label("**Agent‑B – first thoughts**", ["Agent-A", "Agent-B"])
        OpeningLabel(name='Agent-B', words='Agent‑B')
        >>> opening_label("Agent-B, could you?", ["Agent-B"]) is None
        True
    """
    found = _pattern(tuple(sorted(names, key=len, reverse=True))).match(plain_hyphens(text))
    if found is None:
        return None
    return OpeningLabel(found["name"], text[found.start("name") : found.end("name")])


def plain_hyphens(text: str) -> str:
    """A text of the same length with every kind of hyphen as the plain one.

    Example:
        >>> plain_hyphens("Agent‑B")
        'Agent-B'
    """
    return re.sub("[‐‑‒]", "-", text)


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    if not names:
        return re.compile(r"(?!)(?P<name>)")
    either = "|".join(re.escape(name) for name in names)
    return re.compile(
        r"\s*[\s*_#>`~\[(<«“\"]*"
        rf"(?P<name>{either})(?![\w-])"
        r"[*_`~\])>»”\"]*[^\S\n]*"
        r"(?::|[–—|]|-(?=[^\S\n])|[*_`~\])>»”\"]*[^\S\n]*(?:\n|$))"
    )
