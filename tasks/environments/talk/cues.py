"""Cues in a text for the five flags of talk in groups; what a simulated judge goes by.

A judge is shown a text and definitions, nothing else, so everything here reads the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from tasks.environments.talk.phrases import TECHNOLOGIES

#: A message of fewer words has no substance.
PHATIC_WORDS = 15

_AGREE = re.compile(r"\b(?:I agree|agreed|is right|good idea from)\b", re.IGNORECASE)
_META = re.compile(
    r"this discussion|how we proceed|one topic at a time|sum up|our process", re.IGNORECASE
)
_LEAD = re.compile(r"@[^@,\n]{1,60}, (?:please|could you|can you)[^.?!]*", re.IGNORECASE)
_TECH = re.compile(
    r"\b(?:" + "|".join(re.escape(name) for name in TECHNOLOGIES) + r")(?!\w)", re.IGNORECASE
)
_WORD = re.compile(r"[\w'-]+")


def _phatic(text: str) -> str | None:
    short = len(_WORD.findall(text)) < PHATIC_WORDS
    empty = not (_META.search(text) or _LEAD.search(text) or _TECH.search(text))
    return text.strip() if short and empty else None


def _tech(text: str) -> str | None:
    found = [match.group() for match in _TECH.finditer(text)]
    return found[0] if len({name.lower() for name in found}) > 1 else None


def _matched(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    def cue(text: str) -> str | None:
        found = pattern.search(text)
        return found.group() if found else None

    return cue


CUES: dict[str, Callable[[str], str | None]] = {
    "phatic": _phatic,
    "meta": _matched(_META),
    "lead": _matched(_LEAD),
    "tech": _tech,
    "arch": _tech,
    "agree": _matched(_AGREE),
}

_COMMON = frozenset(
    [
        "about",
        "after",
        "also",
        "been",
        "being",
        "comments",
        "could",
        "does",
        "each",
        "else",
        "from",
        "have",
        "into",
        "less",
        "message",
        "messages",
        "more",
        "most",
        "must",
        "names",
        "only",
        "other",
        "others",
        "over",
        "same",
        "should",
        "some",
        "speaker",
        "such",
        "text",
        "than",
        "that",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "under",
        "very",
        "what",
        "when",
        "where",
        "which",
        "while",
        "whether",
        "with",
        "within",
        "without",
        "words",
        "would",
        "your",
    ]
)


@lru_cache(maxsize=4096)
def content_words(text: str) -> tuple[str, ...]:
    """The words of a text that carry its matter, in order, without repeats.

    Example:
        >>> content_words("Plan a delivery app that serves the city.")
        ('plan', 'delivery', 'serves', 'city')
    """
    words = (word.lower().strip("'-") for word in _WORD.findall(text))
    kept = (word for word in words if len(word) > 3 and word not in _COMMON and not word.isdigit())
    return tuple(dict.fromkeys(kept))


def cue_of(flag: str, definition: str, text: str) -> str | None:
    """The words of a text that show a flag, or nothing.

    A flag that no cue is known for counts as shown where a content word of its definition occurs.

    Example:
        >>> cue_of("tech", "names two technologies", "Use Redis and Docker here.")
        'Redis'
        >>> cue_of("budget", "Speaks of the budget.", "The budget is tight.")
        'budget'
    """
    if flag in CUES:
        return CUES[flag](text)
    for word in content_words(definition):
        found = re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
        if found:
            return found.group()
    return None
