"""The report of a version of a study: what the warehouse says, made into a page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flows.version import code_version
from schemas.errors import Mistake, Mistakes
from schemas.study import CodingSpec, Study
from tasks.expectations.reproduction import numbers_wanted
from tasks.metrics.units import declared_metrics
from tasks.report.data import Condition, Listing, MetricNote, ReportData, Row
from tasks.report.formatting import brief
from tasks.studies.design import design
from warehouse.queries.expectations import Checks, Numbers
from warehouse.queries.measures import (
    Agreement,
    AgreementOfRules,
    Contrasts,
    Curves,
    Metrics,
    MetricsByEpisode,
)
from warehouse.queries.query import Query
from warehouse.queries.report import (
    CodeVersions,
    Costs,
    EpisodeRounds,
    Failures,
    InterventionDoses,
    Quality,
    SeatPlaces,
    SeatsByModel,
    UnitsByStep,
)
from warehouse.queries.report_coding import ExcerptCodes, ExcerptLabels, Excerpts, LabelRates
from warehouse.queries.studies import StudyOfVersion
from warehouse.reader import Reader

PACKAGES = (
    "agora-lab", "duckdb", "polars", "prefect", "litellm", "great-expectations", "pydantic",
    "numpy", "scipy", "statsmodels", "scikit-learn", "jinja2",
)  # fmt: skip


def report_data(
    study: Study, study_version: str, warehouse: Reader, *, transcripts: bool = True
) -> ReportData:
    """Everything that the report of a version shows.

    Args:
        study: The study.
        study_version: Its version.
        warehouse: Where it was run.
        transcripts: Whether excerpts of transcripts are wanted.

    Raises:
        Mistake: The warehouse cannot be read, or does not have the version.
    """

    def listing(query: Query[Any]) -> Listing:
        rows = tuple(row._asdict() for row in warehouse.rows(query))
        return Listing(query.title, query.text, rows)

    listings = {name: listing(one) for name, one in queries(study, study_version).items()}
    if not listings["version"].rows:
        raise Mistake(
            what="this version of the study has not been run, so there is nothing to report",
            place=f"{study.name} {study_version[:12]}",
            fix="agora run it first",
        )
    if transcripts:
        excerpts = listing(excerpts_query(study, study_version))
        listings["messages"] = excerpts
        for name, one in excerpt_queries(study, study_version, excerpts.rows).items():
            listings[name] = listing(one)
    (row,) = listings["version"].rows
    declared = conditions(study, listings)
    places = {one.name: place for place, one in enumerate(declared)}
    return ReportData(
        study=study,
        version=study_version,
        path=row["path"],
        yaml=row["yaml"],
        created=row["created_at"],
        conditions=declared,
        listings={name: _in_order(one, places) for name, one in listings.items()},
        metrics=metric_notes(study),
        packages=package_versions(),
        code_version=code_version(),
        made=dt.datetime.now(dt.UTC),
    )


def queries(study: Study, version: str) -> dict[str, Query[Any]]:
    """The queries behind the report's tables by the name of their listing; no excerpts."""
    coding = study.coding
    found: dict[str, Query[Any]] = {
        "version": StudyOfVersion(version),
        "units": UnitsByStep(version),
        "failures": Failures(version),
        "episodes": EpisodeRounds(version),
        "seats": SeatsByModel(version),
        "places": SeatPlaces(version),
        "doses": InterventionDoses(version),
        "quality": Quality(version),
        "costs": Costs(version),
        "agreement": Agreement(version),
        "gold": AgreementOfRules(version),
        "metrics": Metrics(version),
        "episode_metrics": MetricsByEpisode(
            version, coding.adjudication.use.title if coding else None
        ),
        "contrasts": Contrasts(version),
        "curves": Curves(version),
        "code_versions": CodeVersions(version),
        "checks": Checks(version),
        "numbers": Numbers(version, numbers_wanted(study)),
    }
    if coding is not None:
        found["label_rates"] = LabelRates(version, coding.codebook.digest, _coders(coding))
    return found


def excerpts_query(study: Study, version: str) -> Query[Any]:
    """The query for messages of one episode per condition."""
    return Excerpts(version, study.coding.codebook.digest if study.coding else None)


def excerpt_queries(study: Study, version: str, messages: Iterable[Row]) -> dict[str, Query[Any]]:
    """The queries for what coders and adjudication rules made of messages."""
    coding = study.coding
    if coding is None:
        return {}
    places = tuple(f"{row['episode_key']} {row['seq']}" for row in messages)
    digest = coding.codebook.digest
    return {
        "message_codes": ExcerptCodes(version, digest, _coders(coding), places),
        "message_labels": ExcerptLabels(version, places),
    }


def _coders(coding: CodingSpec) -> tuple[str, ...]:
    """Coders from outside that a study names, its gold among them."""
    gold = (coding.gold,) if coding.gold else ()
    return tuple(dict.fromkeys((*coding.imported, *gold)))


def _in_order(listing: Listing, places: Mapping[str, int]) -> Listing:
    """A listing that begins with the condition, its conditions in the order declared."""
    if not listing.rows or next(iter(listing.rows[0])) != "condition":
        return listing
    rows = sorted(listing.rows, key=lambda row: places.get(row["condition"], len(places)))
    return dataclasses.replace(listing, rows=tuple(rows))


def conditions(study: Study, listings: Mapping[str, Listing]) -> tuple[Condition, ...]:
    """The conditions with their differences; only names where the study is not valid any more."""
    if study.imported is not None:
        held = sorted({row["condition"] for row in listings["episodes"].rows})
        return tuple(map(Condition, study.imported.series or held))
    try:
        resolved = design(study).conditions
    except (Mistake, Mistakes):
        return tuple(map(Condition, study.changes))
    return tuple(
        Condition(
            condition.name,
            tuple((name, brief(old), brief(new)) for name, (old, new) in condition.factors.items()),
        )
        for condition in resolved
    )


def metric_notes(study: Study) -> dict[str, MetricNote]:
    """What the study's metrics say of themselves; ``agreement`` has a section of its own."""
    return {
        one.title(one.metric.name): MetricNote(
            one.metric.name,
            one.metric.title,
            one.metric.avoid,
            {one.metric.full_name(name): q.title for name, q in one.metric.quantities.items()},
            one.options,
            f"{one.metric.scope}s",
        )
        for one in declared_metrics(study)
        if one.metric.name != "agreement"
    }


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
