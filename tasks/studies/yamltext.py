"""YAML as studies are written in it: a safe subset, every value with its place.

Plain scalars follow YAML 1.2's core schema, so ``no`` and ``on`` are words, ``1e-3`` is a number
and dates stay text. A key may stand once only, there is one document per file, and aliases are
followed only as far as a file stays small after they are replaced by what they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.constructor import ConstructorError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from schemas.errors import Mistake
from schemas.names import MAX_NAME
from tasks.studies.yamlnodes import MAX_DEPTH, MAX_VALUES, Checks, Loader

#: The way to a value: names of fields and numbers of items.
FieldPath = tuple[str | int, ...]


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
    root: Node
    _children: dict[int, dict[str | int, tuple[int, Node]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def line(self, path: FieldPath) -> tuple[int, FieldPath]:
        """Line, from 1, of the value at a path, or of the nearest value above it that is there.

        Returns:
            The line, and how much of the path was found.
        """
        node, line = self.root, self.root.start_mark.line + 1
        for depth, part in enumerate(path):
            child = self._child(node, part)
            if child is None:
                return line, path[:depth]
            line, node = child
        return line, path

    def _child(self, node: Node, part: str | int) -> tuple[int, Node] | None:
        key = str(part) if isinstance(node, MappingNode) else part
        return self._children_of(node).get(key)

    def _children_of(self, node: Node) -> dict[str | int, tuple[int, Node]]:
        """Line and node of every value directly below a node, by its key or number."""
        if id(node) not in self._children:
            found: dict[str | int, tuple[int, Node]] = {}
            if isinstance(node, MappingNode):  # what is merged from elsewhere stands first
                for key, value in node.value:
                    found[key.value] = key.start_mark.line + 1, value
            elif isinstance(node, SequenceNode):
                for number, value in enumerate(node.value):
                    found[number] = value.start_mark.line + 1, value
            self._children[id(node)] = found
        return self._children[id(node)]


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
        loader = Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise Mistake(
                what="the file is empty",
                place=path,
                expected="a YAML mapping, such as 'name: my-study'",
            )
        Checks(path).size(root)
        return Document(path, text, loader.construct_document(root), root)
    except ConstructorError as error:
        raise Mistake(
            what="not a value of its type",
            place=_place(root, error.problem_mark.index, path),
            found=error.problem,
            fix=error.note or "correct it",
        ) from None
    except MarkedYAMLError as error:
        raise _syntax(error, path, text) from None
    except YAMLError as error:
        raise Mistake(what="not readable as YAML", place=path, found=str(error)) from None


def _place(root: Node, index: int, path: str) -> str:
    """File, line and field of the value that begins at a character of the text."""
    pending: list[tuple[FieldPath, Node]] = [((), root)]
    while pending:
        field, node = pending.pop()
        if isinstance(node, ScalarNode) and node.start_mark.index == index:
            return f"{path}:{node.start_mark.line + 1}: {dotted(field)}"
        if isinstance(node, MappingNode):
            for key, value in node.value:
                pending += [((*field, key.value), key), ((*field, key.value), value)]
        elif isinstance(node, SequenceNode):
            pending.extend(((*field, number), value) for number, value in enumerate(node.value))
    return path


def dotted(path: FieldPath) -> str:
    """A path as people write it.

    Example:
        >>> dotted(("episode", "seats", 2))
        'episode.seats[2]'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_cut(part)}"
    return text.removeprefix(".")


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def _check_events(text: str, path: str) -> None:
    depth = documents = values = 0
    loader = Loader(text)
    while loader.check_event():
        event = loader.get_event()
        line = event.start_mark.line + 1 if event.start_mark else 0
        values += isinstance(event, ScalarEvent | CollectionStartEvent)
        if values > MAX_VALUES:
            raise Mistake(
                what="too many values",
                place=f"{path}:{line}",
                expected=f"at most {MAX_VALUES:,}",
                fix="import what is data, or write less",
            )
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Mistake(
                    what="nested too deeply",
                    place=f"{path}:{line}",
                    expected=f"at most {MAX_DEPTH} levels",
                    fix="check the brackets and the indentation",
                )
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise Mistake(
                    what="a second YAML document begins",
                    place=f"{path}:{line}",
                    expected="one document per file",
                    fix="remove the line '---', or put the second document in a file of its own",
                )


def _syntax(error: MarkedYAMLError, path: str, text: str) -> Mistake:
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
