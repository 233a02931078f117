"""Designs: conditions resolved, factors named, versions that change with results only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import Mistakes
from schemas.study import Study
from schemas.study.conditions import merged
from tasks.studies.design import design, factors

Read = Callable[..., Study]

CODING = """
coding:
  codebook:
    name: small
    description: {words}
    flags:
      phatic: {{definition: {definition}}}
  judges: [ana]
  adjudication: {{use: intersection}}
"""


def version(study: Study) -> str:
    return design(study).version


def test_first_condition_is_the_baseline_and_factors_are_differences_from_it(read: Read) -> None:
    cells = design(read(("{names: model}", "{names: model, seats: [ben, ben]}"))).conditions
    assert [cell.name for cell in cells] == ["baseline", "named"]
    assert cells[0].factors == {}
    assert cells[1].factors == {
        "names": (None, "model"),
        "seats": (["ana", "ben"], ["ben", "ben"]),
    }


def test_study_without_conditions_has_one_cell(read: Read) -> None:
    study = read(("conditions:\n  baseline:\n  named: {names: model}\n", ""))
    assert [cell.name for cell in design(study).conditions] == ["baseline"]


def test_stored_study_gives_the_same_design_without_its_files(read: Read) -> None:
    study = read(more=CODING.format(words="w", definition="d"))
    again = Study.model_validate_json(study.model_dump_json())
    assert design(again) == design(study)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("replicates: 2\n", "replicates: 2\ndescription: Other words.\n"),
        ("replicates: 2\n", "replicates: 2\nrun: {budget_usd: 3, concurrency: 2}\n"),
        ("{model: sim/talkative}", "{model: sim/talkative, max_in_flight: 2}"),
        ("{model: sim/talkative}", "{model: sim/talkative, usd_per_million_input_tokens: 2}"),
        ("  baseline:\n", "  baseline: {rounds: 3}\n"),
        ("briefs/festival.md", '"Plan a festival.\\n"'),
    ],
)
def test_version_stays_where_results_cannot_change(read: Read, old: str, new: str) -> None:
    assert version(read()) == version(read((old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: base", "name: other"),
        ("rounds: 3", "rounds: 4"),
        ("replicates: 2\n", "replicates: 3\n"),
        ("replicates: 2\n", "replicates: 2\nseed: 1\n"),
        ("replicates: 2\n", "replicates: 2\nrun: {incomplete: keep}\n"),
        ("{model: sim/talkative}", "{model: sim/talkative, temperature: 0.5}"),
        ("  named: {", "  renamed: {"),
        ("briefs/festival.md", '"Plan a fair.\\n"'),
    ],
)
def test_version_changes_with_anything_that_can_change_results(
    read: Read, old: str, new: str
) -> None:
    assert version(read()) != version(read((old, new)))


def test_version_follows_the_codebook_not_its_description(read: Read) -> None:
    first = version(read(more=CODING.format(words="a", definition="Small talk.")))
    assert first == version(read(more=CODING.format(words="b", definition="Small talk.")))
    assert first != version(read(more=CODING.format(words="a", definition="Chatter.")))


def test_file_moved_elsewhere_changes_no_version(read: Read, tmp_path: Path) -> None:
    first = version(read())
    (tmp_path / "elsewhere.md").write_text("Plan a festival.\n", encoding="utf-8")
    assert version(read(("briefs/festival.md", "elsewhere.md"))) == first


def test_condition_that_a_stored_study_can_no_longer_have_is_named(read: Read) -> None:
    study = read()
    stale = study.model_copy(update={"conditions": {"baseline": {}, "named": {"nmes": 1}}})
    with pytest.raises(Mistakes, match="named"):
        design(stale)


def test_mapping_of_another_kind_replaces_and_same_kind_merges() -> None:
    base = {"memory": {"kind": "window", "size": 5}}
    assert merged(base, {"memory": {"size": 9}}) == {"memory": {"kind": "window", "size": 9}}
    assert merged(base, {"memory": {"kind": "full"}}) == {"memory": {"kind": "full"}}
    assert merged({"brief": {"text": "a", "path": "p"}}, {"brief": {"text": "b"}}) == {
        "brief": {"text": "b"}
    }
    market = {"catalogue": {"name": "m", "customers": []}}
    assert merged(market, {"catalogue": {"imported": "x"}}) == {"catalogue": {"imported": "x"}}


def test_factors_go_into_mappings_with_the_same_fields_only() -> None:
    assert factors({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}) == {"a.y": (2, 3)}
    assert factors({"a": {"x": 1}}, {"a": {"z": 1}}) == {"a": ({"x": 1}, {"z": 1})}
