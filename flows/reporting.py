"""The report of a version of a study: what the warehouse says, made into a page."""

from __future__ import annotations

import dataclasses
import datetime as dt
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flows.report_queries import QUERIES, filled
from flows.version import code_version
from schemas.errors import Mistake, Mistakes
from schemas.study import Study
from tasks.metrics.catalogue import METRICS
from tasks.report.data import Condition, Listing, MetricNote, ReportData
from tasks.report.formatting import brief
from tasks.studies.design import design
from warehouse.sql import literal

#: Gives the rows of a query.
Ask = Callable[[str], Sequence[Mapping[str, Any]]]
PACKAGES = (
    "agora-lab", "duckdb", "polars", "prefect", "litellm", "great-expectations", "pydantic",
    "numpy", "scipy", "statsmodels", "scikit-learn", "jinja2",
)  # fmt: skip
CODED = ("label_rates", "message_codes", "message_labels")
SHOWN = ("messages", "message_codes", "message_labels")


def report_data(
    study: Study, study_version: str, ask: Ask, *, transcripts: bool = True
) -> ReportData:
    """Everything that the report of a version shows.

    Args:
        study: The study.
        study_version: Its version.
        ask: Gives the rows of a query to the warehouse.
        transcripts: Whether excerpts of transcripts are wanted.

    Raises:
        Mistake: The warehouse cannot be read, or does not have the version.
    """
    listings: dict[str, Listing] = {}
    for name, (title, sql) in QUERIES.items():
        if (study.coding is None and name in CODED) or (not transcripts and name in SHOWN):
            continue
        text = filled(sql, study, study_version)
        if "$excerpt" in text:
            text = text.replace("$excerpt", _excerpt(listings["messages"]))
        listings[name] = Listing(title, text, tuple(ask(text)))
    if not listings["version"].rows:
        raise Mistake(
            what="this version of the study has not been run, so there is nothing to report",
            place=f"{study.name} {study_version[:12]}",
            fix="agora run it first",
        )
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


def _in_order(listing: Listing, places: Mapping[str, int]) -> Listing:
    """A listing that begins with the condition, its conditions in the order declared."""
    if not listing.rows or next(iter(listing.rows[0])) != "condition":
        return listing
    rows = sorted(listing.rows, key=lambda row: places.get(row["condition"], len(places)))
    return dataclasses.replace(listing, rows=tuple(rows))


def _excerpt(messages: Listing) -> str:
    pairs = [f"({literal(row['episode_key'])}, {row['seq']})" for row in messages.rows]
    return ", ".join(pairs) or "(NULL, NULL)"


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
    notes = {}
    for number, spec in enumerate(study.metrics):
        metric = METRICS.get(spec.name)
        if metric is None or metric.name == "agreement":
            continue
        notes[metric.name] = MetricNote(
            metric.title,
            metric.avoid,
            {metric.full_name(name): one.title for name, one in metric.quantities.items()},
            metric.read_options(spec.options, f"metrics.{number}").model_dump(mode="json"),
        )
    return notes


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
