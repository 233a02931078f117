"""Probes: private questions to seats at set times, which nobody sees and no seat remembers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    create_model,
    model_validator,
)

from schemas.base import Record
from schemas.names import Name
from tasks.episodes.interventions.base import SeatName
from tasks.episodes.times import ProbeTime


class AnswerForm(Record):
    """A form of answer. A further form is a subclass here and a name in :data:`AnyForm`."""

    @property
    @abstractmethod
    def told(self) -> str:
        """How a seat is told to answer."""

    @property
    @abstractmethod
    def kind(self) -> Any:
        """The type of an answer, with its bounds."""

    def response(self, given: Any) -> tuple[float | None, str | None]:
        """An answer as the number and the text that ``responses`` holds."""
        return (None, given) if isinstance(given, str) else (float(given), None)


class Choice(AnswerForm):
    """An answer out of a list."""

    choice: tuple[str, ...] = Field(min_length=2, description="The options, in the order shown.")

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len(set(self.choice)) != len(self.choice):
            raise ValueError("choice: an option is listed twice")
        return self

    @property
    def told(self) -> str:
        """The options."""
        return f"Answer with one of: {', '.join(self.choice)}."

    @property
    def kind(self) -> Any:
        """One of the options."""
        return Literal[self.choice]


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] >= ends[1]:
        raise ValueError(f"{ends[0]:g} is not below {ends[1]:g}")
    return ends


class Scale(AnswerForm):
    """A whole number between two ends."""

    scale: Annotated[tuple[int, int], AfterValidator(_ascending)] = Field(
        description="The lowest and the highest number."
    )

    @property
    def told(self) -> str:
        """The ends."""
        return f"Answer with a whole number from {self.scale[0]} to {self.scale[1]}."

    @property
    def kind(self) -> Any:
        """A whole number within the ends."""
        return Annotated[int, Field(ge=self.scale[0], le=self.scale[1])]


class Number(AnswerForm):
    """Any number between two ends."""

    number: Annotated[tuple[float, float], AfterValidator(_ascending)] = Field(
        description="The lowest and the highest number."
    )

    @property
    def told(self) -> str:
        """The ends."""
        return f"Answer with a number from {self.number[0]:g} to {self.number[1]:g}."

    @property
    def kind(self) -> Any:
        """A number within the ends."""
        return Annotated[float, Field(ge=self.number[0], le=self.number[1])]


#: Every form of answer; ``text`` is anything in words.
AnyForm = Literal["text"] | Choice | Scale | Number


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
    items: dict[Name, str] = Field({}, description="Questions by name, where there are several.")
    answer: AnyForm = Field(
        "text",
        description="text, {choice: [A, B]}, {scale: [1, 7]} (whole numbers) or {number: [0, 1]}.",
    )
    at: Annotated[
        tuple[ProbeTime, ...],
        BeforeValidator(_at_least_one, json_schema_input_type=ProbeTime | tuple[ProbeTime, ...]),
    ] = Field(min_length=1, description="When it is asked: one time or a list of times.")
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
        return None if self.answer == "text" else _schema(self.answer)

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
                "" if self.answer == "text" else self.answer.told,
            )
            if part
        )

    def as_data(self, item: str, rounds: int) -> dict[str, Any]:
        """The question as data, which simulated models are handed.

        Args:
            item: Which of its questions.
            rounds: Rounds that are over.
        """
        form = "text" if self.answer == "text" else self.answer.model_dump(mode="json")
        return {"instrument": self.name, "item": item, "answer": form, "rounds": rounds}

    def response(self, value: Any) -> tuple[float | None, str | None]:
        """An answer as the number and the text that ``responses`` holds.

        Args:
            value: An instance of :attr:`answer_schema`, or a text.
        """
        if self.answer == "text":
            return None, str(value).strip()
        return self.answer.response(value.answer)


@lru_cache(maxsize=1024)
def _schema(form: AnswerForm) -> type[BaseModel]:
    return create_model("ProbeAnswer", __base__=Record, answer=(form.kind, Field()))
