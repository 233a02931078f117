"""The suite of each stage: what its data set must look like, whatever the study.

A stage is one function that lists its expectations; :func:`suite` adds what the study expects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist
from typing import Any

from schemas.checks import DataCheck, DeclaredBy
from schemas.relations import stage_of
from schemas.study import DataExpectation, Study
from schemas.unit import Stage
from tasks.personas.fit import FALSE_ALARMS
from tasks.personas.methods.registry import method_of
from tasks.studies.design import Design


def _personas(study: Study) -> Iterator[DataExpectation]:
    held = study.populations.values() if study.imported is None else [study.population]
    specs = list({one.model_dump_json(): one for one in held if one is not None}.values())
    if not specs:
        return
    if any(one.models for one in study.instruments.values()):
        yield _one(
            "column_values_to_not_be_null",
            "responses",
            column="value",
            where={"administration": "questionnaire"},
            mostly=0.95,
        )
    size = sum(spec.size for spec in specs)
    yield _one("table_row_count_to_equal", "personas", value=size, severity="critical")
    if any(spec.targets for spec in specs):
        yield _one(
            "column_pair_values_a_to_be_greater_than_b",
            "population_fits",
            column_A="tolerance",
            column_B="total_variation",
            or_equal=True,
            severity="critical",
        )
    if any(spec.prose for spec in specs):
        yield _one("column_values_to_be_null", "v_personas", column="refused", mostly=0.95)
    for severity in sorted({rule.severity for spec in specs for rule in spec.rules.values()}):
        yield _one(
            "column_pair_values_a_to_be_greater_than_b",
            "population_rules",
            column_A="pass_rate",
            column_B="least_pass_rate",
            or_equal=True,
            where={"severity": severity},
            severity=severity,
        )
    if len(specs) > 1:  # the tables hold all of them, and each has means of its own
        return
    method, params = method_of(specs[0])
    given = method.given_traits(specs[0], params)
    # Scores are quantiles of a normal population: their mean is 1/2, its standard error
    # 1 / sqrt(12 n).
    margin = NormalDist().inv_cdf(1 - 0.5 / FALSE_ALARMS) / (12 * size) ** 0.5
    for spec in specs[0].traits:
        for trait in spec.traits:
            if trait in given or trait in spec.means:
                continue
            yield _one(
                "column_mean_to_be_between",
                "persona_traits",
                column="score",
                where={"trait": trait, "inventory": spec.inventory},
                min_value=round(max(0.0, 0.5 - margin), 4),
                max_value=round(min(1.0, 0.5 + margin), 4),
            )


def _planned_episodes(study: Study) -> Iterator[DataExpectation]:
    """Every condition has as many episodes as were planned."""
    planned = study.replicates_of
    if len(set(planned.values())) == 1:
        n = next(iter(planned.values()))
        yield _one("table_row_count_to_equal", "v_episodes", value=n, per="condition")
        return
    for name, n in planned.items():
        yield _one("table_row_count_to_equal", "v_episodes", value=n, where={"condition": name})


def _episodes(study: Study) -> Iterator[DataExpectation]:
    if study.without_episodes:
        return
    if study.imported is None:
        yield from _planned_episodes(study)
    else:
        yield _one("table_row_count_to_be_between", "v_episodes", min_value=1, severity="critical")
    yield _one(
        "column_values_to_not_be_in_set",
        "episodes",
        column="status",
        value_set=["truncated", "incomplete", "placeholder"],
        mostly=0.9,
        per="condition",
    )
    yield _one(
        "column_mean_to_be_between",
        "v_actions",
        column="fallback",
        max_value=0.05,
        per="condition",
    )
    yield _one(
        "column_values_to_be_between",
        "v_messages",
        column="words",
        min_value=1,
        mostly=0.99,
        per="condition",
    )
    yield _one(
        "column_values_to_be_between", "v_trades", column="amount", min_value=0, severity="critical"
    )


def _codes(study: Study) -> Iterator[DataExpectation]:
    coding = study.coding
    if coding is None:
        return
    yield _one(
        "column_values_to_not_be_null", "v_codes", column="value", mostly=0.95, per="condition"
    )
    yield _one(
        "column_distinct_values_to_contain_set",
        "v_codes",
        column="coder",
        value_set=[*coding.judges, *coding.imported],
    )
    yield _one(
        "column_distinct_values_to_equal_set",
        "v_labels",
        column="rule",
        value_set=[rule.title for rule in coding.adjudication.rules],
    )
    yield _one(
        "column_values_to_not_be_null",
        "v_labels",
        column="value",
        where={"rule": coding.adjudication.use.title},
        mostly=0.95,
        per="condition",
    )


def _metrics(study: Study) -> Iterator[DataExpectation]:
    if study.metrics:
        yield _one(
            "column_values_to_not_be_null",
            "v_metrics",
            column="value",
            where={"scope": ["study", "condition"]},
            mostly=0.5,
        )
    if study.contrasts:
        yield _one(
            "column_distinct_values_to_contain_set",
            "v_contrasts",
            column="contrast",
            value_set=list(study.contrasts),
        )


SUITES: Mapping[Stage, Callable[[Study], Iterator[DataExpectation]]] = {
    "personas": _personas,
    "episodes": _episodes,
    "codes": _codes,
    "metrics": _metrics,
}


def suite(stage: Stage, design: Design, conditions: list[str]) -> list[DataCheck]:
    """The checks of a stage: those of its suite, and those that the study adds.

    Args:
        stage: The stage.
        design: The study with its conditions.
        conditions: Names of the conditions, for expectations that hold for each of them.
    """
    study = design.study
    own = [one for one in study.expect if isinstance(one, DataExpectation)]
    declared: list[tuple[DeclaredBy, DataExpectation]]
    declared = [("stage", one) for one in SUITES[stage](study)]
    declared += [
        ("study", one) for one in own if stage_of(one.view, not study.without_episodes) == stage
    ]
    return [
        DataCheck(one, condition, by)
        for by, one in declared
        for condition in (conditions if one.per else [None])
    ]


def _one(name: str, view: str, **fields: Any) -> DataExpectation:
    return DataExpectation.model_validate({f"expect_{name}": {"view": view, **fields}})
