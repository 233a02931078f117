"""Whose work is in a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class DeclaredSource(NamedTuple):
    """What was declared of a unit."""

    source: str
    licence: str
    citation: str
    unit_key: str


@dataclass(frozen=True)
class SourcesOfUnits(Query[DeclaredSource]):
    """What was declared of some units."""

    title = "declared sources of units"
    sql = """SELECT source, licence, citation, unit_key FROM sources
WHERE unit_key IN (SELECT unnest($unit_keys)) ORDER BY unit_key"""
    unit_keys: tuple[str, ...]


class SourceInVersion(NamedTuple):
    """Units of one name that were brought in with one declaration; empty texts: not declared."""

    kind: str
    name: str
    units: int
    source: str
    licence: str
    citation: str


@dataclass(frozen=True)
class SourcesOfVersion(Query[SourceInVersion]):
    """What a version of a study took from outside, and what was declared of it."""

    title = "data from outside that a version uses"
    sql = """SELECT kind, name, units, source, licence, citation FROM v_sources_all
WHERE study_version = $version ORDER BY ALL"""
    version: str
