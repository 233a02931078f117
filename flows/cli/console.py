"""A console that draws colours and bars of its own, and none that a text brings with it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from schemas.errors import printable_lines


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
