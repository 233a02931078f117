"""Rules of consistency: what must hold of every persona, as a population declares it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from schemas.base import Record
from schemas.names import Name
from schemas.study.expectations import Severity

#: Stands before the name of a value of the other persona of a relation: ``other.age``.
OTHER = "other."
#: Stands before the name of a relation whose number is meant: ``count.partner``.
COUNT = "count."


class ValueTest(Record):
    """What a value must be; a plain value, or a list of them, stands for ``{in: [...]}``."""

    model_config = ConfigDict(populate_by_name=True)

    one_of: tuple[Name, ...] = Field((), alias="in", description="One of these values.")
    none_of: tuple[Name, ...] = Field((), alias="not", description="None of these values.")
    min: float | None = Field(None, description="Least number.")
    max: float | None = Field(None, description="Greatest number.")
    less: Name | None = Field(
        None, description="Value whose number is taken away before min and max are looked at."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_values(cls, value: Any) -> Any:
        if isinstance(value, Mapping):
            lists = {
                key: _texts(part)
                for key, part in value.items()
                if key in {"in", "not", "one_of", "none_of"}
            }
            return {**value, **lists}
        return {"one_of": _texts(value)}

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if not (self.one_of or self.none_of) and self.min is None and self.max is None:
            raise ValueError("it tests nothing: give a value, in, not, min or max")
        if self.less is not None and self.min is None and self.max is None:
            raise ValueError("less: it goes with min or max")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    @property
    def expected(self) -> str:
        """What is expected, in words.

        Example:
            >>> ValueTest.model_validate({"min": 15, "less": "age"}).expected
            'at least 15 more than age'
        """
        than = f" more than {self.less}" if self.less else ""
        parts = [
            f"one of {', '.join(self.one_of)}" if len(self.one_of) > 1 else "".join(self.one_of),
            f"not {', '.join(self.none_of)}" if self.none_of else "",
            "" if self.min is None else f"at least {self.min:g}{than}",
            "" if self.max is None else f"at most {self.max:g}{than}",
        ]
        return " and ".join(part for part in parts if part)


def _texts(value: Any) -> tuple[Any, ...]:
    listed = value if isinstance(value, list | tuple) else (value,)
    return tuple(
        f"{one:g}" if isinstance(one, int | float) and not isinstance(one, bool) else one
        for one in listed
    )


#: Tests by the name of an attribute, a trait, or ``count.RELATION``; all of them must hold.
Tests = dict[Name, ValueTest]


class ConsistencyRule(Record):
    """A rule of consistency: ``{if: {employment: retired}, then: {age: {min: 50}}}``."""

    model_config = ConfigDict(populate_by_name=True)

    when: Tests = Field(
        {}, alias="if", description="Personas that it is about; all of them unless given."
    )
    then: Tests = Field(min_length=1, description="What must hold of them.")
    of: Name | None = Field(
        None,
        description="A relation: the rule is about both personas of it, and other.NAME is the "
        "other's value.",
    )
    severity: Severity = Field(
        "warning",
        description="critical: a population that keeps it too rarely fails its stage.",
    )
    pass_rate: float = Field(
        1.0, ge=0, le=1, description="Share of the personas that it is about who must keep it."
    )
    enforce: bool = Field(
        False,
        description="Whether combinations that break it are left out of the seed table before "
        "raking, so that nobody breaks it and the targets are met; with the method ipf.",
    )

    @model_validator(mode="after")
    def _others_are_of_a_relation(self) -> Self:
        others = sorted(name for name in self.names if name.startswith(OTHER))
        if others and self.of is None:
            raise ValueError(f"{others[0]}: name the relation that the other is in, under of")
        if self.of is not None and self.enforce:
            raise ValueError("enforce: a rule about relations cannot be enforced")
        return self

    @property
    def names(self) -> frozenset[str]:
        """The values that it looks at."""
        tests = (*self.when.items(), *self.then.items())
        return frozenset(name for key, test in tests for name in (key, test.less) if name)
