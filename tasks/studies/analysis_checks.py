"""What can be wrong with a study's metrics, contrasts and curves: names that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas.errors import Mistake
from schemas.study import Study
from tasks.studies.cells import Design
from tasks.studies.messages import unknown_name
from tasks.studies.places import Places


def analysis_problems(design: Design, places: Places) -> Iterator[Mistake]:
    """Everything that is wrong with the references of metrics, contrasts and curves."""
    study = design.study
    conditions = _conditions(design)
    metrics = tuple(metric.name for metric in study.metrics)
    for name, contrast in study.contrasts.items():
        if contrast.of not in metrics and contrast.of.partition(".")[0] not in metrics:
            yield unknown_name(
                places.place(("contrasts", name, "of")),
                "metric",
                contrast.of,
                metrics,
                "add it under metrics",
            )
        for number, condition in enumerate(contrast.between):
            place = places.place(("contrasts", name, "between", number))
            if conditions is not None and condition not in conditions:
                yield unknown_name(place, "condition", condition, conditions)
            elif condition in contrast.between[:number]:
                yield Mistake(
                    what="a condition is compared with itself", place=place, found=condition
                )
    yield from _curves(study, places)


def _conditions(design: Design) -> Sequence[str] | None:
    """The conditions that there are; nothing where only the warehouse knows them."""
    if design.study.imported is not None:
        return design.study.imported.series or None
    return tuple(cell.name for cell in design.cells)


def _curves(study: Study, places: Places) -> Iterator[Mistake]:
    rules = [rule.title for rule in study.coding.adjudication.rules] if study.coding else []
    judges = [*study.coding.judges, *study.coding.imported] if study.coding else []
    for name, curve in study.curves.items():
        at = ("curves", name)
        if curve.contrast not in study.contrasts:
            place = places.place((*at, "contrast"))
            yield unknown_name(place, "contrast", curve.contrast, list(study.contrasts))
        for number, rule in enumerate(curve.rules):
            if rule not in rules:
                place = places.place((*at, "rules", number))
                fix = "add it under coding.adjudication.also"
                yield unknown_name(place, "adjudication rule", rule, rules, fix)
        for number, judge in enumerate(curve.judges):
            if judge not in judges:
                place = places.place((*at, "judges", number))
                yield unknown_name(place, "judge", judge, judges)
