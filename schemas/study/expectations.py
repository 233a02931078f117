"""What a study expects to find, and the published numbers that it rebuilds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from schemas.base import Record

Severity = Literal["critical", "warning", "info"]
Scalar = str | bool | int | float

_SEVERITY: Any = Field(
    "warning", description="critical fails the stage and ends the run; the others are reported."
)
_SUBJECT: Any = Field(
    "", description="Subject of the number, such as a flag or a pair of coders; empty for none."
)


class DataExpectation(Record):
    """An expectation of Great Expectations about the rows of a view that belong to the study.

    It is written under its name there: ``{expect_column_mean_to_be_between: {view: v_messages,
    column: words, min_value: 5, per: condition}}``. Fields that are not listed here are its
    arguments.
    """

    expectation: str = Field(description="Name of the expectation.")
    view: str = Field(description="View or table whose rows are checked.")
    where: dict[str, Scalar | tuple[Scalar, ...]] = Field(
        {}, description="Values by column; only rows that have them, or one of them, are checked."
    )
    per: Literal["condition"] | None = Field(
        None, description="One check for each condition instead of one for all rows."
    )
    severity: Severity = _SEVERITY
    arguments: dict[str, Any] = Field({}, description="Arguments of the expectation.")

    @model_validator(mode="before")
    @classmethod
    def _from_its_name(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "expectation" in value:
            return value
        if len(value) != 1 or not isinstance(next(iter(value.values())), dict):
            raise ValueError(
                "an expectation is written as {expect_...: {view: ..., column: ...}}, "
                "{contrast: ...} or {of: METRIC, ...}"
            )
        ((name, fields),) = value.items()
        own = {key: part for key, part in fields.items() if key in OWN_FIELDS}
        rest = {key: part for key, part in fields.items() if key not in OWN_FIELDS}
        return {"expectation": name, **own, "arguments": rest}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its arguments name."""
        found: dict[str, None] = {}
        for name, value in self.arguments.items():
            if name in COLUMN_ARGUMENTS:
                listed = value if isinstance(value, list | tuple) else [value]
                found.update(dict.fromkeys(map(str, listed)))
        return tuple(found)

    @property
    def expected(self) -> str:
        """Its arguments and filter as text.

        Example:
            >>> DataExpectation.model_validate({"expect_column_mean_to_be_between": {
            ...     "view": "v_messages", "column": "words", "max_value": 9,
            ...     "where": {"round": 1}}}).expected
            'max_value 9 where round = 1'
        """
        said = [
            f"{name} {_text(value)}"
            for name, value in self.arguments.items()
            if name not in COLUMN_ARGUMENTS
        ]
        limits = [f"{name} = {_text(value)}" for name, value in self.where.items()]
        return " ".join(filter(None, [", ".join(said), *(["where"] if limits else [])])) + (
            f" {' and '.join(limits)}" if limits else ""
        )


#: Fields that a study writes among the arguments of an expectation.
OWN_FIELDS = frozenset({"view", "where", "per", "severity"})
#: Arguments that name columns.
COLUMN_ARGUMENTS = frozenset({"column", "column_A", "column_B", "column_list"})


class ContrastExpectation(Record):
    """What a contrast is expected to find."""

    contrast: str = Field(description="Name of a contrast of the study.")
    condition: str | None = Field(
        None, description="Condition compared with the baseline, where there are several."
    )
    subject: str | None = Field(None, description="Subject of the metric, where it has several.")
    direction: Literal["greater", "less"] | None = Field(
        None, description="Whether the condition is above its baseline or below it."
    )
    p_below: float | None = Field(None, gt=0, le=1, description="The adjusted p is below this.")
    p_above: float | None = Field(None, ge=0, lt=1, description="The adjusted p is above this.")
    severity: Severity = _SEVERITY

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if self.direction is None and self.p_below is None and self.p_above is None:
            raise ValueError("it expects nothing: give direction, p_below or p_above")
        return self


class NumberExpectation(Record):
    """What a number of a metric is expected to be."""

    of: str = Field(description="Metric, or metric.quantity.")
    condition: str = Field("", description="Condition; empty for the number of the whole study.")
    subject: str = _SUBJECT
    min_value: float | None = Field(None, description="Least value.")
    max_value: float | None = Field(None, description="Greatest value.")
    severity: Severity = _SEVERITY

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        low, high = self.min_value, self.max_value
        if low is None and high is None:
            raise ValueError("it expects nothing: give min_value or max_value")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_value {low:g} is above max_value {high:g}")
        return self


def _kind(value: Any) -> str:
    """Which kind of expectation an item is."""
    if isinstance(value, ContrastExpectation) or (isinstance(value, dict) and "contrast" in value):
        return "ContrastExpectation"
    if isinstance(value, NumberExpectation) or (isinstance(value, dict) and "of" in value):
        return "NumberExpectation"
    return "DataExpectation"


Expectation = Annotated[
    Annotated[DataExpectation, Tag("DataExpectation")]
    | Annotated[ContrastExpectation, Tag("ContrastExpectation")]
    | Annotated[NumberExpectation, Tag("NumberExpectation")],
    Discriminator(_kind),
]


class Published(Record):
    """A published number."""

    of: str = Field(description="Metric, or metric.quantity, that it is a value of.")
    condition: str = Field("", description="Condition; empty for the number of the whole study.")
    subject: str = _SUBJECT
    value: float = Field(description="The number as published.")
    ci_low: float | None = Field(None, description="Lower end of the published interval.")
    ci_high: float | None = Field(None, description="Upper end of the published interval.")
    n: int | None = Field(
        None, ge=0, description="Published number of episodes, messages, ... behind it."
    )
    table: str = Field("", description="Table, figure or page that it stands in.")
    note: str = Field("", description="What else to know, such as the model it was found with.")


class Reproduces(Record):
    """The publication that a study rebuilds."""

    source: str = Field(min_length=1, description="The publication, as one cites it.")
    differs: str = Field("", description="In which way this study can differ from it.")
    published: tuple[Published, ...] = Field((), description="Published numbers.")


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_text(part)}" for name, part in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
