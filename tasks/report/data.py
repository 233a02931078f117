"""What a report is made of: the study, and the answers to the queries behind its tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.study import Study

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Listing:
    """The answer to one query.

    Attributes:
        title: What it lists.
        sql: The query, as it was asked.
        rows: Its rows.
    """

    title: str
    sql: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A condition as the design section shows it.

    Attributes:
        name: Its name.
        differences: Factors in which it differs from the baseline, with both values as text.
    """

    name: str
    differences: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class MetricNote:
    """What a metric declares of itself.

    Attributes:
        name: Its name.
        title: What it measures.
        avoid: When not to use it.
        quantities: Title of every quantity, by the name that it is stored under.
        options: Its options as the study declares them, defaults filled in.
        cases: What it has one value of each for: episodes or personas.
    """

    name: str
    title: str
    avoid: str
    quantities: Mapping[str, str]
    options: Mapping[str, Any]
    cases: str = "episodes"


@dataclass(frozen=True)
class ReportData:
    """Everything that the page shows.

    Attributes:
        study: The study.
        version: Its version.
        path: File that it was read from.
        yaml: The study as it was written.
        created: When the version was first run; nothing if it never was.
        conditions: Its conditions, the baseline first.
        listings: Answers by the name of their query.
        metrics: What the declared metrics say of themselves, by a title that no two share.
        packages: Versions of the packages that the report was made with.
        code_version: Version of the code that made the report.
        made: When the report was made, UTC.
    """

    study: Study
    version: str
    path: str
    yaml: str
    created: dt.datetime | None
    conditions: tuple[Condition, ...]
    listings: Mapping[str, Listing]
    metrics: Mapping[str, MetricNote] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    made: dt.datetime | None = None

    def rows(self, name: str) -> tuple[Row, ...]:
        """Rows of a listing; none where the query was not asked."""
        found = self.listings.get(name)
        return found.rows if found else ()

    def cases_of(self, quantity: str) -> str:
        """What a quantity has one value of each for: episodes or personas."""
        name = quantity.partition(".")[0]
        return next((one.cases for one in self.metrics.values() if one.name == name), "episodes")

    @property
    def used_rule(self) -> str | None:
        """Title of the adjudication rule that the metrics use."""
        return self.study.coding.adjudication.use.title if self.study.coding else None

    @property
    def rules(self) -> tuple[str, ...]:
        """Titles of all declared rules, the used one first."""
        coding = self.study.coding
        return tuple(rule.title for rule in coding.adjudication.rules) if coding else ()

    @property
    def gold(self) -> str | None:
        """The coder that others are held against."""
        return self.study.coding.gold if self.study.coding else None
