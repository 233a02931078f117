"""YAML as studies are written in it: a safe subset, every value with its place.

Plain scalars follow YAML 1.2's core schema, so ``no`` and ``on`` are words, ``1e-3`` is a number
and dates stay text. A key may stand once only, there is one document per file, and aliases are
followed only as far as a file stays small after they are replaced by what they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from schemas.errors import Mistake

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
MAX_VALUES = 200_000

Path = tuple[str | int, ...]

_MAPPING, _SEQUENCE = yaml.MappingNode, yaml.SequenceNode
_PREFIX = "tag:yaml.org,2002:"
_NUMBERS = "-+0123456789."
_TAGS = {_PREFIX + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML's safe loader with the core schema of YAML 1.2."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", _NUMBERS),
    ("float", r"^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$", _NUMBERS),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), list(_first))


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


@dataclass(frozen=True)
class Document:
    """A YAML file that was read.

    Attributes:
        path: The file, as people know it.
        text: What stands in it.
        value: The same as plain data.
        root: Its nodes, which know their places.
    """

    path: str
    text: str
    value: Any
    root: yaml.Node

    def line(self, path: Path) -> tuple[int, Path]:
        """Line, from 1, of the value at a path, or of the nearest value above it that is there.

        Returns:
            The line, and how much of the path was found.
        """
        node, line = self.root, self.root.start_mark.line + 1
        for depth, part in enumerate(path):
            child = _child(node, part)
            if child is None:
                return line, path[:depth]
            line, node = child
        return line, path


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, _MAPPING):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, _SEQUENCE) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child.start_mark.line + 1, child
    return None


def document(text: str, path: str) -> Document:
    r"""The one YAML document in a text, with the places of its values.

    Args:
        text: The YAML.
        path: The file that it came from, for messages.

    Raises:
        Mistake: The text is no YAML, holds no or several documents, repeats a key, nests too deeply
            or grows too large.

    Example:
        >>> document("rounds: 3\nnames: no\n", "s.yaml").value
        {'rounds': 3, 'names': 'no'}
    """
    try:
        _check_events(text, path)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, path, text) from None
    except yaml.YAMLError as error:
        raise Mistake(what="not readable as YAML", place=path, found=str(error)) from None
    if root is None:
        raise Mistake(
            what="the file is empty",
            place=path,
            expected="a YAML mapping, such as 'name: my-study'",
        )
    _Sizes(path).of(root)
    return Document(path, text, _Builder(path).value(root), root)


def _check_events(text: str, path: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Mistake(
                    what="nested too deeply",
                    place=f"{path}:{line}",
                    expected=f"at most {MAX_DEPTH} levels",
                    fix="check the brackets and the indentation",
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise Mistake(
                    what="a second YAML document begins",
                    place=f"{path}:{line}",
                    expected="one document per file",
                    fix="remove the line '---', or put the second document in a file of its own",
                )


def _syntax(error: yaml.MarkedYAMLError, path: str, text: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}" if mark else path
    problem = error.problem or str(error)
    fix = "check the indentation, the colons and the quotation marks around this line"
    lines = text.splitlines()
    if mark and mark.line < len(lines) and "\t" in lines[mark.line]:
        fix = "indent with spaces, not with tabs"
    if "alias" in problem:
        fix = "quote the value if the * is meant as text, or define the anchor first"
    begun = error.context_mark.line + 1 if error.context_mark else 0
    since = f" that begins in line {begun}" if begun and mark and begun <= mark.line else ""
    context = f" ({error.context}{since})" if error.context else ""
    return Mistake(what="not readable as YAML", place=place, found=problem + context, fix=fix)


class _Sizes:
    """Counts values as if every alias were written out, and refuses what grows too large."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.known: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()

    def of(self, node: yaml.Node) -> tuple[int, int]:
        """Values and levels below a node, itself included."""
        if id(node) in self.known:
            return self.known[id(node)]
        place = f"{self.path}:{node.start_mark.line + 1}"
        if id(node) in self.open:
            raise Mistake(
                what="an anchor contains itself", place=place, fix="write the value out instead"
            )
        self.open.add(id(node))
        sizes = [self.of(child) for child in _children(node)]
        self.open.discard(id(node))
        count = 1 + sum(size[0] for size in sizes)
        depth = 1 + max((size[1] for size in sizes), default=0)
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise Mistake(
                what="the aliases in it stand for too much",
                place=place,
                found=f"{count:,} values in {depth} levels once every alias is written out",
                expected=f"at most {MAX_VALUES:,} values in {MAX_DEPTH} levels",
                fix="write less with aliases",
            )
        self.known[id(node)] = count, depth
        return count, depth


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, _MAPPING):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, _SEQUENCE):
        yield from node.value


class _Builder:
    """Makes plain data of nodes."""

    def __init__(self, path: str) -> None:
        self.path = path

    def value(self, node: yaml.Node) -> Any:
        """The data that a node stands for."""
        if node.tag not in _TAGS:
            raise Mistake(
                what="a YAML tag is not allowed",
                place=f"{self.path}:{node.start_mark.line + 1}",
                found=node.tag,
                expected="plain values, lists and mappings",
                fix="remove the tag",
            )
        if isinstance(node, _MAPPING):
            return self._mapping(node)
        if isinstance(node, _SEQUENCE):
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
        sources = node.value if isinstance(node, _SEQUENCE) else [node]
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        for source in sources:
            if not isinstance(source, _MAPPING):
                raise Mistake(
                    what="'<<' merges something that is no mapping",
                    place=f"{self.path}:{line}",
                    expected="an alias of a mapping, or a list of such aliases",
                )
            self.value(source)
            pairs.extend(pair for pair in source.value if pair[0].tag != _PREFIX + "merge")
        return pairs
