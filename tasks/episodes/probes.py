"""Probes: private questions to seats at set times, which nobody sees and no seat remembers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from schemas.base import Record
from tasks.episodes.interventions.base import SeatName
from tasks.episodes.times import ProbeTime


class Choice(Record):
    """An answer out of a list."""

    choice: tuple[str, ...] = Field(min_length=2, description="The options, in the order shown.")

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len(set(self.choice)) != len(self.choice):
            raise ValueError("choice: an option is listed twice")
        return self


class Scale(Record):
    """A whole number between two ends."""

    scale: tuple[int, int] = Field(description="The lowest and the highest number.")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale: {self.scale[0]} is not below {self.scale[1]}")
        return self


class Number(Record):
    """Any number between two ends."""

    number: tuple[float, float] = Field(description="The lowest and the highest number.")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.number[0] >= self.number[1]:
            raise ValueError(f"number: {self.number[0]:g} is not below {self.number[1]:g}")
        return self


AnswerForm = Literal["text"] | Choice | Scale | Number


def _at_least_one(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


class Probe(Record):
    """A private question, or several that share a form of answer."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        max_length=80,
        description="Short name; stands in responses.instrument.",
    )
    ask: str | None = Field(None, min_length=1, description="The question, where there is one.")
    items: dict[str, str] = Field({}, description="Questions by name, where there are several.")
    answer: AnswerForm = Field(
        "text",
        description="text, {choice: [A, B]}, {scale: [1, 7]} (whole numbers) or {number: [0, 1]}.",
    )
    at: Annotated[tuple[ProbeTime, ...], BeforeValidator(_at_least_one)] = Field(
        min_length=1, description="When it is asked: one time or a list of times."
    )
    seats: tuple[SeatName, ...] = Field((), description="Who is asked; all seats if left out.")

    @model_validator(mode="after")
    def _ask_or_items(self) -> Self:
        if (self.ask is None) == (not self.items):
            raise ValueError("a probe has either ask (one question) or items (several)")
        if any(not text.strip() for text in self.items.values()):
            raise ValueError("items: a question is empty")
        return self

    @property
    def questions(self) -> Mapping[str, str]:
        """The questions by item; the item of a single question is the probe's name."""
        return self.items or {self.name: self.ask or ""}

    @property
    def answer_schema(self) -> type[BaseModel] | None:
        """Shape of an answer; ``None`` for free text."""
        return _schema(self.answer)

    def prompt(self, item: str) -> str:
        """The question as a seat is asked it.

        Example:
            >>> probe = Probe(name="vote", ask="Bike or car?", answer={"choice": ["bike", "car"]},
            ...               at="end")
            >>> print(probe.prompt("vote"))
            Answer this question for yourself; nobody else reads your answer.
            <BLANKLINE>
            Bike or car?
            <BLANKLINE>
            Answer with one of: bike, car.
        """
        return "\n\n".join(
            part
            for part in (
                "Answer this question for yourself; nobody else reads your answer.",
                self.questions[item],
                _told(self.answer),
            )
            if part
        )

    def response(self, value: Any) -> tuple[float | None, str | None]:
        """An answer as the number and the text that ``responses`` holds.

        Args:
            value: An instance of :attr:`schema`, or a text.
        """
        if isinstance(value, BaseModel):
            given = value.answer  # type: ignore[attr-defined]
            return (None, given) if isinstance(given, str) else (float(given), None)
        return None, str(value).strip()


def _told(answer: AnswerForm) -> str:
    match answer:
        case Choice():
            return f"Answer with one of: {', '.join(answer.choice)}."
        case Scale():
            return f"Answer with a whole number from {answer.scale[0]} to {answer.scale[1]}."
        case Number():
            return f"Answer with a number from {answer.number[0]:g} to {answer.number[1]:g}."
        case _:
            return ""


@lru_cache(maxsize=1024)
def _schema(answer: AnswerForm) -> type[BaseModel] | None:
    match answer:
        case Choice():
            kind: Any = Literal[answer.choice]
            field = Field(description="One of the options.")
        case Scale():
            kind, field = int, Field(ge=answer.scale[0], le=answer.scale[1])
        case Number():
            kind, field = float, Field(ge=answer.number[0], le=answer.number[1])
        case _:
            return None
    return create_model("ProbeAnswer", __base__=Record, answer=(kind, field))
