"""Texts that a study names by file or writes in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from schemas.base import Record


@dataclass(frozen=True)
class LoadContext:
    """Handed to pydantic while a study is read: how to get at files beside the study.

    Attributes:
        read: Gives the text of a file.
        load: Gives the data in a YAML file.
    """

    read: Callable[[str], str]
    load: Callable[[str], Any]


class TextFile(Record):
    """A text with the path that it came from; the path is no part of any key, so no dump has it."""

    text: str = Field(description="The text.")
    path: str = Field("", exclude=True, description="The file that it came from.")

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[TextFile], info: ValidationInfo
    ) -> TextFile:
        if not isinstance(value, str):
            return handler(value)
        if isinstance(info.context, LoadContext) and looks_like_path(value):
            return handler({"path": value, "text": info.context.read(value)})
        return handler({"text": value})


def looks_like_path(value: str) -> bool:
    """Whether a string names a file: one line that ends in a short suffix.

    Example:
        >>> looks_like_path("briefs/delivery_app.md"), looks_like_path("Plan a festival.")
        (True, False)
    """
    stem, dot, suffix = value.rpartition(".")
    return (
        bool(stem and dot and "\n" not in value and " " not in suffix and 0 < len(suffix) <= 5)
        and suffix.isalnum()
    )
