"""Names that a study gives: of models, conditions, contrasts, attributes and other things."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

#: Characters that a name may have, at most.
MAX_NAME = 80


def checked_name(name: str) -> str:
    """The name.

    Raises:
        ValueError: It holds what cannot be seen or told apart from another name.
    """
    if not name.isprintable():
        strange = next(one for one in name if not one.isprintable())
        known = unicodedata.name(strange, f"U+{ord(strange):04X}")
        raise ValueError(f"a name contains an invisible character: {known}")
    if name != name.strip():
        raise ValueError("a name begins or ends with a space")
    if name != unicodedata.normalize("NFC", name):
        raise ValueError(
            "a name is written with combining characters where Unicode has a single one (it is not "
            "in the form NFC), so it could look the same as another name; type it again"
        )
    return name


#: A name: not empty, on one line, printable, and equal to every other name that looks the same
#: once accents are composed.
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(checked_name)]

#: The name of a level of a factor, of which a condition's name may hold several.
LevelName = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(checked_name)]
