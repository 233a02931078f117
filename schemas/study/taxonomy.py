"""Taxonomies of attributes: trees of any depth whose leaves personas are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)

from schemas.base import Record
from schemas.files import study_files
from schemas.names import MAX_NAME, Name

#: Stands between the names of a path: ``health.sleep.hours``.
STEP = "."
Stratum = Literal["near", "middle", "far"]
STRATA: tuple[Stratum, ...] = ("near", "middle", "far")


class Node(Record):
    """A node of a taxonomy; a list of values, or values with weights, stand for ``{values: ...}``.

    A node without values, range and branches is left to prose.
    """

    about: str = Field("", description="What it is about, in words that anchors may share.")
    values: dict[Name, float] = Field(
        {}, description="Values with weights; a plain list weighs all alike."
    )
    range: tuple[float, float] | None = Field(
        None, description="Two ends between which a number is drawn evenly."
    )
    round_to: float = Field(1, gt=0, description="Numbers of a range are multiples of it.")
    branches: dict[Name, Node] = Field({}, description="Nodes below it.")
    like: str = Field("", description="Path of another node, whose branches it has too.")

    @model_validator(mode="before")
    @classmethod
    def _from_values(cls, value: Any) -> Any:
        if value is None:
            return {}
        if isinstance(value, list | tuple):
            return {"values": dict.fromkeys(map(_text, value), 1.0)}
        if not isinstance(value, Mapping):
            return value
        if isinstance(value.get("values"), list | tuple):
            return {**value, "values": dict.fromkeys(map(_text, value["values"]), 1.0)}
        if value and all(_is_number(part) for part in value.values()) and "round_to" not in value:
            return {"values": dict(value)}
        return value

    @field_validator("branches")
    @classmethod
    def _names_hold_no_step(cls, value: dict[str, Node]) -> dict[str, Node]:
        for name in value:
            if STEP in name:
                raise ValueError(f"{name!r}: the name of a node holds no '{STEP}'")
        return value

    @model_validator(mode="after")
    def _values_can_be_drawn(self) -> Self:
        if self.values and self.range is not None:
            raise ValueError("give either values or a range")
        if any(weight < 0 for weight in self.values.values()) or (
            self.values and not any(self.values.values())
        ):
            raise ValueError("values: weights are at least 0, and one is above")
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError(f"range: {self.range[0]:g} is not below {self.range[1]:g}")
        if self.like and self.branches:
            raise ValueError("give either branches or like")
        return self


def _text(value: Any) -> Any:
    return f"{value:g}" if _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An attribute that a taxonomy gives at some depth.

    Attributes:
        path: Its path: ``health.sleep.hours``.
        about: What it and the nodes above it are about.
        node: The node itself.
    """

    path: str
    about: str
    node: Node

    @property
    def depth(self) -> int:
        """How deep it lies, from 1."""
        return self.path.count(STEP) + 1

    @property
    def category(self) -> str:
        """The node at the top that it lies under."""
        return self.path.partition(STEP)[0]


class Taxonomy(Record):
    """A tree of attributes, in a file of its own."""

    name: Name = Field(description="Name of the taxonomy.")
    source: str = Field("", description="Who made it.")
    licence: str = Field("", description="Licence of it.")
    branches: dict[Name, Node] = Field(min_length=1, description="The nodes at the top.")

    @model_validator(mode="wrap")
    @classmethod
    def _from_path(
        cls, value: Any, handler: ModelWrapValidatorHandler[Taxonomy], info: ValidationInfo
    ) -> Taxonomy:
        if not isinstance(value, str):
            return handler(value)
        return handler(study_files(info, "a taxonomy").load(value))

    @model_validator(mode="after")
    def _likes_lead_somewhere(self) -> Self:
        if any(STEP in name for name in self.branches):
            raise ValueError(f"branches: the name of a node holds no '{STEP}'")
        for path, node in _written(self.branches, ""):
            if node.like:
                self._follow(node.like, (path,))
        return self

    def _follow(self, path: str, above: tuple[str, ...]) -> None:
        if path in above:
            chain = " -> ".join((*above[above.index(path) :], path))
            raise ValueError(
                f"{above[0]}: the taxonomy goes round in a circle: {chain}; take away one like "
                "of these"
            )
        node = self._written_at(path)
        if node is None:
            raise ValueError(f"{above[-1]}: like: there is no node {path}")
        below = [one.like for _, one in _written(node.branches, path) if one.like]
        for target in (*([node.like] if node.like else []), *below):
            self._follow(target, (*above, path))

    def _written_at(self, path: str) -> Node | None:
        branches: Mapping[str, Node] = self.branches
        node = None
        for name in path.split(STEP):
            node = branches.get(name)
            if node is None:
                return None
            branches = node.branches
        return node

    def _branches_of(self, node: Node) -> Mapping[str, Node]:
        while node.like:
            target = self._written_at(node.like)
            assert target is not None
            node = target
        return node.branches

    @cached_property
    def depth(self) -> int:
        """How deep its deepest node lies, from 1."""
        return max(leaf.depth for leaf in self.leaves())

    def leaves(self, depth: int | None = None) -> list[Leaf]:
        """The attributes that it gives, cut at a depth: what lies deeper is left out."""
        return list(self._leaves(self.branches, "", "", depth))

    def _leaves(
        self, branches: Mapping[str, Node], above: str, about: str, depth: int | None
    ) -> Iterator[Leaf]:
        for name, node in branches.items():
            path = f"{above}{STEP}{name}" if above else name
            words = f"{about} {name.replace('_', ' ')} {node.about}".strip()
            below = self._branches_of(node)
            if below and (depth is None or depth > 1):
                yield from self._leaves(below, path, words, None if depth is None else depth - 1)
            else:
                yield Leaf(path, words, node)


def _written(branches: Mapping[str, Node], above: str) -> Iterator[tuple[str, Node]]:
    """Every node with its path, as it stands in the file."""
    for name, node in branches.items():
        path = f"{above}{STEP}{name}" if above else name
        yield path, node
        yield from _written(node.branches, path)


def plain_path(path: str) -> str:
    """A path as people read it.

    Example:
        >>> plain_path("health.fear_of_illness")
        'health: fear of illness'
    """
    return path.replace(STEP, ": ").replace("_", " ")


class TaxonomySpec(Record):
    """How many attributes of a taxonomy every persona has, and which."""

    tree: Taxonomy = Field(description="The taxonomy: a YAML file.")
    depth: int | None = Field(
        None, ge=1, description="Where the tree is cut; as deep as it is unless given."
    )
    attributes: int = Field(20, ge=1, description="Attributes that each persona has.")
    anchors: tuple[Name, ...] = Field(
        min_length=1,
        description="Attributes of the population whose values say what is near to a persona.",
    )
    strata: dict[Stratum, float] = Field(
        {"near": 0.4, "middle": 0.4, "far": 0.2},
        description="Shares of the attributes that are drawn from the third of the taxonomy that "
        "is nearest to the anchors' values, from the middle one and from the farthest.",
    )

    @model_validator(mode="after")
    def _tree_has_so_many(self) -> Self:
        if self.depth is not None and self.depth > self.tree.depth:
            raise ValueError(
                f"depth: the taxonomy {self.tree.name} is {self.tree.depth} deep: expected at most "
                f"{self.tree.depth}, found {self.depth}; lower it, or leave it out"
            )
        total = sum(self.strata.values())
        if abs(total - 1) > 1e-6 or min(self.strata.values()) < 0:
            raise ValueError(f"strata: shares sum to {total:g}, not to 1")
        leaves = self.leaves
        long = [leaf.path for leaf in leaves if len(leaf.path) > MAX_NAME]
        if long:
            raise ValueError(f"{long[0]}: a path has at most {MAX_NAME} characters")
        for stratum, (first, last) in self.thirds.items():
            wanted = self.numbers[stratum]
            if wanted > last - first:
                raise ValueError(
                    f"attributes: {wanted} are to be {stratum}, and the taxonomy cut at depth "
                    f"{self.depth or self.tree.depth} has {last - first} such of {len(leaves)}"
                )
        return self

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The attributes that personas can have."""
        return self.tree.leaves(self.depth)

    @cached_property
    def thirds(self) -> dict[Stratum, tuple[int, int]]:
        """The places, from the nearest, at which each stratum begins and ends."""
        n = len(self.leaves)
        return {one: (n * i // 3, n * (i + 1) // 3) for i, one in enumerate(STRATA)}

    @cached_property
    def numbers(self) -> dict[Stratum, int]:
        """Attributes of a persona by stratum; they add up to ``attributes``."""
        edges = [0.0]
        for one in STRATA:
            edges.append(edges[-1] + self.strata.get(one, 0.0))
        whole = [round(edge * self.attributes) for edge in edges]
        return {one: whole[i + 1] - whole[i] for i, one in enumerate(STRATA)}
