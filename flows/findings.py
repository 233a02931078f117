"""What a version of a study found, as the few rows that a person wants to see first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
    rule = study.coding.adjudication.use.title if study.coding else None
    return Findings(
        metrics=_plain(warehouse.rows(HeadlineMetrics(version, headlines(study), rule))),
        contrasts=_plain(warehouse.rows(Contrasts(version))),
        reproduced=reproduced(
            study, _plain(warehouse.rows(Numbers(version, numbers_wanted(study))))
        ),
    )


def _plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]


def headlines(study: Study) -> tuple[str, ...]:
    """Full name of the first quantity of each of a study's metrics."""
    from tasks.metrics.catalogue import METRICS

    names = []
    for spec in study.metrics:
        metric = METRICS[spec.name]
        names.append(metric.full_name(next(iter(metric.quantities))))
    return tuple(dict.fromkeys(names))
