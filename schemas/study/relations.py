"""Relations between personas, as a population declares them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name
from schemas.study.rows import RowsFile
from schemas.study.rules import OTHER, Tests

Strength = Annotated[float, Field(ge=0, le=1)]

#: Columns of a file of relations.
EDGE_COLUMNS = ("persona", "other", "strength")


class RelationSpec(Record):
    """A kind of relation: who is related to whom."""

    draw: Literal["pairs", "groups", "directed", "listed"] = Field(
        description="pairs (two personas each, at random among those who fit), groups (everybody "
        "of a group with everybody else of it), directed (a persona to another, not the other way "
        "round), or listed (the rows of a file)."
    )
    degree: int = Field(
        1, ge=1, le=1000, description="Relations that each persona has; of pairs and directed."
    )
    size: int | dict[Name, dict[Name, int]] | None = Field(
        None,
        description="Personas of a group: a number, or numbers by the categories of an attribute, "
        "which all of a group then share.",
    )
    same: tuple[Name, ...] = Field((), description="Attributes in which both are alike.")
    homophily: dict[Name, Annotated[float, Field(ge=0, le=1)]] = Field(
        {},
        max_length=1,
        description="An attribute, and the share of relations drawn among personas alike in it; "
        "the others are drawn among all.",
    )
    fit: Tests = Field(
        {},
        description="What must hold of both: tests of values as in rules; other.NAME is a value "
        "of the other.",
    )
    strength: Strength | tuple[Strength, Strength] = Field(
        1.0, description="Strength from 0 to 1, or two ends between which it is drawn."
    )
    symmetric: bool = Field(
        False, description="Of listed relations: whether each row is meant both ways."
    )
    rows: RowsFile | None = Field(
        None,
        description="File with the columns persona and other (names, or numbers within the "
        "population, from 1), and strength if there is one.",
    )

    @model_validator(mode="after")
    def _fields_go_with_the_draw(self) -> Self:
        for field, draws in _GO_WITH.items():
            default = RelationSpec.model_fields[field].default
            if getattr(self, field) != default and self.draw not in draws:
                raise ValueError(f"{field}: it goes with draw: {' or '.join(draws)}")
        if self.draw == "groups" and self.size is None:
            raise ValueError("groups need a size")
        if isinstance(self.size, dict) and len(self.size) != 1:
            raise ValueError(
                "size: expected a number, or numbers by the categories of an attribute"
            )
        if any(number < 2 for number in self.sizes.values() if self.attribute is None):
            raise ValueError("size: a group has at least 2 personas")
        if any(number < 1 for number in self.sizes.values()):
            raise ValueError("size: a group has at least 1 persona")
        if self.draw == "listed" and (
            self.rows is None or not set(EDGE_COLUMNS[:2]) <= set(self.rows.columns)
        ):
            raise ValueError("listed relations need rows with the columns persona and other")
        return self

    @property
    def attribute(self) -> str | None:
        """The attribute that the size of a group depends on."""
        return next(iter(self.size)) if isinstance(self.size, dict) else None

    @property
    def sizes(self) -> dict[str, int]:
        """Size of a group by category; under no name where all are as large."""
        if isinstance(self.size, dict):
            return dict(next(iter(self.size.values()), {}))
        return {} if self.size is None else {"": self.size}

    @property
    def both_ways(self) -> bool:
        """Whether a relation of one to the other is also one of the other to the one."""
        return self.draw in {"pairs", "groups"} or self.symmetric

    @property
    def names(self) -> frozenset[str]:
        """The values of personas that it looks at."""
        tests = (name for key, test in self.fit.items() for name in (key, test.less) if name)
        own = (self.attribute,) if self.attribute else ()
        return frozenset(
            (*(one.removeprefix(OTHER) for one in tests), *self.same, *self.homophily, *own)
        )


_GO_WITH: dict[str, tuple[str, ...]] = {
    "degree": ("pairs", "directed"),
    "size": ("groups",),
    "same": ("pairs", "groups", "directed"),
    "homophily": ("pairs", "directed"),
    "fit": ("pairs", "directed"),
    "strength": ("pairs", "groups", "directed"),
    "symmetric": ("listed",),
    "rows": ("listed",),
}
