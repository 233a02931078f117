"""Personas as JSON Lines: one object per line, as `fixed` lists personas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import orjson

from schemas.errors import Mistake
from tasks.importers.problems import strict_json
from tasks.personas.formats.reading import persona_of
from tasks.personas.listed import ListedPersona


def written(personas: Sequence[ListedPersona]) -> bytes:
    """Personas as JSON Lines.

    Example:
        >>> print(written([ListedPersona(name="Ann", attributes={"job": "cook"})]).decode().strip())
        {"name":"Ann","attributes":{"job":"cook"}}
    """
    return b"".join(
        orjson.dumps(one.model_dump(exclude_defaults=True), option=orjson.OPT_APPEND_NEWLINE)
        for one in personas
    )


def read(text: str, place: str) -> Iterator[ListedPersona]:
    """The personas in a text of JSON Lines; empty lines are passed over.

    Args:
        text: The text.
        place: Where it comes from, for messages.

    Raises:
        Mistake: A line is no JSON object, or no persona; the message names it.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        here = f"{place}:{number}"
        try:
            value = strict_json(line, here, "line")
        except Mistake as mistake:  # a line is one line of its own
            raise Mistake(**{**mistake.details, "place": here}) from None
        yield persona_of(value, here)
