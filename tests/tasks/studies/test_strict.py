"""No value of a study is taken for one of another type, and no name passes for another."""

from __future__ import annotations

import pytest

from schemas.errors import Mistakes
from tasks.studies.yamltext import document

from .conftest import Read


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("replicates: 2", 'replicates: "12"', "replicates"),
        ("replicates: 2", "replicates: 1_0", "replicates"),
        ("replicates: 2", "replicates: true", "replicates"),
        ("replicates: 2", "replicates: 2.0", "replicates"),
        ("rounds: 3", "rounds: true", "episode.rounds"),
        ("rounds: 3", 'rounds: "3"', "episode.rounds"),
        ("named: {names: model}", "named: {rounds: yes}", "conditions.named.rounds"),
        ("ana: {model: sim/talkative}", "ana: {model: 7}", "models.ana.model"),
        (
            "ana: {model: sim/talkative}",
            "ana: {model: sim/talkative, batch: yes}",
            "models.ana.batch",
        ),
    ],
)
def test_a_value_of_another_type_is_refused(read: Read, old: str, new: str, field: str) -> None:
    with pytest.raises(Mistakes) as raised:
        read((old, new))
    message = raised.value.message()
    assert f": {field}: the wrong type of value" in message
    assert len(message.split("study.yaml:")) == 2, message


def test_a_contrast_on_the_excess_is_true_or_false(read: Read) -> None:
    more = "contrasts:\n  one: {of: participation, between: [baseline, named], excess: yes}\n"
    with pytest.raises(Mistakes, match=r"contrasts\.one\.excess: the wrong type of value"):
        read(more=more)


def test_a_whole_number_may_stand_for_a_share(read: Read) -> None:
    study = read(("ana: {model: sim/talkative}", "ana: {model: sim/talkative, temperature: 1}"))
    assert study.models["ana"].temperature == 1


def test_a_key_hidden_in_a_list_of_parameters_is_refused(read: Read) -> None:
    with pytest.raises(Mistakes, match="cannot be passed on"):
        read(
            (
                "ana: {model: sim/talkative}",
                "ana: {model: sim/talkative, extra: {tools: [{api_key: x}]}}",
            )
        )


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 81,
        "a\nb",
        "a\tb",
        "\u202eevil",
        "zero\u200bwidth",
        "\x1b[31mred",
        " a",
        "a ",
        "e\u0301",
        "non\u00a0breaking",
    ],
)
@pytest.mark.parametrize("section", ["models", "conditions", "contrasts", "curves"])
def test_a_name_is_seen_as_it_is(read: Read, name: str, section: str) -> None:
    quoted = '"' + name.encode("unicode_escape").decode().replace("\\xa0", "\\u00a0") + '"'
    parts = {
        "models": "{model: sim/reserved}",
        "conditions": "{rounds: 9}",
        "contrasts": "{of: participation, between: [baseline, named]}",
        "curves": "{contrast: one}",
    }
    entry = f"  {quoted}: {parts[section]}\n"
    there = section in {"models", "conditions"}
    replaced = [(f"{section}:\n", f"{section}:\n{entry}")] if there else []
    with pytest.raises(Mistakes) as raised:
        read(*replaced, more="" if there else f"{section}:\n{entry}")
    message = raised.value.message()
    assert all(line.isprintable() for line in message.splitlines())
    assert max(map(len, message.splitlines())) < 400
    assert f": {section}." in message


def test_names_in_any_script_are_welcome(read: Read) -> None:
    study = read(("  named:", '  "Gruppe Ä, 2. Hälfte":'))
    assert list(study.conditions) == ["baseline", "Gruppe Ä, 2. Hälfte"]


def test_a_key_twice_is_refused_beside_a_merged_mapping_too() -> None:
    with pytest.raises(Exception, match="the key 'y' appears twice"):
        document("base: &b {x: 1}\nmine:\n  <<: *b\n  y: 1\n  y: 2\n", "s.yaml")


def test_a_value_merged_from_elsewhere_has_its_own_line() -> None:
    read = document("base: &b {x: 1, y: 2}\nmine:\n  <<: *b\n  y: 3\n", "s.yaml")
    assert read.value["mine"] == {"x": 1, "y": 3}
    assert read.line(("mine", "y")) == (4, ("mine", "y"))
    assert read.line(("mine", "x")) == (1, ("mine", "x"))
