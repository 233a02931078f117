from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tasks.report.markdown import markdown
from tasks.report.sections.contrasts import contrast_section, curves
from tasks.report.sections.findings import Finding, findings
from tasks.report.sections.metrics import episode_points, metric_blocks

_spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
assert _spec is not None
assert _spec.loader is not None
samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)

WORST = {"intersection": 0.37, "union": 0.53, "majority": 0.5}
KAPPA = {"intersection": 0.44, "union": 0.6, "majority": 0.56}


def _of(level: str, found: tuple[Finding, ...]) -> list[str]:
    return [one.text for one in found if one.level == level]


def test_a_rule_that_is_the_worst_is_the_first_thing_said() -> None:
    found = findings(samples.report({"gold": samples.gold_rows(WORST, KAPPA)}))
    assert found[0].level == "alarm"
    assert "intersection, is the worst of the 3 rules on the gold sample" in found[0].text
    assert "mean κ of 0.440" in found[0].text
    assert "union 0.600 and majority 0.560" in found[0].text


def test_what_the_rule_misses_is_said_with_its_interval_and_what_it_does_to_rates() -> None:
    found = findings(samples.report({"gold": samples.gold_rows(WORST, KAPPA)}))
    assert "meta 0.37 [0.27 to 0.47] (with union 0.53)" in found[1].text
    assert "come out too low: meta by 59%" in found[1].text


def test_a_rule_that_is_the_best_raises_no_alarm() -> None:
    best = {"intersection": 0.9, "union": 0.8, "majority": 0.7}
    found = findings(samples.report({"gold": samples.gold_rows(best, best)}))
    assert _of("alarm", found) == []
    assert any("intersection, agrees best with human" in text for text in _of("result", found))


def test_labels_that_nobody_checked_are_said_to_be_unchecked() -> None:
    found = findings(samples.report())
    assert any(
        "nothing shows whether the judges are right" in text for text in _of("caution", found)
    )


def test_a_contrast_that_moves_two_factors_is_a_caution() -> None:
    found = findings(samples.report({"contrasts": [samples.contrast_row()]}))
    assert any("differ in 2 factors at once" in text for text in _of("caution", found))
    assert any("do not clearly differ" in text for text in _of("result", found))


def test_a_contrast_on_the_excess_says_so_wherever_it_is_told() -> None:
    row = samples.contrast_row(subject="excess")
    spec = {"of": "profile_cosine", "between": ["plain", "changed"], "excess": True}
    metrics = [
        samples.metric_row(name, value, subject=subject, null_mean=null)
        for name, raw, excess in (("plain", 0.61, 0.01), ("changed", 0.4, -0.2))
        for subject, value, null in (("", raw, 0.6), ("excess", excess, 0.0))
    ]
    runs = [
        {
            "metric": "profile_cosine",
            "options": samples.OPTIONS,
            "rule": "intersection",
            "condition": "plain",
            "subject": "",
            "value": 0.65,
            "null_mean": 0.6,
        }
    ]
    data = samples.report(
        {
            "contrasts": [row],
            "metrics": metrics,
            "episode_metrics": runs,
            "curves": [{**row, "family": "curve many", "specification": "rule=union"}],
        },
        study=samples.study(contrasts={"both": spec}),
    )
    words = "profile_cosine, excess over its null"
    results = [text for text in _of("result", findings(data)) if text.startswith("both")]
    assert len(results) == 2
    assert all(words in text for text in results)
    (table_row,) = contrast_section(data).table.rows
    assert words in [cell.text for cell in table_row]
    _, plot, caption = contrast_section(data).plots[0]
    assert "† both" in str(plot)
    assert "†: excess over its null" in caption
    (curve,) = curves(data)
    assert curve.of == words
    (block,) = metric_blocks(data)
    first = block.figures[0]
    assert "excess over its null" in first.caption
    assert words in str(first.plot)
    assert episode_points(data, "profile_cosine", "profile_cosine", "excess") == {
        "plain": (pytest.approx(0.05),)
    }
    assert words in markdown(data).replace("\\", "")


def test_a_conclusion_that_depends_on_a_choice_is_a_caution() -> None:
    rows = [
        samples.contrast_row(family="curve many", specification="rule=intersection"),
        samples.contrast_row(
            family="curve many", specification="rule=union", effect=0.3, ci_low=0.1, ci_high=0.5
        ),
    ]
    found = findings(samples.report({"curves": rows}))
    assert any("the sign of the effect depends on the choice" in t for t in _of("caution", found))


def test_units_that_failed_and_episodes_left_out_are_counted() -> None:
    units = [{"stage": "codes", "step": "code", "units": 9, "done": 6, "failed": 2, "planned": 1,
              "cached": 0}]  # fmt: skip
    episodes = [{"condition": "plain", "status": "incomplete", "exclusion": "", "episodes": 3,
                 "mean_rounds": 1.0, "fewest_rounds": 1}]  # fmt: skip
    found = findings(samples.report({"units": units, "episodes": episodes}))
    assert any("2 units failed and 1 unit not done yet" in text for text in _of("alarm", found))
    words = "3 episodes are incomplete or excluded (plain 3)"
    assert any(words in text for text in _of("caution", found))


def test_numbers_are_held_against_their_null() -> None:
    rows = [samples.metric_row("plain", 0.61, p_null=0.7), samples.metric_row("changed", 0.4)]
    found = findings(samples.report({"metrics": rows}))
    (text,) = [text for text in _of("result", found) if "null" in text]
    assert "plain 0.610 does not clearly differ from it (0.600)" in text
    assert "changed 0.400 is below it" in text


def test_a_null_without_draws_is_judged_by_the_excess_and_each_quantity_by_itself() -> None:
    far = samples.metric_row("plain", 0.9, p_null=None)
    excess = {"subject": "excess", "p_null": None, "null_mean": 0.0}
    rows = [
        far,
        samples.metric_row("plain", 0.3, **excess),
        samples.metric_row("plain", 0.65, metric="profile_cosine.slope", p_null=None),
        samples.metric_row("plain", 0.05, metric="profile_cosine.slope", **excess),
    ]
    found = findings(samples.report({"metrics": rows}))
    texts = [text for text in _of("result", found) if "null" in text]
    assert texts[0].startswith("profile_cosine against its null: plain 0.900 is above it (0.600")
    assert "excess 0.200 to 0.400" in texts[0]
    assert texts[1].startswith(
        "profile_cosine.slope against its null: plain 0.650 does not clearly"
    )


def test_simulated_models_are_said_to_be_simulated() -> None:
    models = {"a": {"model": "sim/talkative"}}
    found = findings(samples.report(study=samples.study(models=models)))
    assert any("Every model here is simulated" in text for text in _of("caution", found))
