"""Plain data of YAML nodes: the core schema of YAML 1.2, keys that stand once, merged mappings."""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from schemas.errors import Mistake

_PREFIX = "tag:yaml.org,2002:"
_NUMBERS = "-+0123456789."
_TAGS = {_PREFIX + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader with the core schema of YAML 1.2."""


Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", _NUMBERS),
    ("float", r"^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$", _NUMBERS),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    Loader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), list(_first))


def _scalar(text: str, kind: str) -> Any:
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _integer(text)
    if kind == "float":
        return float(text)
    if kind == "null":
        return None
    return text


def _integer(text: str) -> int:
    number = int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{text} does not fit in 64 bits")
    return number


class Builder:
    """Makes plain data of nodes."""

    def __init__(self, path: str) -> None:
        self.path = path

    def value(self, node: yaml.Node) -> Any:
        """The data that a node stands for.

        Raises:
            Mistake: It has a tag, repeats a key, or holds what is no value of its type.
        """
        if node.tag not in _TAGS:
            raise Mistake(
                what="a YAML tag is not allowed",
                place=f"{self.path}:{node.start_mark.line + 1}",
                found=node.tag,
                expected="plain values, lists and mappings",
                fix="remove the tag",
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child) for child in node.value]
        try:
            return _scalar(node.value, node.tag.removeprefix(_PREFIX))
        except ValueError as error:
            raise Mistake(
                what="not a value of its type",
                place=f"{self.path}:{node.start_mark.line + 1}",
                found=str(error),
                fix="correct it, or put it in quotation marks if it is meant as text",
            ) from None

    def _mapping(self, node: yaml.MappingNode) -> dict[Hashable, Any]:
        own: dict[Hashable, Any] = {}
        lines: dict[Hashable, int] = {}
        merged: list[tuple[yaml.Node, yaml.Node]] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag == _PREFIX + "merge":
                merged.extend(self._merged(value_node, line))
                continue
            key = self._key(key_node, line)
            if key in own:
                raise Mistake(
                    what=f"the key {key!r} stands twice in one mapping",
                    place=f"{self.path}:{line}",
                    found=f"first in line {lines[key]}, again in line {line}",
                    expected="each key once",
                    fix="remove or rename one of the two",
                )
            own[key], lines[key] = self.value(value_node), line
        for key_node, value_node in merged:
            key = self._key(key_node, key_node.start_mark.line + 1)
            if key not in own:
                own[key] = self.value(value_node)
                node.value.append((key_node, value_node))
        return own

    def _key(self, node: yaml.Node, line: int) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise Mistake(
                what="a key is no plain text",
                place=f"{self.path}:{line}",
                expected="a name before the colon",
            )
        return str(node.value)

    def _merged(self, node: yaml.Node, line: int) -> list[tuple[yaml.Node, yaml.Node]]:
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        for source in sources:
            if not isinstance(source, yaml.MappingNode):
                raise Mistake(
                    what="'<<' merges something that is no mapping",
                    place=f"{self.path}:{line}",
                    expected="an alias of a mapping, or a list of such aliases",
                )
            self.value(source)
            pairs.extend(pair for pair in source.value if pair[0].tag != _PREFIX + "merge")
        return pairs
