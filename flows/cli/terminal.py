"""What commands print: a terminal obeys nothing that came from a model or a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from schemas.errors import printable_lines


def say(text: str = "", end: str = "\n", file: TextIO | None = None) -> None:
    """Print a text with every character that a terminal would obey, or not show, written out."""
    print(printable_lines(text), end=end, file=file or sys.stdout)


class PlainConsole(Console):
    r"""A console that draws what the program wants and writes out whatever texts hold besides.

    Example:
        >>> console = PlainConsole(width=40)
        >>> with console.capture() as captured:
        ...     console.print("a\x1b[31mb")
        >>> captured.get()
        'a\\x1b[31mb\n'
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Parts of the output; those that are texts hold no character that a terminal obeys."""
        for part in super().render(renderable, options):
            if part.control:
                yield part
            else:
                yield Segment(printable_lines(part.text), part.style)
