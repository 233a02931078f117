"""What is printed of a bug: its traceback, in which a terminal finds nothing to obey."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from flows.cli.terminal import say


def print_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print a traceback, which may quote what a server or a file says.

    The gateway has struck keys from whatever was raised where they are known.
    """
    say("".join(traceback.format_exception(kind, error, trace)), end="", file=sys.stderr)
