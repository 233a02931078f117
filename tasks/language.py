"""The language of a text, told by its commonest words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_ENGLISH = """the of and to is that for it with as are this be on by not or have from at we you
i what which can will would there their they if all so my our should could"""
_FRENCH = """le la les de des du et un une est que qui dans pour pas sur avec ce cette il elle nous
vous je au aux se son sa ses leur par plus mais ou où être sont y"""

#: Short words that are frequent in a language, and in none of the others.
WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(_ENGLISH.split()),
    "fr": frozenset(_FRENCH.split()),
}

_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=1024)
def language_of(text: str) -> str | None:
    """The language whose common words a text holds most of; ``None`` where it holds none.

    Only the languages of :data:`WORDS` are known. Of two that are level the first is taken.

    Example:
        >>> language_of("On a un client qui veut une application pour la ville.")
        'fr'
        >>> language_of("A client wants an app for the city."), language_of("Merci !")
        ('en', None)
    """
    words = _WORD.findall(text.lower())
    counts = {name: sum(word in common for word in words) for name, common in WORDS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None
