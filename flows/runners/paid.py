"""Answers of units that failed, so that nobody is asked for them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.unit import Read
from warehouse.reader import Reader


def paid_answers(warehouse: Reader, unit_keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Rows of ``calls`` and ``attempts`` of units, as a gateway takes them over."""
    if not unit_keys:
        return {}
    return {
        table: warehouse.frame(Read(table, "unit_key", tuple(unit_keys))).to_dicts()
        for table in ("calls", "attempts")
    }
