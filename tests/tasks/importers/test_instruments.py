"""Published questionnaires read as instruments, and scored against independent computations."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from schemas.errors import Mistake
from schemas.instrument import Instrument
from tasks.importers.instruments import instrument_text, read_instrument
from tasks.instruments.asking import pages, response_rows
from tasks.studies.strict import validated


def scored(instrument: Instrument, answers: dict[str, int]) -> dict[str, float]:
    """Mean score by trait."""
    (page,) = pages(instrument, len(instrument.items), ("shuffled", 1))
    given = [answers[item.item] for item in page.items]
    by_trait: dict[str, list[float]] = {}
    for row in response_rows("q", instrument, page, given):
        by_trait.setdefault(row["trait"], []).append(row["scored"])
    return {trait: float(np.mean(values)) for trait, values in by_trait.items()}


def test_fifty_items_of_the_ipip_score_as_their_key_says(shared: Path) -> None:
    path = shared / "data" / "instruments" / "ipip50.csv"
    instrument = read_instrument(path, "ipip50")
    rng = np.random.default_rng(5)
    answers = {str(number): int(rng.integers(1, 6)) for number in range(1, 51)}
    # As published, items by number: IPIP big-five factor markers, with neuroticism for factor 4.
    keys = {
        "extraversion": "1 -6 11 -16 21 -26 31 -36 41 -46",
        "agreeableness": "-2 7 -12 17 -22 27 -32 37 42 47",
        "conscientiousness": "3 -8 13 -18 23 -28 33 -38 43 48",
        "neuroticism": "4 -9 14 -19 24 29 34 39 44 49",
        "openness": "5 -10 15 -20 25 -30 35 40 45 50",
    }
    expected = {
        trait: np.mean(
            [answers[n] if not n.startswith("-") else 6 - answers[n[1:]] for n in text.split()]
        )
        for trait, text in keys.items()
    }
    assert scored(instrument, answers) == pytest.approx(expected)


def test_the_neo_items_score_by_domain(shared: Path) -> None:
    path = shared / "data" / "instruments" / "ipip_neo_120.json"
    instrument = read_instrument(path, "neo")
    held = json.loads(path.read_text(encoding="utf-8"))
    rng = np.random.default_rng(6)
    numbers = rng.integers(1, 6, len(held))
    answers = {str(place + 1): int(number) for place, number in enumerate(numbers)}
    sums: dict[str, list[int]] = {}
    for one, number in zip(held, numbers.tolist(), strict=True):
        turned = number if one["keyed"] == "plus" else 6 - number
        sums.setdefault(one["domain"], []).append(turned)
    found = scored(instrument, answers)
    letters = {trait[0].upper(): value for trait, value in found.items()}
    assert letters == pytest.approx({domain: np.mean(values) for domain, values in sums.items()})
    assert len({(item.trait, item.facet) for item in instrument.items}) == 30


def test_what_is_written_is_read_as_the_same_instrument(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = [
        {"text": 'Say "no": often.', "trait": "firmness", "key": "plus", "facet": "a"},
        {"text": "Füge mich # immer.", "trait": "firmness", "key": "-1", "facet": ""},
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["text", "trait", "key", "facet"])
        writer.writeheader()
        writer.writerows(rows)
    read = read_instrument(path, "odd")
    text = instrument_text(read, "read from odd.csv", "")
    again = validated(Instrument, YAML(typ="safe").load(text))
    assert (again.items, again.scale) == (read.items, read.scale)
    assert [(one.item, one.key, one.facet) for one in read.items] == [
        ("1", 1, "a"),
        ("2", -1, None),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,trait,key\nAm calm.,neuroticism,\n", "an item has no key"),
        ("text,trait,key\nAm calm.,,-\n", "an item has no trait"),
        ("text,trait,key\nAm calm.,neuroticism,reversed\n", "says no direction"),
        ("text,trait,key\nAm calm.,n,-\nam  calm.,n,+\n", "is there twice"),
        ("text,trait,key\n", "the file has no items"),
    ],
)
def test_a_key_that_does_not_cover_the_items_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Mistake, match=message):
        read_instrument(path, "items")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    for name, content in (("items.txt", "x"), ("items.json", '{"a": 1}')):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        with pytest.raises(Mistake, match="not a file of items"):
            read_instrument(path, "items")
