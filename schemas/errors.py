"""Errors that a user can mend, as opposed to bugs.

A :class:`Mistake` is printed as one message and ends a command with exit status 2. Anything else
that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from schemas.counts import counted


class AgoraError(Exception):
    """Base of the project's own errors; survives pickling with keyword arguments."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(self.message())

    def message(self) -> str:
        """The text shown to a person."""
        return ", ".join(f"{name}: {value}" for name, value in self.details.items())

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (type(self), self.details))


def _rebuilt(kind: type[AgoraError], details: dict[str, Any]) -> AgoraError:
    return kind(**details)


class Mistake(AgoraError):
    """Something that the user can mend.

    Args:
        what: One sentence that says what is wrong.
        place: Where: a file, with line and field if there are any.
        found: What was found there.
        expected: What was expected.
        fix: What to do about it.

    Example:
        >>> print(Mistake(what="unknown model", place="s.yaml:4: seats", found="gtp",
        ...               expected="one of gpt, llama", fix="write gpt").message())
        s.yaml:4: seats: unknown model
          found:    gtp
          expected: one of gpt, llama
          to do:    write gpt
    """

    def __init__(
        self,
        *,
        what: str,
        place: str = "",
        found: str = "",
        expected: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(what=what, place=place, found=found, expected=expected, fix=fix)

    def message(self) -> str:
        """The headline and, indented below it, what was found, expected and what to do."""
        head = f"{self.details['place']}: " if self.details["place"] else ""
        lines = [f"{head}{self.details['what']}"]
        for label, name in (("found", "found"), ("expected", "expected"), ("to do", "fix")):
            if self.details[name]:
                lines.append(f"  {label + ':':<9} {self.details[name]}")
        return "\n".join(map(printable_lines, lines))


#: Mistakes that one message tells, at most; it says how many there are beyond.
MOST_TOLD = 25


class Mistakes(AgoraError):
    """Several mistakes found at once."""

    def __init__(self, *, mistakes: list[Mistake]) -> None:
        super().__init__(mistakes=mistakes)

    def message(self) -> str:
        """The first mistakes, in the order found, and how many more there are."""
        mistakes = self.details["mistakes"]
        told = [mistake.message() for mistake in mistakes[:MOST_TOLD]]
        if beyond := len(mistakes) - len(told):
            told.append(f"and {counted(beyond, 'more mistake')}")
        return "\n".join(told)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a misspelt one, if one is close.

    Example:
        >>> nearest("talkativ", ["talkative", "reserved"])
        'talkative'
        >>> nearest("zzz", ["talkative"]) is None
        True
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return close[0] if close else None


def printable(text: str) -> str:
    r"""A text with every character that a terminal would obey, or not show, written out.

    Example:
        >>> printable("a\nb \x1b[31m é")
        'a\\nb \\x1b[31m é'
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def printable_lines(text: str) -> str:
    """A text as :func:`printable` gives it, its lines kept apart."""
    return "\n".join(map(printable, text.split("\n")))
