"""Codebooks: what coders look for in a transcript."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationInfo, model_validator

from schemas.base import Record
from schemas.files import study_files
from schemas.keys import digest
from schemas.names import Name

Level = Literal["nominal", "ordinal", "interval"]


class Example(Record):
    """A worked example."""

    text: str = Field(description="What was said.")
    value: bool | int | str = Field(description="How it is coded.")
    why: str = Field("", description="Why.")


class Flag(Record):
    """One thing that is coded: present or absent, or one of several levels."""

    definition: str = Field(min_length=1, description="What it means, in one or two sentences.")
    include: tuple[str, ...] = Field((), description="What counts.")
    exclude: tuple[str, ...] = Field((), description="What does not count.")
    examples: tuple[Example, ...] = Field((), description="Worked examples.")
    levels: tuple[Name, ...] = Field(
        (), description="Names of the levels, lowest first; none for a present-or-absent flag."
    )
    scale: Level = Field("nominal", description="Level of measurement.")
    when: str | None = Field(None, description="Flag that must be present for this one to apply.")
    rule: str | None = Field(
        None, description="Name of a function, or a regular expression in /…/."
    )
    trait: bool = Field(True, description="Whether it is part of an agent's profile.")
    mask_speaker: bool = Field(True, description="Whether judges are not told who spoke.")

    @model_validator(mode="after")
    def _two_levels_at_least(self) -> Self:
        if len(self.levels) == 1:
            raise ValueError("a flag has no levels (present or absent) or at least two")
        plain = [level.casefold() for level in self.levels]
        twice = next((level for level in self.levels if plain.count(level.casefold()) > 1), None)
        if twice is not None:
            raise ValueError(f"levels: {twice} stands twice; upper and lower case are one")
        return self

    def number(self, value: bool | int | str) -> float | None:
        """A coder's value as the number stored in ``codes.value``; nothing if it is none of them.

        Example:
            >>> Flag(definition="stance", levels=("against", "for")).number("for")
            1.0
            >>> Flag(definition="phatic").number(True)
            1.0
        """
        if not self.levels:
            return float(value) if value in (True, False, 0, 1) else None
        if isinstance(value, str):
            return float(self.levels.index(value)) if value in self.levels else None
        return float(value) if 0 <= int(value) < len(self.levels) else None


class Codebook(Record):
    """The flags, and what a judge is shown."""

    name: Name = Field(description="Short name.")
    description: str = Field("", description="What it is for.")
    source: str = Field("", description="Where it comes from.")
    level: Literal["message", "turn", "episode", "pair"] = Field(
        "message", description="What is coded."
    )
    context: int = Field(0, ge=0, description="Earlier messages that a judge is shown.")
    shuffle: bool = Field(True, description="Whether items are coded in shuffled order.")
    batch: int = Field(1, ge=1, le=50, description="Items per question to a judge.")
    flags: dict[Name, Flag] = Field(min_length=1, description="What is coded, by name.")

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[Codebook], info: ValidationInfo
    ) -> Codebook:
        if isinstance(value, str):
            return handler(study_files(info, "a codebook").load(value))
        return handler(value)

    @model_validator(mode="after")
    def _flags_fit(self) -> Self:
        for name, flag in self.flags.items():
            if flag.when is not None and (flag.when not in self.flags or flag.when == name):
                raise ValueError(f"flags.{name}.when: there is no flag {flag.when}")
            for example in flag.examples:
                if flag.number(example.value) is None:
                    raise ValueError(
                        f"flags.{name}.examples: {example.value!r} is none of its values"
                    )
        return self

    @property
    def digest(self) -> str:
        """Its version: changes with anything a coder could notice."""
        spec = self.model_dump(mode="json", exclude={"description", "source"})
        spec["unit"] = spec.pop("level")  # codes are stored under digests with this name
        return digest("codebook", spec)

    @property
    def traits(self) -> tuple[str, ...]:
        """Names of the present-or-absent flags that make up an agent's profile."""
        return tuple(name for name, flag in self.flags.items() if flag.trait and not flag.levels)
