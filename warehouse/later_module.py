"""Modules that are imported when something of them is first used."""

from __future__ import annotations

import importlib
import sys
import types
from typing import Any


class LaterModule(types.ModuleType):
    """Stands for a module until something of it is used.

    Unlike those of :mod:`importlib.util`, it does not count being imported as being used.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system looks at
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_later(*names: str) -> None:
    """Let modules be imported when they are first used, where they are not imported yet.

    Args:
        names: The modules, which must be there.
    """
    for name in names:
        sys.modules.setdefault(name, LaterModule(name))
