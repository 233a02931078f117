"""Registries: one list of things per kind, found by name."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import Field

from schemas.base import Record
from schemas.errors import Mistake
from tasks.metrics.catalogue import METRICS
from tasks.registry import ModuleRegistry, Registry, validated_options


@dataclass(frozen=True)
class Colour:
    name: str


COLOURS = Registry("colour", (Colour("red"), Colour("blue")), "docs/colours.md")


class Options(Record):
    size: int = Field(ge=1)


def test_a_registry_is_a_mapping_in_the_order_declared() -> None:
    assert list(COLOURS) == ["red", "blue"]
    assert COLOURS["red"] == COLOURS.named("red", "here") == Colour("red")


def test_two_things_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two of colour red"):
        Registry("colour", (Colour("red"), Colour("red")), "docs/colours.md")


def test_a_registry_of_modules_imports_what_is_asked_for() -> None:
    modules = {"red": "tasks.registry", "blue": "no.such.module"}
    lazy: ModuleRegistry[Colour] = ModuleRegistry("colour", modules, "COLOUR", "docs/colours.md")
    assert list(lazy) == ["red", "blue"]
    assert "blue" in lazy
    assert "green" not in lazy
    assert lazy.get("green") is None
    with pytest.raises(ModuleNotFoundError, match="no"):
        lazy["blue"]
    with pytest.raises(Mistake, match="unknown colour"):
        lazy.named("green", "paint.0")


def test_every_metric_stands_in_its_module_under_its_own_name() -> None:
    assert [metric.name for metric in METRICS.values()] == sorted(METRICS)
    own: ModuleRegistry[Colour]
    own = ModuleRegistry("metric", {"red": "tasks.metrics.coders.rates"}, "METRIC", "")
    with pytest.raises(ValueError, match="has rates, not red"):
        own["red"]


def test_an_unknown_name_says_what_there_is_and_what_was_meant() -> None:
    with pytest.raises(Mistake) as caught:
        COLOURS.named("bleu", "paint.0")
    details = caught.value.details
    assert (details["what"], details["place"], details["found"]) == (
        "unknown colour",
        "paint.0",
        "bleu",
    )
    assert details["expected"] == "one of blue, red"
    assert details["fix"] == "write blue"
    with pytest.raises(Mistake, match=r"see docs/colours\.md"):
        COLOURS.named("zzz", "paint.0")


@pytest.mark.parametrize(
    ("given", "found", "fix"),
    [
        ({}, "nothing", "see"),
        ({"size": 0}, "0", "see"),
        ({"sise": 2, "size": 1}, "2", "write size"),
    ],
)
def test_wrong_options_name_the_option_and_its_owner(
    given: dict[str, int], found: str, fix: str
) -> None:
    with pytest.raises(Mistake, match="of colour red is wrong") as caught:
        validated_options("colour red", Options, given, "paint.0", "docs/colours.md")
    assert caught.value.details["found"] == found
    assert caught.value.details["fix"].startswith(fix)
