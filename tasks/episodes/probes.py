"""Probes: private questions to seats at set times, which nobody sees and no seat remembers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    create_model,
    model_validator,
)

from schemas.base import Record
from schemas.instrument import Instrument
from schemas.names import Name
from tasks.episodes.interventions.arrangement import SeatName
from tasks.episodes.times import ProbeTime
from tasks.instruments.asking import (
    Page,
    answer_shape,
    answers_of,
    items_prompt,
    page_data,
    pages,
    response_rows,
)


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


@dataclass(frozen=True)
class ProbeQuestion:
    """A question of a probe, as it is put to a seat.

    Attributes:
        label: What tells it from the other questions of the probe.
        words: The question.
        answer_schema: Shape of an answer; ``None`` for free text.
        data: The question as data, which simulated models are handed.
        rows: Rows of ``responses`` made of an answer, or of ``None`` where none was usable, but who
            was asked and when.
    """

    label: str
    words: str
    answer_schema: type[BaseModel] | None
    data: Mapping[str, Any]
    rows: Callable[[Any], list[dict[str, Any]]]


#: An instrument by its name in the study, or what the study's design puts in its place.
InstrumentField = Annotated[
    str | Instrument,
    PlainSerializer(lambda held: held if isinstance(held, str) else held.name),
]


class Probe(Record):
    """A private question, several that share a form of answer, or an instrument of the study."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        max_length=80,
        description="Short name; stands in responses.instrument.",
    )
    ask: str | None = Field(None, min_length=1, description="The question, where there is one.")
    items: dict[Name, str] = Field({}, description="Questions by name, where there are several.")
    instrument: InstrumentField | None = Field(
        None, description="Instrument of the study that is put, in place of ask and items."
    )
    by: Literal["item", "all"] = Field(
        "item", description="Whether a question holds one item of the instrument, or all of them."
    )
    answer: AnyForm = Field(
        "text",
        description="text, {choice: [A, B]}, {scale: [1, 7]} (whole numbers) or {number: [0, 1]}.",
    )
    at: Annotated[
        tuple[ProbeTime, ...],
        BeforeValidator(_at_least_one, json_schema_input_type=ProbeTime | tuple[ProbeTime, ...]),
    ] = Field(min_length=1, description="When it is asked: one time or a list of times.")
    seats: tuple[SeatName, ...] = Field((), description="Who is asked; all seats if left out.")

    @model_validator(mode="before")
    @classmethod
    def _named_as_its_instrument(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and isinstance(value.get("instrument"), str):
            return {"name": value["instrument"], **value}
        return value

    @model_validator(mode="after")
    def _one_kind_of_question(self) -> Self:
        given = (self.ask is not None, bool(self.items), self.instrument is not None)
        if sum(given) != 1:
            raise ValueError(
                "a probe has one of ask (one question), items (several) and instrument"
            )
        if self.instrument is not None and self.answer != "text":
            raise ValueError("answer: an instrument has a scale of its own")
        if self.instrument is None and self.by != "item":
            raise ValueError("by: only an instrument's items can stand in one question")
        if any(not text.strip() for text in self.items.values()):
            raise ValueError("items: a question is empty")
        return self

    def put(self, rounds: int, order_key: Sequence[Any]) -> Iterator[ProbeQuestion]:
        """The questions that are put to a seat.

        Args:
            rounds: Rounds that are over.
            order_key: What the order of an instrument's items is drawn from.
        """
        if isinstance(self.instrument, Instrument):
            yield from _items_put(self.name, self.instrument, self.by, rounds, order_key)
            return
        for item in self.questions:
            yield ProbeQuestion(
                item,
                self.prompt(item),
                self.answer_schema,
                self.as_data(item, rounds),
                partial(self._rows, item),
            )

    def _rows(self, item: str, answer: Any) -> list[dict[str, Any]]:
        value, text = (None, None) if answer is None else self.response(answer)
        return [{"instrument": self.name, "item": item, "value": value, "text": text}]

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


def _items_put(
    name: str, instrument: Instrument, by: str, rounds: int, order_key: Sequence[Any]
) -> Iterator[ProbeQuestion]:
    """The questions of an instrument, in an order of their own."""
    size = 1 if by == "item" else len(instrument.items)
    for page in pages(instrument, size, order_key):

        def rows(answer: Any, page: Page = page) -> list[dict[str, Any]]:
            usable = None if answer is None else answers_of(answer)
            return list(response_rows(name, instrument, page, usable))

        yield ProbeQuestion(
            str(page.first),
            items_prompt(instrument, page),
            answer_shape(instrument.scale, len(page.items)),
            page_data(name, instrument, page, rounds),
            rows,
        )


def with_instruments(
    declared: Mapping[str, Any], instruments: Mapping[str, Instrument]
) -> dict[str, Any]:
    """Parts of an episode in which probes hold the instruments that they name.

    Args:
        declared: The parts as a study declares them.
        instruments: The study's instruments by name; a name that is not there stays.
    """
    probes = declared.get("probes")
    if not isinstance(probes, list | tuple):
        return dict(declared)
    held = [
        {"name": probe["instrument"], **probe, "instrument": instruments[probe["instrument"]]}
        if isinstance(probe, Mapping) and probe.get("instrument") in instruments
        else probe
        for probe in probes
    ]
    return {**declared, "probes": held}
