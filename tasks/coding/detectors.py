"""Coding by rule: regular expressions, and detectors, which are functions with a name."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.codebook import Codebook
from schemas.errors import Mistake
from tasks.coding.items import Changing, Item
from tasks.coding.labels_in_text import opening_label, plain_hyphens
from tasks.coding.rows import Code
from tasks.language import language_of
from tasks.registry import Registry

#: Name under which codes by rule stand in ``codes.coder``.
CODER = "rule"

#: Raised when a function below changes what it finds; part of the key of every coding by rule.
RECIPE = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule says of an item: its value, and the words that it rests on."""

    value: float
    evidence: str | None = None


#: Seats of the episode: seat -> name that it is shown under.
Names = Mapping[str, str]
Rule = Callable[[Item, Names], Found]


@dataclass(frozen=True)
class Detector:
    """A function that codes flags.

    Attributes:
        name: Its name in a codebook.
        about: What it looks for, in one sentence.
        arguments: Names of what a codebook writes in brackets, as in ``word_count_below(15)``.
        found: What it says of an item, given the item, the names of the seats and the arguments.
    """

    name: str
    about: str
    arguments: tuple[str, ...]
    found: Callable[..., Found]


def detector(function: Callable[..., Found]) -> Detector:
    """Makes a detector of a function, whose name and docstring become the detector's."""
    about = inspect.cleandoc(function.__doc__ or "").splitlines()[0]
    arguments = tuple(inspect.signature(function).parameters)[2:]
    return Detector(function.__name__, about, arguments, function)


@detector
def word_count_below(item: Item, names: Names, words: int) -> Found:
    """Fewer words than a number."""
    return Found(float(len(item.text.split()) < words))


@detector
def in_language(item: Item, names: Names, language: str) -> Found:
    """Most of its common words are of a language, en or fr."""
    return Found(float(language_of(item.text) == language))


@detector
def names_other_seat(item: Item, names: Names) -> Found:
    """Another participant is named."""
    for seat, name in names.items():
        if seat == item.actor or name == names.get(item.actor or ""):
            continue
        if found := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain_hyphens(item.text)):
            return Found(1.0, item.text[found.start() : found.end()])
    return Found(0.0)


@detector
def self_label(item: Item, names: Names) -> Found:
    """The text opens with a header that names a participant."""
    label = opening_label(item.text, tuple(names.values()))
    return Found(float(label is not None), label.words if label else None)


@detector
def self_label_mismatch(item: Item, names: Names) -> Found:
    """The header that the text opens with names somebody other than the speaker."""
    label = opening_label(item.text, tuple(names.values()))
    if label is None:
        return Found(0.0)
    return Found(float(label.name != names.get(item.actor or "")), label.words)


DETECTORS: Registry[Detector] = Registry(
    "detector",
    (in_language, names_other_seat, self_label, self_label_mismatch, word_count_below),
    "docs/codebooks.md; a regular expression stands in /…/",
)


def detector_reference() -> str:
    """The reference of the detectors, in Markdown."""
    lines = []
    for one in DETECTORS.values():
        call = f"{one.name}({', '.join(one.arguments)})" if one.arguments else one.name
        lines.append(f"- `{call}`: {one.about}")
    return "\n".join(lines) + "\n"


@cache
def rule_of(text: str) -> Rule:
    """The rule that a codebook writes: ``/regex/``, ``/regex/i``, ``name`` or ``name(arguments)``.

    Raises:
        Mistake: The expression does not compile, or no such function is known.

    Example:
        >>> rule_of("/thank(s| you)/i")(Item(1, 0, None, None, "Thanks a lot"), {})
        Found(value=1.0, evidence='Thanks')
    """
    if matched := re.fullmatch(r"/(?P<body>.*)/(?P<options>[imsx]*)", text, re.DOTALL):
        return _expression(text, matched["body"], matched["options"])
    name, arguments = _call(text)
    found = DETECTORS.named(name, f"rule {text}").found
    return lambda item, names: found(item, names, *arguments)


def ruled_flags(codebook: Codebook) -> tuple[str, ...]:
    """Names of the flags that have a rule."""
    return tuple(name for name, flag in codebook.flags.items() if flag.rule is not None)


def codes_by_rule(items: Sequence[Item], codebook: Codebook, names: Changing) -> list[Code]:
    """The codes of every flag with a rule; a flag with ``when`` only where that flag is present."""
    flags = ruled_flags(codebook)
    rules = {name: rule_of(codebook.flags[name].rule or "") for name in flags}
    codes = []
    for item in items:
        found = {name: rule(item, names.at(item.seq)) for name, rule in rules.items()}
        for name in flags:
            when = codebook.flags[name].when
            if when in found and not found[when].value:
                continue
            value, evidence = found[name].value, found[name].evidence
            codes.append(Code(item.seq, name, value, evidence, other_seq=item.other_seq))
    return codes


def _expression(text: str, body: str, options: str) -> Rule:
    try:
        pattern = re.compile(body, sum(getattr(re, option.upper()) for option in options))
    except re.error as error:
        raise Mistake(
            what="the codebook holds a regular expression that does not compile",
            place=f"rule {text}",
            found=str(error),
            fix="mend the expression",
        ) from None

    def rule(item: Item, names: Names) -> Found:
        found = pattern.search(item.text)
        return Found(float(found is not None), found[0] if found else None)

    return rule


def _call(text: str) -> tuple[str, tuple[Any, ...]]:
    name, bracket, rest = text.partition("(")
    if not bracket:
        return text.strip(), ()
    try:
        arguments = ast.literal_eval(f"({rest.rstrip().removesuffix(')')},)")
    except (ValueError, SyntaxError):
        raise Mistake(
            what="the arguments of a rule cannot be read",
            place=f"rule {text}",
            found=rest,
            expected="numbers and quoted words in brackets",
        ) from None
    return name.strip(), tuple(arguments)
