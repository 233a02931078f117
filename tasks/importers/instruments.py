"""Questionnaires that others publish, read as instruments: CSV of IPIP scales, JSON of IPIP-NEO."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.errors import Mistake, nearest
from schemas.instrument import Instrument
from tasks.files import text_of

#: Columns or fields that items are read from: the first of each that a file has.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item": ("item", "item_no", "number"),
    "text": ("text", "item_text"),
    "trait": ("trait", "domain", "scale"),
    "key": ("key", "keyed"),
    "facet": ("facet",),
}
KEYS = {"+": 1, "plus": 1, "1": 1, "+1": 1, "-": -1, "minus": -1, "-1": -1}
#: Names of domains that are written as letters.
DOMAINS = {
    "O": "openness",
    "C": "conscientiousness",
    "E": "extraversion",
    "A": "agreeableness",
    "N": "neuroticism",
}
#: The answers of the IPIP, for files that have no scale.
SCALE = {
    "low": 1,
    "high": 5,
    "labels": (
        "very inaccurate",
        "moderately inaccurate",
        "neither accurate nor inaccurate",
        "moderately accurate",
        "very accurate",
    ),
}


def read_instrument(path: Path, name: str) -> Instrument:
    """The items of a CSV or JSON file as an instrument answered from 1 to 5.

    A CSV file has the columns item (or item_no), text (or item_text), trait (or domain), key (+ or
    -, 1 or -1, plus or minus) and, if there is one, facet. A JSON file is a list of objects with
    such fields. Domains O, C, E, A and N are written out. Items are numbered where they have no
    number.

    Args:
        path: The file.
        name: Name of the instrument.

    Raises:
        Mistake: It cannot be read, or an item of it has no text, trait or key.
    """
    shown = str(path)
    rows = _rows(path, shown)
    if not rows:
        raise Mistake(what="the file has no items", place=shown, expected="a row for each item")
    items = [_item(row, number, shown) for number, row in enumerate(rows, start=1)]
    try:
        return Instrument.model_validate({"name": name, "scale": SCALE, "items": items})
    except ValidationError as error:
        first = error.errors()[0]
        raise Mistake(
            what=first["msg"].removeprefix("Value error, "),
            place=f"{shown}: {'.'.join(map(str, first['loc']))}",
        ) from None


def _rows(path: Path, shown: str) -> Sequence[Mapping[str, Any]]:
    text = text_of(path, shown)
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(text)))
    if path.suffix == ".json":
        held = json.loads(text) if text.strip() else []
        if isinstance(held, list) and all(isinstance(one, dict) for one in held):
            return held
    raise Mistake(
        what="not a file of items",
        place=shown,
        found=path.suffix or "no suffix",
        expected="a .csv file, or a .json file with a list of objects",
        fix="write the instrument as YAML by hand: docs/instruments.md",
    )


def _item(row: Mapping[str, Any], number: int, shown: str) -> dict[str, Any]:
    def value(field: str) -> str:
        there = next((name for name in COLUMNS[field] if name in row), None)
        return str(row[there] or "").strip() if there is not None else ""

    place = f"{shown}: item {number}"
    for field in ("text", "trait", "key"):
        if not value(field):
            raise Mistake(
                what=f"an item has no {field}",
                place=place,
                found=", ".join(f"{name} {text}" for name, text in row.items() if text)[:120],
                expected=f"a column {' or '.join(COLUMNS[field])}, filled for every item",
                fix="fill it in; a key must cover all items",
            )
    key = value("key").lower()
    if key not in KEYS:
        near = nearest(key, KEYS)
        raise Mistake(
            what="an item's key says no direction",
            place=place,
            found=value("key"),
            expected="+ or -, 1 or -1, plus or minus",
            fix=f"write {near}" if near else "",
        )
    trait = value("trait")
    facet = value("facet")
    return {
        "item": value("item") or str(number),
        "text": value("text"),
        "trait": DOMAINS.get(trait, trait),
        "key": KEYS[key],
        "facet": facet or None,
    }


def instrument_text(instrument: Instrument, source: str, licence: str) -> str:
    """An instrument as YAML that a study can name.

    Args:
        instrument: The instrument.
        source: Who published it, or where it was read from.
        licence: Licence of its items; empty where nobody declared it.
    """

    def said(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    labels = ", ".join(map(said, instrument.scale.labels))
    lines = [
        f"name: {said(instrument.name)}",
        'title: ""',
        f"source: {said(source)}",
        f"licence: {said(licence)}",
        f"instruction: {said(instrument.instruction)}",
        "scale:",
        f"  low: {instrument.scale.low}",
        f"  high: {instrument.scale.high}",
        f"  labels: [{labels}]",
        "items:",
    ]
    for one in instrument.items:
        facet = f", facet: {said(one.facet)}" if one.facet else ""
        lines.append(
            f"  - {{item: {said(one.item)}, text: {said(one.text)}, trait: {said(one.trait)}, "
            f"key: {one.key}{facet}}}"
        )
    return "\n".join([*lines, ""])
