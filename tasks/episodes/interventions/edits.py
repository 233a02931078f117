"""Edits of prompts, line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record

#: A line of a prompt: its number, from 1, blank lines not counted, or how it begins.
Line = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)]

_Text = Annotated[str, Field(max_length=10_000)]


class PromptEdit(Record):
    """Lines that are removed from a prompt, put in the place of others, or added at its end.

    A line is named by its number in the prompt as the template makes it, or by how it begins.
    ``{you}`` in a new line stands for the seat's shown name, ``{others}`` for those of the others.
    """

    part: str = Field(
        "system", description="Which part of a prompt: system, opening, or the name of a question."
    )
    remove: Literal["all"] | tuple[Line, ...] = Field(
        (), description="Lines that are left out, by number or beginning; or all."
    )
    replace: Mapping[str, _Text] = Field(
        {}, description="Lines that others take the place of: the new line by the old beginning."
    )
    add: tuple[_Text, ...] = Field((), description="Lines that are added at the end.")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not (self.remove or self.replace or self.add):
            raise ValueError("an edit of a prompt removes, replaces or adds lines")
        return self

    def edited(self, text: str, values: Mapping[str, str]) -> str:
        r"""A prompt after the edit; a line that it does not have stays away.

        Args:
            text: The prompt.
            values: What ``{you}`` and ``{others}`` stand for.

        Example:
            >>> edit = PromptEdit(remove=(2,), add=("Be brief, {you}.",))
            >>> edit.edited("You are Ann.\nOthers: Ben.", {"you": "Ann"})
            'You are Ann.\nBe brief, Ann.'
        """
        lines = text.split("\n")
        new: dict[int | None, str | None] = {}
        if self.remove == "all":
            lines = []
        else:
            new = {_place(line, lines): None for line in self.remove}
        new |= {_place(old, lines): _filled(line, values) for old, line in self.replace.items()}
        kept = [new.get(place, line) for place, line in enumerate(lines)]
        added = [_filled(line, values) for line in self.add]
        return "\n".join([*(line for line in kept if line is not None), *added]).strip()

    def missing(self, text: str) -> str | None:
        """Which line that it names a prompt does not have, if so.

        Example:
            >>> PromptEdit(remove=("Others",)).missing("You are Ann.")
            "no line of the prompt begins with 'Others'"
        """
        lines = text.split("\n")
        for line in (*(self.remove if self.remove != "all" else ()), *self.replace):
            if _place(line, lines) is None:
                return (
                    f"the prompt has no line {line}"
                    if isinstance(line, int)
                    else f"no line of the prompt begins with {line!r}"
                )
        return None


def _place(line: int | str, lines: Sequence[str]) -> int | None:
    """The place of a line in a prompt; ``None`` where it is not there."""
    worded = [place for place, one in enumerate(lines) if one.strip()]
    if isinstance(line, int):
        return worded[line - 1] if line <= len(worded) else None
    return next((place for place in worded if lines[place].startswith(line)), None)


def _filled(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        line = line.replace(f"{{{name}}}", value)
    return line
