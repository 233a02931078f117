"""Parameters of a debate."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, create_model, model_validator

from schemas.base import Record
from tasks.environments.seating import SeatedParams


class Problem(Record):
    """A question with a right answer."""

    ask: str = Field(min_length=1, max_length=20_000, description="The question.")
    options: tuple[str, ...] = Field(
        min_length=2, max_length=100, description="The answers that can be given."
    )
    correct: str = Field(description="The right one; agents are not told.")

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if len(set(self.options)) != len(self.options):
            raise ValueError("options: each is named once")
        if self.correct not in self.options:
            raise ValueError(f"correct: {self.correct!r} is none of the options")
        return self


class DebateParams(SeatedParams):
    """Answers in rounds: all answer at once, having read the answers of the round before.

    One round of many seats is self-consistency, many rounds of one seat are self-refinement, and
    what lies between is a debate.
    """

    problems: tuple[Problem, ...] = Field(
        min_length=1,
        max_length=10_000,
        description="Questions, of which an episode has one. It is drawn by the replicate, so that "
        "conditions are compared on the same questions.",
    )
    rounds: int = Field(2, ge=1, le=1000, description="How often everybody answers.")


@lru_cache(maxsize=4096)
def answer_form(options: tuple[str, ...]) -> type[BaseModel]:
    """The form of an answer to a problem with these options."""
    option: Any = Literal[options]
    return create_model(
        "Answer",
        __base__=Record,
        reasoning=(str, Field("", max_length=10_000, description="Why, in a few sentences.")),
        answer=(option, Field(description="The answer that you choose.")),
    )
