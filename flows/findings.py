"""What a version of a study found, as the few rows that a person wants to see first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.keys import canonical_json
from schemas.study import Study
from tasks.expectations.reproduction import Reproduced, numbers_wanted, reproduced
from warehouse.queries.expectations import Numbers
from warehouse.queries.measures import Contrasts, HeadlineMetrics
from warehouse.reader import Reader


@dataclass(frozen=True)
class Findings:
    """Numbers by condition, comparisons, and published numbers beside those found."""

    metrics: list[dict[str, Any]]
    contrasts: list[dict[str, Any]]
    reproduced: list[Reproduced]


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
    rows = _plain(warehouse.rows(HeadlineMetrics(version, names, rule)))
    places = {key: place for place, key in enumerate(listed)}
    by_place = []
    for row in rows:
        key = (row["metric"], canonical_json(orjson.loads(row["options"])))
        if key in listed:  # the variants of a curve are not listed
            by_place.append((places[key], {**row, "metric": listed[key]}))
    return Findings(
        metrics=[row for _, row in sorted(by_place, key=lambda pair: pair[0])],
        contrasts=_plain(warehouse.rows(Contrasts(version))),
        reproduced=reproduced(
            study, _plain(warehouse.rows(Numbers(version, numbers_wanted(study))))
        ),
    )


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]
