"""Modules that are imported when something of them is first used."""

from __future__ import annotations

import importlib
import sys

import pytest

from warehouse.later_module import LaterModule, import_later


def test_a_module_is_imported_when_it_is_used_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    import_later("colorsys")
    later = importlib.import_module("colorsys")
    assert isinstance(later, LaterModule)
    assert later.rgb_to_hsv(0.0, 0.0, 0.0) == (0.0, 0.0, 0.0)
    assert later.hsv_to_rgb(0.0, 0.0, 1.0) == (1.0, 1.0, 1.0)
    assert not isinstance(sys.modules["colorsys"], LaterModule)


def test_a_module_that_is_imported_already_stays() -> None:
    import_later("sys")
    assert sys.modules["sys"] is sys
