"""What readers of files of personas share."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas.errors import Mistake
from tasks.importers.problems import cut
from tasks.personas.listed import ListedPersona


def persona_of(value: Any, place: str) -> ListedPersona:
    """A persona out of data from a file.

    Args:
        value: The data.
        place: Where it stands, for messages.

    Raises:
        Mistake: It is no persona.
    """
    try:
        return ListedPersona.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(step) for step in first["loc"])
        raise Mistake(
            what=f"no persona: {first['msg']}",
            place=f"{place}: {field}" if field else place,
            found=cut(repr(first["input"])),
            expected="name, attributes, traits, intensity, texts",
        ) from None
