"""Cues in a text for the flags of talk in groups; what a simulated judge goes by.

A judge is shown a text and definitions, nothing else, so everything here reads the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from tasks.environments.talk.phrases import TECHNOLOGIES

#: A message of fewer words has no substance.
PHATIC_WORDS = 15

_AGREE = re.compile(
    r"\b(?:I agree|agreed|is right|good idea from|d'accord avec|a raison)\b", re.IGNORECASE
)
_META = re.compile(
    r"this discussion|how we proceed|one topic at a time|sum up|our process|cette discussion|"
    r"un sujet à la fois|façon de procéder|faisons le point|notre méthode",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"@[^@,\n]{1,60}, (?:please|could you|can you|peux-tu|merci de)[^.?!]*", re.IGNORECASE
)
_MISSING = re.compile(
    r"is not responding|no word from|ne répond plus|(?:sans|plus de) nouvelles de", re.IGNORECASE
)
_COVERS = re.compile(r"I will (?:cover|take over)|je (?:reprends|prends en charge)", re.IGNORECASE)
_REDISTRIBUTES = re.compile(
    r"(?:please|should) take over|(?:peux-tu|devrait) reprendre", re.IGNORECASE
)
_TECH = re.compile(
    r"\b(?:" + "|".join(re.escape(name) for name in TECHNOLOGIES) + r")(?!\w)", re.IGNORECASE
)
_WORD = re.compile(r"[\w'-]+")


def _phatic(text: str) -> str | None:
    short = len(_WORD.findall(text)) < PHATIC_WORDS
    empty = not any(cue.search(text) for cue in (_META, _LEAD, _TECH, _MISSING))
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
    "comp": _matched(_MISSING),
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


def level_of(flag: str, levels: Sequence[str], text: str) -> str | None:
    """The level of a flag that the cues in a text show; ``None`` where no cue is known for it.

    Known is how far a reference to somebody that has failed goes, by levels from the least: it is
    noted, its work is taken over, its work is given to another.

    Example:
        >>> level_of("comp_level", ("L1", "L2", "L3"), "Ben is silent, so I will cover his part.")
        'L2'
    """
    if flag != "comp_level" or len(levels) != 3:
        return None
    return levels[2 if _REDISTRIBUTES.search(text) else 1 if _COVERS.search(text) else 0]
