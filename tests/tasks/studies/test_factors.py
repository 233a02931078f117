"""Factors make conditions of every combination of levels; conditions may change any part."""

from __future__ import annotations

import pytest

from schemas.errors import Mistakes
from schemas.study import Study
from tasks.studies.design import design

from .conftest import Read

NONE = ("conditions:\n  baseline:\n  named: {names: model}\n", "")


def names(study: Study) -> list[str]:
    return [condition.name for condition in design(study).conditions]


def test_every_combination_of_levels_is_a_condition(read: Read) -> None:
    study = read(NONE, more="factors: {names: [neutral, model], rounds: [5, 10]}\n")
    assert names(study) == [
        "names=neutral rounds=5",
        "names=neutral rounds=10",
        "names=model rounds=5",
        "names=model rounds=10",
    ]
    last = design(study).conditions[-1]
    assert last.params.model_dump()["rounds"] == 10
    assert dict(last.factors) == {"names": ("neutral", "model"), "rounds": (5, 10)}


def test_levels_that_are_lists_have_names(read: Read) -> None:
    study = read(NONE, more="factors:\n  seats: {alike: [ana, ana], mixed: [ana, ben]}\n")
    assert names(study) == ["seats=alike", "seats=mixed"]
    with pytest.raises(Mistakes, match=r"study\.yaml:\d+: factors.*needs a name"):
        read(NONE, more="factors:\n  seats: [[ana, ana], [ana, ben]]\n")


def test_listed_conditions_stand_beside_factors(read: Read) -> None:
    study = read(("  baseline:\n", ""), more="factors: {rounds: [3, 4]}\n")
    assert names(study) == ["rounds=3", "rounds=4", "named"]
    assert study.model_validate(study.model_dump(mode="json")).changes == study.changes


def test_a_contrast_names_conditions_that_factors_make(read: Read) -> None:
    more = (
        "factors: {rounds: [3, 4]}\nmetrics: [participation]\n"
        "contrasts:\n  longer: {of: participation.gini, between: [rounds=3, rounds=4]}\n"
    )
    assert read(NONE, more=more).contrasts["longer"].between == ("rounds=3", "rounds=4")
    with pytest.raises(Mistakes, match=r"between\[1\]: no condition.*\n.*rounds=5\n.*rounds=3"):
        read(NONE, more=more.replace("rounds=3, rounds=4", "rounds=3, rounds=5"))


def test_a_listed_condition_and_a_crossed_one_have_the_same_version_and_keys(read: Read) -> None:
    crossed = read(NONE, more="factors: {rounds: [3, 4]}\n")
    listed = read(NONE, more="conditions: {rounds=3: {rounds: 3}, rounds=4: {rounds: 4}}\n")
    assert design(crossed).version == design(listed).version


def test_a_wrong_level_is_told_where_it_stands(read: Read) -> None:
    with pytest.raises(Mistakes) as raised:
        read(NONE, more="factors:\n  rounds: [3, 0]\n  names: [neutral, odd]\n")
    message = raised.value.message()
    assert "study.yaml:12: factors.rounds[1]: out of range" in message
    assert "study.yaml:13: factors.names[1]: " in message
    assert message.count("out of range") == 1


def test_a_model_that_is_not_declared_is_told_where_a_level_names_it(read: Read) -> None:
    more = "factors:\n  seats:\n    alike: [ana, ana]\n    other: [ana, eve]\n"
    with pytest.raises(Mistakes, match=r"study\.yaml:14: factors\.seats\.other\[1\]: no model"):
        read(NONE, more=more)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("factors: {rounds: [3]}\n", "at least two levels"),
        ("factors: {rounds: [3, 3]}\n", "the level 3 appears twice"),
        ("factors: {rounds: 3}\n", "factors.rounds: the wrong type"),
        ("factors: {round: [3, 4]}\n", "unknown field"),
        (
            "factors: {rounds: [3, 4]}\nconditions: {rounds=3: {rounds: 5}}\n",
            "a condition rounds=3 already",
        ),
        (
            "factors:\n"
            + "".join(f"  a{n}: [{', '.join(map(str, range(10)))}]\n" for n in range(4)),
            "they make 10,000 conditions",
        ),
    ],
)
def test_factors_that_make_no_sense_are_refused(read: Read, more: str, message: str) -> None:
    with pytest.raises(Mistakes, match=message):
        read(NONE, more=more)


def test_imported_episodes_have_no_factors(read: Read) -> None:
    episode = (
        "episode:\n  environment: discussion\n  brief: briefs/festival.md\n  rounds: 3\n"
        "  seats: [ana, ben]\n"
    )
    with pytest.raises(Mistakes, match=r"factors: imported episodes have no conditions to set"):
        read(NONE, (episode, "imported: {collection: c}\n"), more="factors: {rounds: [3, 4]}\n")
