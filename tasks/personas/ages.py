"""Ages in words: what a category such as ``18 to 34`` spans, and which ages a text mentions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OLDEST = 130


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages from the lowest to the highest, both included, in years."""

    low: int
    high: int

    def overlaps(self, other: Ages) -> bool:
        """Whether somebody can have an age within both."""
        return self.low <= other.high and other.low <= self.high


_UNITS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {
    **{word: number for number, word in enumerate(_UNITS, start=1)},
    **{word: 10 * number for number, word in enumerate(_TENS, start=2)},
    **{
        f"{tens}-{unit}": 10 * ten + one
        for ten, tens in enumerate(_TENS, start=2)
        for one, unit in enumerate(_UNITS[:9], start=1)
    },
}
_DECADES = {f"{ten[:-1]}ies": 10 * number for number, ten in enumerate(_TENS, start=2)} | {
    f"{number}0s": 10 * number for number in range(2, 10)
}
_NUMBER = r"(\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_OTHERS = (
    r"(?:sons?|daughters?|child\w*|boys?|girls?|toddler|twins?|niece|nephew|grand\w+|sister|brother|"
    r"mother|father|parents?|husband|wife|partner|dogs?|cats?|cars?|van|house|building|company|bike)"
)
_ENDS_WITH_OTHERS = re.compile(rf"\b{_OTHERS} $", re.IGNORECASE)
_POSSESSIVE = r"(?<!\bher )(?<!\bhis )(?<!\btheir )(?<!\bmy )(?<!\byour )"
_MENTIONS = (
    re.compile(
        rf"\b{_POSSESSIVE}{_NUMBER}[- ]years?[- ](?:old|of age)\b(?![- ](?:[\w-]+ )?{_OTHERS}\b)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:(?:she|he|they|who|I) (?:is|am|are|turned)|now|(?<!at )aged?) {_NUMBER}"
        r"(?=[,.;!?]|\s+(?:and|years)\b|$)",
        re.IGNORECASE,
    ),
)
_IN_DECADE = re.compile(
    r"\bin (?:her|his|their|my|your|the) (?:early |mid-?\s?|late )?(" + "|".join(_DECADES) + r")\b",
    re.IGNORECASE,
)
_OPEN = re.compile(r"\+|\b(?:more|over|older|above|up|upwards?)\b")
_BELOW = re.compile(r"\b(?:under|below|less|younger|to)\b|<")


def span_of(category: str) -> Ages | None:
    """The ages that a category of an attribute spans; ``None`` for one without numbers.

    Example:
        >>> span_of("18 to 34"), span_of("65+"), span_of("under 18"), span_of("41"), span_of("old")
        (Ages(low=18, high=34), Ages(low=65, high=130), Ages(low=0, high=18), \
Ages(low=41, high=41), None)
    """
    text = category.lower().replace("_", " ")
    numbers = [int(number) for number in re.findall(r"\d{1,3}", text)]
    match numbers:
        case [low, high]:
            return Ages(min(low, high), max(low, high))
        case [age] if _OPEN.search(text):
            return Ages(age, OLDEST)
        case [age] if _BELOW.search(text):
            return Ages(0, age)
        case [age]:
            return Ages(age, age)
        case _:
            return None


def ages_in(text: str) -> Iterator[tuple[str, Ages]]:
    """The ages that a text gives the person it is about: the words, and what they span.

    Ages of kin and things, and those of earlier life (``at the age of 18``), are not among them.

    Example:
        >>> list(ages_in("A thirty-one-year-old with a 6-year-old son, now in her early thirties."))
        [('thirty-one-year-old', Ages(low=31, high=31)), ('in her early thirties', Ages(low=30, \
high=39))]
    """
    for pattern in _MENTIONS:
        for found in pattern.finditer(text):
            if _ENDS_WITH_OTHERS.search(text[: found.start()]):
                continue
            age = found.group(1).lower()
            years = int(age) if age.isdigit() else _NUMBERS[age]
            yield found.group(), Ages(years, years)
    for found in _IN_DECADE.finditer(text):
        ten = _DECADES[found.group(1).lower()]
        yield found.group(), Ages(ten, ten + 9)
