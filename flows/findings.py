"""What a version of a study found, as the few rows that a person wants to see first."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from schemas.keys import canonical_json
from schemas.study import Study
from tasks.expectations.reproduction import Reproduced, numbers_wanted, reproduced
from warehouse.queries.expectations import Numbers
from warehouse.queries.measures import ContrastFound, Contrasts, HeadlineMetric, HeadlineMetrics
from warehouse.reader import Reader


@dataclass(frozen=True)
class Findings:
    """Numbers by condition, comparisons, and published numbers beside those found."""

    metrics: tuple[HeadlineMetric, ...]
    contrasts: tuple[ContrastFound, ...]
    reproduced: tuple[Reproduced, ...]


def findings(warehouse: Reader, version: str, study: Study) -> Findings:
    """The headline number of each metric by condition, and the contrasts.

    Of metrics that are made of labels, the numbers under the rule that the study uses are taken.
    """
    from tasks.metrics.units import declared_metrics

    rule = study.coding.adjudication.use.title if study.coding else None
    listed = {}
    for one in declared_metrics(study):
        headline = one.metric.full_name(next(iter(one.metric.quantities)))
        listed[headline, canonical_json(one.options)] = one.title(headline)
    names = tuple(dict.fromkeys(name for name, _ in listed))
    rows = warehouse.rows(HeadlineMetrics(version, names, rule))
    places = {key: place for place, key in enumerate(listed)}
    by_place = []
    for row in rows:
        key = (row.metric, canonical_json(orjson.loads(row.options)))
        if key in listed:  # the variants of a curve are not listed
            by_place.append((places[key], row._replace(metric=listed[key])))
    numbers = warehouse.rows(Numbers(version, numbers_wanted(study)))
    return Findings(
        metrics=tuple(row for _, row in sorted(by_place, key=lambda pair: pair[0])),
        contrasts=tuple(warehouse.rows(Contrasts(version))),
        reproduced=tuple(reproduced(study, [row._asdict() for row in numbers])),
    )
