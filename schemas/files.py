"""Texts that a study names by file or writes in place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
        rows: Gives columns of a CSV or Parquet file as texts, by name.
        personas: Gives the personas in a file.
    """

    read: Callable[[str], str]
    load: Callable[[str], Any]
    rows: Callable[[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]
    personas: Callable[[str], tuple[Any, ...]]


class TextFile(Record):
    """A text with the path that it came from; the path is no part of any key, so no dump has it."""

    text: str = Field(description="The text.")
    path: str = Field("", exclude=True, description="The file that it came from.")

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[TextFile], info: ValidationInfo
    ) -> TextFile:
        path = named_file(value)
        if isinstance(info.context, LoadContext):
            if path is None and isinstance(value, str) and meant_as_path(value):
                path = value
            if path is not None:
                return handler({"path": path, "text": info.context.read(path)})
        elif path is not None:
            raise ValueError("a text named by file can only be read with its study")
        return handler({"text": value} if isinstance(value, str) else value)


def study_files(info: ValidationInfo, what: str) -> LoadContext:
    """How to get at the files that a study names.

    Args:
        info: What pydantic hands to a validator.
        what: What a file is to hold, such as "a codebook".

    Raises:
        ValueError: No study is being read, so a path leads nowhere.
    """
    if not isinstance(info.context, LoadContext):
        raise ValueError(f"{what} named by file can only be read with its study")
    return info.context


def named_file(value: Any) -> str | None:
    """The path in ``{file: PATH}``; ``None`` for anything else.

    Example:
        >>> named_file({"file": "briefs/a.md"}), named_file("briefs/a.md")
        ('briefs/a.md', None)
    """
    file = value.get("file") if isinstance(value, Mapping) and len(value) == 1 else None
    return file if isinstance(file, str) else None


def looks_like_path(value: str) -> bool:
    """Whether a string names a file: one line with a slash in its only word, or a short suffix.

    Example:
        >>> looks_like_path("briefs/delivery_app.md"), looks_like_path("Plan a festival.")
        (True, False)
        >>> looks_like_path("/etc/shadow"), looks_like_path("A budget of 1.5")
        (True, False)
    """
    return bool(_PATH.fullmatch(value))


def meant_as_path(value: str) -> bool:
    """Whether a string where a text may stand is rather a path: it looks like one, or is one word.

    Example:
        >>> meant_as_path("briefs"), meant_as_path("Talk."), meant_as_path("Talk about it")
        (True, False, False)
    """
    return looks_like_path(value) or bool(_WORD.fullmatch(value))


_PATH = re.compile(
    r"""(?: \.{0,2}[/\\~] .*            # begins like a path
        | [^\s/\\]*[/\\]\S*          # one word with a slash
        | .+\.[A-Za-z][A-Za-z0-9]{0,4} # ends in a suffix
        )""",
    re.VERBOSE,
)
_WORD = re.compile(r"[A-Za-z0-9_.~-]*[A-Za-z0-9_~-]")
