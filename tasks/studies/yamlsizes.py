"""How large a YAML document is once every alias is written out."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from schemas.errors import Mistake

#: Levels that a document may nest, at most.
MAX_DEPTH = 64
#: Values that it may hold, at most.
MAX_VALUES = 200_000


class Sizes:
    """Counts values as if every alias were written out, and refuses what grows too large."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.known: dict[int, tuple[int, int]] = {}
        self.open: set[int] = set()

    def of(self, node: yaml.Node) -> tuple[int, int]:
        """Values and levels below a node, itself included.

        Raises:
            Mistake: There are too many of either, or an anchor contains itself.
        """
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
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value
