"""Striking keys out of texts, however they are written there.

A key may come back as it is, escaped (as in JSON, URLs and HTML, also several times over), in
base64 or hexadecimal digits (alone or within ``user:key``), wrapped over lines, or cut off at its
end.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from tasks.models.prompt_messages import shared_prefix

HIDDEN = "[key]"

#: Shorter values are no secrets, and occur in texts by chance.
SHORTEST = 8
#: So much of the start of a key, or of its base64 or hexadecimal form, gives it away.
_HEAD = 12
_HEAD_ENCODED = 20
#: How many escapes deep a key is looked for.
_DEPTH = 4

#: Escaped characters and what may stand between the characters of a wrapped key, by a sign that
#: is there whenever one of them is: looking for signs first is a hundred times as fast.
_ESCAPES = {
    sign: re.compile(pattern)
    for sign, pattern in (
        (
            "\\",
            r"\\+(?:u(?P<unit>[0-9a-fA-F]{4})|x(?P<byte>[0-9a-fA-F]{2})|(?P<quoted>[\"'/])"
            r"|(?P<nothing>[nr][ \t]*))",
        ),
        ("%", r"%(?P<percent>[0-9a-fA-F]{2})"),
        ("&", r"&(?:#[xX](?P<hex>[0-9a-fA-F]{1,6})|#(?P<number>[0-9]{1,7})|(?P<name>[a-z]+));"),
        ("\n", r"(?P<nothing>\n[ \t\r\n]*)"),
        ("\r", r"(?P<nothing>\r[ \t\r\n]*)"),
        *((sign, f"(?P<nothing>{sign})") for sign in "\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    )
}
_NAMED = {
    **{"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "sol": "/"},
    **{"plus": "+", "equals": "=", "lowbar": "_", "hyphen": "-"},
}


class Strike:
    """Strikes given keys out of texts.

    Args:
        keys: The keys; those that are too short to be secret are left alone.

    Example:
        >>> strike = Strike(["k3y-of-a-provider"])
        >>> strike.struck("no such key: k3y-of-a-provider!")
        'no such key: [key]!'
        >>> strike.struck("%6b3y%2Dof-a-provider and k3y-of-a-prov"), strike.struck("of a provider")
        ('[key] and [key]', 'of a provider')
    """

    def __init__(self, keys: Iterable[str]) -> None:
        forms = {form for key in keys if len(key) >= SHORTEST for form in _forms(key)}
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form[1]), form)))
        self._heads = tuple({head for head, _ in self._forms})

    def struck(self, text: str) -> str:
        """A text with ``[key]`` wherever a key stood."""
        if not self._shows(text):
            return text
        found = sorted(
            (places[start][0], places[stop - 1][1])
            for plainer, places in _plainer(text)
            for start, stop in self._found(plainer)
        )
        parts, end = [], 0
        for first, last in found:
            if first >= end:
                parts += [text[end:first], HIDDEN]
            end = max(end, last)
        return "".join([*parts, text[end:]])

    def _shows(self, text: str) -> bool:
        """Whether any key shows; fast, since nearly no text holds one."""
        for _ in range(_DEPTH + 1):
            if any(head in text for head in self._heads):
                return True
            plainer = text
            for sign, escape in _ESCAPES.items():
                if sign in plainer:
                    plainer = escape.sub(_meant, plainer)
            if plainer == text:
                return False
            text = plainer
        return False

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        for head, form in self._forms:
            start = text.find(head)
            while start >= 0:
                end = start + shared_prefix(text[start : start + len(form)], form)
                yield start, end
                start = text.find(head, end)


def _forms(key: str) -> Iterator[tuple[str, str]]:
    """A key as it may be written, each form with the start that gives it away."""
    data = key.encode()
    yield key[:_HEAD], key
    encoded = [data.hex(), data.hex().upper()]
    for before in range(3):  # how many bytes of something else fill up its first group
        whole = base64.b64encode(bytes(before) + data).decode()
        first, last = (0, 2, 3)[before], (before + len(data)) * 8 // 6
        encoded += [whole[first:last], whole[first:last].replace("+", "-").replace("/", "_")]
    for form in encoded:
        yield form[:_HEAD_ENCODED], form


Places = list[tuple[int, int]]


def _plainer(text: str) -> Iterator[tuple[str, Places]]:
    """A text with ever fewer escapes, and where each of its characters stands in the original."""
    places = [(place, place + 1) for place in range(len(text))]
    yield text, places
    for _ in range(_DEPTH):
        before = text
        for sign, escape in _ESCAPES.items():
            if sign in text:
                text, places = _unescaped(text, places, escape)
        if text == before:
            break
        yield text, places


def _unescaped(text: str, places: Places, escape: re.Pattern[str]) -> tuple[str, Places]:
    parts: list[str] = []
    kept: Places = []
    end = 0
    for match in escape.finditer(text):
        meant = _meant(match)
        parts += [text[end : match.start()], meant]
        kept += places[end : match.start()]
        kept += [(places[match.start()][0], places[match.end() - 1][1])] * len(meant)
        end = match.end()
    return "".join([*parts, text[end:]]), kept + places[end:]


def _meant(match: re.Match[str]) -> str:
    """The character that an escape stands for; nothing for what only wraps."""
    kind, digits = match.lastgroup, match[match.lastgroup or 0]
    if kind == "nothing":
        return ""
    if kind == "quoted":
        return digits
    if kind == "name":
        return _NAMED.get(digits, match[0])
    number = int(digits, 10 if kind == "number" else 16)
    return chr(number) if number < 0x110000 else match[0]
