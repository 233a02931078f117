"""Golden rows: what a step writes for a small fixed study, held in files that people can read.

A file under ``golden/`` holds the recipe or version that made its rows, then one row per line.
Numbers are compared within ``RELATIVE`` and ``ABSOLUTE``, since processors differ in the last
digits; everything else must be the same. Where rows change and the version did not, the test fails
in either mode. ``make golden`` writes the files of new and raised versions.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pytest

FOLDER = Path(__file__).with_name("golden")
WRITE = "AGORA_WRITE_GOLDEN"
RELATIVE = 1e-6
#: Vectors of texts have 32 bits, so what is made of them is good to some 1e-8.
ABSOLUTE = 1e-7
#: Keys of units and calls, which change with every recipe.
HIDDEN = frozenset({"unit_key", "call_key"})

Tables = Mapping[str, pl.DataFrame | Iterable[Mapping[str, Any]]]


class Golden(Protocol):
    """Compares the rows of a version with the golden ones, or writes those."""

    def __call__(
        self, name: str, version: str, tables: Tables, masked: Mapping[str, str] | None = None
    ) -> None: ...


@pytest.fixture
def golden() -> Golden:
    """``golden(name, version, tables, masked)``; ``masked`` maps keys to what stands for them."""
    return partial(_held, FOLDER)


def _held(
    folder: Path,
    name: str,
    version: str,
    tables: Tables,
    masked: Mapping[str, str] | None = None,
) -> None:
    path = folder / f"{name.replace(' ', '_')}.jsonl"
    found = _lines(tables, masked or {})
    known, rows = _read(path)
    if known != version and os.environ.get(WRITE):
        texts = [json.dumps(row, sort_keys=True, ensure_ascii=False) for row in found]
        path.write_text("\n".join([json.dumps({"version": version}), *texts, ""]))
        return
    assert known == version, (
        f"{path.name} holds version {known}, and {name} is at {version}: run `make golden`, then "
        "read what changed"
    )
    problem = difference(rows, found)
    assert problem is None, (
        f"the rows of {name} changed and its version {version} did not ({problem}). If their "
        "meaning changed, raise its recipe or version and run `make golden`; if only the small "
        f"study of the test did, delete {path.name} first"
    )


def _read(path: Path) -> tuple[str | None, list[Any]]:
    if not path.exists():
        return None, []
    first, *rest = path.read_text().splitlines()
    return json.loads(first)["version"], [json.loads(line) for line in rest]


def _lines(tables: Tables, masked: Mapping[str, str]) -> list[Any]:
    """Every row with its table, in an order that numbers have no part in."""
    lines = []
    for table, rows in tables.items():
        plain = rows.to_dicts() if isinstance(rows, pl.DataFrame) else [dict(row) for row in rows]
        for row in plain:
            kept = {key: value for key, value in row.items() if key not in HIDDEN}
            text = json.dumps({"table": table, **kept}, default=str)
            for key, words in masked.items():
                text = text.replace(key, words)
            lines.append(_short(json.loads(text)))
    return sorted(lines, key=lambda row: json.dumps(_without_numbers(row), sort_keys=True))


def _short(value: Any) -> Any:
    """A value with numbers to nine digits, and without the fields of a row that are missing."""
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items() if part is not None}
    return [_short(part) for part in value] if isinstance(value, list) else value


def _without_numbers(value: Any) -> Any:
    if isinstance(value, float):
        return None
    if isinstance(value, dict):
        return {key: _without_numbers(part) for key, part in value.items()}
    return [_without_numbers(part) for part in value] if isinstance(value, list) else value


def difference(held: Any, found: Any, place: str = "rows") -> str | None:
    """Where two values differ by more than the tolerance, or nothing."""
    if isinstance(held, int | float) and isinstance(found, int | float):
        close = math.isclose(held, found, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
        exact = isinstance(held, int) and isinstance(found, int)
        same = held == found if exact else close
        return None if same else f"{place}: {held} before, {found} now"
    if isinstance(held, dict) and isinstance(found, dict) and held.keys() == found.keys():
        parts = [difference(held[key], found[key], f"{place}.{key}") for key in held]
        return next((part for part in parts if part), None)
    if isinstance(held, list) and isinstance(found, list) and len(held) == len(found):
        parts = [
            difference(*pair, f"{place}[{i}]")
            for i, pair in enumerate(zip(held, found, strict=True))
        ]
        return next((part for part in parts if part), None)
    return None if held == found else f"{place}: {held!r:.200} before, {found!r:.200} now"
