"""Rules by which a text contradicts its persona: age, sex and occupation, found by patterns.

A rule looks at the attributes whose names hold one of its words, such as ``age_group``, and at what
the text says of the person. It lets pass what it cannot read; what it finds is said in words that a
writer can act on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tasks.personas.ages import ages_in, span_of


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule that holds the words of a text against an attribute.

    Attributes:
        name: Its name.
        about: What it finds, for people.
        words: Words in the names of the attributes that it looks at.
        find: What in a text contradicts a value.
    """

    name: str
    about: str
    words: frozenset[str]
    find: Callable[[str, str], Iterator[str]]

    def looks_at(self, facts: Mapping[str, str]) -> dict[str, str]:
        """Those of some structured fields that the rule looks at."""
        return {
            name: value
            for name, value in facts.items()
            if self.words & set(re.split(r"[^a-z]+", name.lower()))
        }


def contradictions(facts: Mapping[str, str], text: str) -> Iterator[str]:
    """What in a text contradicts the persona that it is about.

    Args:
        facts: Value of each structured field.
        text: The text.

    Example:
        >>> list(contradictions({"age_group": "18 to 34"}, "A 71-year-old sailor."))
        ["'71-year-old', but age_group is 18 to 34"]
    """
    for rule in RULES:
        for name, value in rule.looks_at(facts).items():
            for said in rule.find(value, text):
                yield f"{said!r}, but {name} is {plain(value)}"


def plain(value: str) -> str:
    """A value as its bare words, so that spelling is no difference.

    Example:
        >>> plain(" Night_nurse. ")
        'night nurse'
    """
    return " ".join(value.replace("_", " ").casefold().split()).rstrip(".")


def _other_age(value: str, text: str) -> Iterator[str]:
    own = span_of(value)
    if own is None:
        return
    seen = set()
    for said, ages in ages_in(text):
        if not own.overlaps(ages) and ages not in seen:
            seen.add(ages)
            yield said


_FEMALE = re.compile(r"\b(?:she|hers?|herself)\b", re.IGNORECASE)
_MALE = re.compile(r"\b(?:he|his|him|himself)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"(?:\b(?:is|am|are|as)\s+|(?:^|[.!?]\s+))an?\s+(?:[\w-]+\s+){0,3}?"
    r"(man|boy|gentleman|woman|girl|lady)\b",
    re.IGNORECASE,
)
_SEX = {
    **dict.fromkeys(("female", "woman", "girl", "f", "women"), True),
    **dict.fromkeys(("male", "man", "boy", "m", "men"), False),
}
_CALLED = {
    **dict.fromkeys(("woman", "girl", "lady"), True),
    **dict.fromkeys(("man", "boy", "gentleman"), False),
}


def _other_sex(value: str, text: str) -> Iterator[str]:
    female = _SEX.get(plain(value))
    if female is None:
        return
    own, other = (_FEMALE, _MALE) if female else (_MALE, _FEMALE)
    found = other.search(text)
    if found is not None and own.search(text) is None:
        yield found.group()
        return
    # Others may be called so too, but hardly before the person itself is.
    called = _PERSON.search(text)
    if called is not None and _CALLED[called.group(1).lower()] is not female:
        yield called.group()


_WORKS = re.compile(
    r"\b(?:works?|working|employed|earns? (?:a|her|his|their|my) living) as an? "
    r"([\w'-]+(?: [\w'-]+){0,4}?)"
    r"(?=[,.;:!?()]|\s(?:at|in|for|and|who|with|on|by|but|from|near|since|while)\b|\s*$)",
    re.IGNORECASE,
)
_OF_NO_TRADE = frozenset({"and", "the", "for", "other", "part", "time", "full", "occupations"})
#: Letters at the start of words that are the same in words of one trade: teacher, teaching.
_STEM = 4


def _other_occupation(value: str, text: str) -> Iterator[str]:
    own = _stems(plain(value))
    for found in _WORKS.finditer(text):
        if not _stems(found.group(1)) & own:
            yield found.group().strip()


def _stems(words: str) -> set[str]:
    return {
        word[:_STEM]
        for word in re.findall(r"[^\W\d_]{3,}", words.lower())
        if word not in _OF_NO_TRADE
    }


RULES: tuple[TextRule, ...] = (
    TextRule(
        "age",
        "an age or a decade of life outside the persona's",
        frozenset({"age", "ages"}),
        _other_age,
    ),
    TextRule(
        "sex",
        "only pronouns of the other sex, or `a man` of a woman and the other way round",
        frozenset({"sex", "gender"}),
        _other_sex,
    ),
    TextRule(
        "occupation",
        "`works as` something that shares no word with the persona's occupation",
        frozenset({"occupation", "job", "profession"}),
        _other_occupation,
    ),
)
