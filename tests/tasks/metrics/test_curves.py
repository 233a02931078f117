"""Specification curves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from schemas.errors import Mistake
from schemas.unit import Result
from tasks.stages.contrasts import ContrastStep
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of

CURVE = {
    "how": {
        "contrast": "naming",
        "rules": ["intersection", "union"],
        "judges": ["m"],
        "incomplete": ["exclude", "keep"],
        "variants": [{"zero_pairs": "drop"}, {"zero_pairs": "zero"}],
    }
}


async def worked(studies: Any, **changes: Any) -> tuple[list[Result], list[Result]]:
    declared = studies.study(**{"metrics": ["profile_cosine"], "curves": CURVE, **changes})
    frames, before = studies.rows(declared), studies.upstream(declared)
    design = studies.design(declared)
    step = MeasureStep()
    units = step.plan(design, before)
    results = await results_of(
        step, units, studies.picked(frames, step.reads(units)), studies.NoModels()
    )
    before = replace(before, units={**before.units, MeasureStep: units})
    contrast = ContrastStep()
    made = contrast.plan(design, before)
    metrics = pl.concat([result.rows["metrics"] for result in results if result.rows])
    return results, await results_of(contrast, made, {"metrics": metrics}, studies.NoModels())


async def test_a_curve_holds_every_combination(studies: Any) -> None:
    measured, (family, curve) = await worked(studies)
    assert len(measured) == 3 * 2 * 2  # each once, the declared ones among them
    assert family.failure is None
    rows = pl.DataFrame(curve.rows["contrasts"])
    assert rows.height == 12
    assert rows["specification"].n_unique() == 12
    assert rows["family"].unique().to_list() == ["curve how"]
    assert rows["p_adjusted"].null_count() == 12
    assert "rule=judge(coder=m); incomplete=keep; zero_pairs=zero" in rows["specification"]


async def test_each_specification_is_the_contrast_of_a_study_that_declares_it(studies: Any) -> None:
    """A curve of twelve is twelve studies with one contrast each, computed one at a time."""
    _, (_, curve) = await worked(studies)
    rows = {row["specification"]: row for row in curve.rows["contrasts"]}
    numbers = ("effect", "ci_low", "ci_high", "p", "n_a", "n_b")
    for rule, pairs in (("intersection", "drop"), ("union", "zero")):
        coding = {**studies.STUDY["coding"], "adjudication": {"use": rule}}
        metrics = [{"name": "profile_cosine", "zero_pairs": pairs}]
        _, (alone,) = await worked(studies, coding=coding, metrics=metrics, curves={})
        (declared,) = alone.rows["contrasts"]
        found = rows[f"rule={rule}; incomplete=exclude; zero_pairs={pairs}"]
        # The null of the excess is drawn anew for each unit, so numbers agree up to its draws.
        for name in numbers:
            assert found[name] == pytest.approx(declared[name], abs=0.08), name


async def test_a_specification_without_values_stays_with_its_reason(studies: Any) -> None:
    _, (family, curve) = await worked(studies, replicates=1)
    assert [row["p"] for row in family.rows["contrasts"]] == [None]
    rows = pl.DataFrame(curve.rows["contrasts"], infer_schema_length=None)
    assert rows["effect"].null_count() == 12
    assert rows["warning"].str.contains("needs at least 2 episodes").all()


async def test_unknown_options_of_a_variant_are_a_mistake(studies: Any) -> None:
    curve = {"how": {"contrast": "naming", "variants": [{"zero_pair": "drop"}]}}
    with pytest.raises(Mistake, match="zero_pairs"):
        await worked(studies, curves=curve)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": ["profile_cosin"]}, "write profile_cosine"),
        (
            {
                "contrasts": {"x": {"of": "participation.gini", "between": ["uniform", "mixed"]}},
                "curves": {"c": {"contrast": "x", "rules": ["union"]}},
            },
            "no rules or judges to vary over",
        ),
        (
            {"contrasts": {"x": {"of": "participation", "between": ["uniform", "mixed"]}}},
            "has several quantities",
        ),
        (
            {
                "contrasts": {
                    "x": {
                        "of": "profile_cosine",
                        "between": ["uniform", "mixed"],
                        "test": "man_whitney",
                    }
                }
            },
            "write mann_whitney",
        ),
    ],
)
async def test_unknown_names_are_mistakes(studies: Any, changes: Any, words: str) -> None:
    with pytest.raises(Mistake, match=words):
        await worked(
            studies, **{"metrics": ["profile_cosine", "participation"], "curves": {}, **changes}
        )
