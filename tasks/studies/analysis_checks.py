"""What can be wrong with a study's analysis and expectations: names that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.errors import Mistake
from schemas.study import ContrastSpec, Study
from tasks.expectations.problems import expectation_problems, quantity_problems
from tasks.studies.design import Design
from tasks.studies.instruments import answer_problems
from tasks.studies.messages import unknown_name
from tasks.studies.positions import Positions, placed
from tasks.studies.yamltext import FieldPath


def analysis_problems(design: Design, positions: Positions) -> Iterator[Mistake]:
    """Everything that is wrong with metrics, contrasts, curves and what is expected of them."""
    study = design.study
    yield from _metrics(study, positions)
    conditions = _conditions(design)
    for name, contrast in study.contrasts.items():
        at: FieldPath = ("contrasts", name)
        for number, condition in enumerate(contrast.between):
            place = positions.place((*at, "between", number))
            if conditions is not None and condition not in conditions:
                yield unknown_name(place, "condition", condition, conditions)
            elif condition in contrast.between[:number]:
                yield Mistake(
                    what="a condition is compared with itself", place=place, found=condition
                )
        yield from _measured(study, contrast, at, positions)
    yield from _curves(study, positions)
    yield from expectation_problems(study, conditions, positions)


def _conditions(design: Design) -> Sequence[str] | None:
    """The conditions that there are; nothing where only the warehouse knows them."""
    if design.study.imported is not None:
        return design.study.imported.series or None
    return tuple(condition.name for condition in design.conditions)


def _metrics(study: Study, positions: Positions) -> Iterator[Mistake]:
    if not study.metrics:
        return
    from tasks.metrics.catalogue import METRICS
    from tasks.metrics.units import encoder_model

    for number, spec in enumerate(study.metrics):
        place = positions.place(("metrics", number))
        metric = METRICS.get(spec.name)
        yield from placed(place, METRICS.named, spec.name, place)
        if metric is None:
            continue
        yield from placed(place, metric.read_options, spec.options, place)
        yield from placed(place, encoder_model, study, spec.options, place)
        if study.without_episodes and metric.scope == "episode":
            yield Mistake(
                what=f"metric {spec.name} is of episodes, and the study has none",
                place=place,
                fix="remove the metric, or add an episode section",
            )
        elif metric.scope == "persona" and not any(study.populations.values()):
            yield Mistake(
                what=f"metric {spec.name} is of personas, and the study has none",
                place=place,
                fix="remove the metric, or add a population",
            )
        elif "answers" in metric.needs:
            yield from answer_problems(study, metric.needs, place)
        elif study.coding is None and not {"labels", "codes"}.isdisjoint(metric.needs):
            yield Mistake(
                what=f"metric {spec.name} needs codes, but the study codes nothing",
                place=place,
                fix="add a coding section, or remove the metric",
            )


def _measured(
    study: Study, contrast: ContrastSpec, at: FieldPath, positions: Positions
) -> Iterator[Mistake]:
    """What is wrong with what a contrast compares and with its test."""
    from tasks.metrics.contrasts.catalogue import TESTS

    yield from quantity_problems(study, contrast.of, positions.place((*at, "of")))
    test_place = positions.place((*at, "test"))
    yield from placed(test_place, TESTS.named, contrast.test, test_place)
    if contrast.test in TESTS:
        options = positions.place((*at, "options"))
        yield from placed(options, TESTS[contrast.test].read_options, contrast.options, options)


def _curves(study: Study, positions: Positions) -> Iterator[Mistake]:
    rules = [rule.title for rule in study.coding.adjudication.rules] if study.coding else []
    judges = [*study.coding.judges, *study.coding.imported] if study.coding else []
    for name, curve in study.curves.items():
        at: FieldPath = ("curves", name)
        if curve.contrast not in study.contrasts:
            place = positions.place((*at, "contrast"))
            yield unknown_name(place, "contrast", curve.contrast, list(study.contrasts))
        for number, rule in enumerate(curve.rules):
            if rule not in rules:
                place = positions.place((*at, "rules", number))
                fix = "add it under coding.adjudication.also"
                yield unknown_name(place, "adjudication rule", rule, rules, fix)
        for number, judge in enumerate(curve.judges):
            if judge not in judges:
                place = positions.place((*at, "judges", number))
                yield unknown_name(place, "judge", judge, judges)
        yield from _variants(study, name, positions)


def _variants(study: Study, name: str, positions: Positions) -> Iterator[Mistake]:
    """Options that a curve gives to a metric which does not have them."""
    from tasks.metrics.catalogue import METRICS

    curve = study.curves[name]
    contrast = study.contrasts.get(curve.contrast)
    metric = METRICS.get(contrast.of.partition(".")[0]) if contrast else None
    if metric is None:
        return
    for number, variant in enumerate(curve.variants):
        place = positions.place(("curves", name, "variants", number))
        yield from placed(place, metric.read_options, variant, place)
