"""What may stand in a YAML file: plain values, keys that stand once, aliases within reason."""

from __future__ import annotations

import re

from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.cyaml import CSafeLoader
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.errors import Mistake

#: Levels that a document may nest, at most.
MAX_DEPTH = 64
#: Values that it may hold, at most.
MAX_VALUES = 200_000

_PREFIX = "tag:yaml.org,2002:"
_MERGE = _PREFIX + "merge"
_TEXT = _PREFIX + "str"
_NUMBERS = "-+0123456789."


class Loader(CSafeLoader):
    """ruamel.yaml's safe loader for YAML 1.2, without its extensions: ``1_000`` is a text."""

    def construct_yaml_str(self, node: ScalarNode) -> str:
        """A text that can be stored."""
        if "\0" in node.value:
            raise _no_value(node, "a text with a NUL character", "take the character out")
        return str(node.value)

    def construct_yaml_int(self, node: ScalarNode) -> int:
        """A whole number that fits into a column of the warehouse."""
        if not re.fullmatch(r"[-+]?[0-9]{1,19}", node.value):
            raise _no_value(node, f"{node.value[:40]} is no whole number of at most 64 bits")
        number = int(node.value)
        if not -(2**63) <= number < 2**63:
            raise _no_value(node, f"{number} does not fit in 64 bits")
        return number

    def construct_yaml_float(self, node: ScalarNode) -> float:
        """A number."""
        try:
            return float(re.sub(r"\.(?=inf|nan)", "", node.value.lower()))
        except ValueError as error:
            raise _no_value(node, str(error)) from None


Loader.yaml_implicit_resolvers = {}
Loader.yaml_constructors = {
    tag: SafeConstructor.yaml_constructors[tag]
    for tag in (_PREFIX + kind for kind in ("bool", "null", "map", "seq"))
}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", _NUMBERS),
    ("float", r"^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$", _NUMBERS),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    Loader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), list(_first))
Loader.add_constructor(_TEXT, Loader.construct_yaml_str)
Loader.add_constructor(_PREFIX + "int", Loader.construct_yaml_int)
Loader.add_constructor(_PREFIX + "float", Loader.construct_yaml_float)


_QUOTE = "correct it, or put it in quotation marks if it is meant as text"


def _no_value(node: Node, problem: str, fix: str = _QUOTE) -> ConstructorError:
    return ConstructorError(None, None, problem, node.start_mark, fix)


class Checks:
    """Checks nodes before values are made of them, and makes every key a text.

    Values are counted as if every alias were written out, so that a short file cannot fill the
    memory.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._sizes: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def size(self, node: Node) -> tuple[int, int]:
        """Values and levels below a node, itself included.

        Raises:
            Mistake: There are too many of either, an anchor contains itself, a key appears twice or
                is no text, or there is a tag.
        """
        if id(node) in self._sizes:
            return self._sizes[id(node)]
        if id(node) in self._open:
            raise self._mistake(
                node, "an anchor contains itself", fix="write the value out instead"
            )
        self._open.add(id(node))
        if str(node.tag) != _MERGE and str(node.tag) not in Loader.yaml_constructors:
            raise self._mistake(
                node,
                "a YAML tag is not allowed",
                found=str(node.tag),
                expected="plain values, lists and mappings",
                fix="remove the tag",
            )
        sizes = [self.size(child) for child in self._children(node)]
        self._open.discard(id(node))
        count = 1 + sum(size[0] for size in sizes)
        depth = 1 + max((size[1] for size in sizes), default=0)
        if count > MAX_VALUES or depth > MAX_DEPTH:
            raise self._mistake(
                node,
                "the aliases in it stand for too much",
                found=f"{count:,} values in {depth} levels once every alias is written out",
                expected=f"at most {MAX_VALUES:,} values in {MAX_DEPTH} levels",
                fix="write less with aliases",
            )
        self._sizes[id(node)] = count, depth
        return count, depth

    def _children(self, node: Node) -> list[Node]:
        if isinstance(node, SequenceNode):
            return list(node.value)
        if not isinstance(node, MappingNode):
            return []
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise self._mistake(
                    key, "a key is no plain text", expected="a name before the colon"
                )
            line = key.start_mark.line + 1
            if key.value in lines:
                raise self._mistake(
                    key,
                    f"the key {key.value!r} appears twice in one mapping",
                    found=f"first in line {lines[key.value]}, again in line {line}",
                    expected="each key once",
                    fix="remove or rename one of the two",
                )
            lines[key.value] = line
            if str(key.tag) != _MERGE:
                key.tag = _TEXT
        return [child for pair in node.value for child in pair]

    def _mistake(self, node: Node, what: str, **details: str) -> Mistake:
        return Mistake(what=what, place=f"{self._path}:{node.start_mark.line + 1}", **details)
