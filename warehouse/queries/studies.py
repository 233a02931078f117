"""Versions of studies."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class Version(NamedTuple):
    """A version of a study; ``number`` counts those of its name from 1."""

    study_version: str
    name: str
    number: int
    run_last: bool
    path: str
    created_at: dt.datetime
    last_run_at: dt.datetime
    conditions: int
    fewest_replicates: int
    most_replicates: int
    plays_episodes: bool
    imports_episodes: bool


@dataclass(frozen=True)
class Versions(Query[Version]):
    """Every version of every study, the oldest first; one of each study was run last."""

    title = "versions of studies"
    sql = """SELECT study_version, study AS name, number, run_last, v.path, v.created_at,
    v.last_run_at,
    greatest(
        len(json_keys(spec, '$.conditions')) + CASE
            WHEN len(json_keys(spec, '$.factors')) > 0 THEN list_product(list_transform(
                json_keys(spec, '$.factors'),
                lambda factor: len(json_keys(spec -> 'factors' -> factor))
            ))
            ELSE 0
        END,
        1
    )::BIGINT AS conditions,
    list_min(episodes) AS fewest_replicates,
    list_max(episodes) AS most_replicates,
    coalesce(json_type(spec, '$.episode') = 'OBJECT', false) AS plays_episodes,
    coalesce(json_type(spec, '$.imported') = 'OBJECT', false) AS imports_episodes
FROM v_studies_all AS v JOIN studies USING (study_version), LATERAL (
    SELECT list_concat(
        CASE WHEN len(json_keys(spec, '$.factors')) > 0 OR len(json_keys(spec, '$.conditions')) = 0
            THEN [(spec ->> 'replicates')::BIGINT]
            ELSE []
        END,
        list_transform(
            json_keys(spec, '$.conditions'),
            lambda name: coalesce(
                (spec -> 'conditions' -> name ->> 'replicates')::BIGINT,
                (spec ->> 'replicates')::BIGINT
            )
        )
    ) AS episodes
)
ORDER BY v.created_at, study_version"""


class VersionText(NamedTuple):
    """A version of a study with all that is in it; ``spec`` is its canonical JSON."""

    study_version: str
    name: str
    path: str
    yaml: str
    spec: str
    code_version: str
    created_at: dt.datetime


@dataclass(frozen=True)
class StudyOfVersion(Query[VersionText]):
    """One version; no row where it was never run."""

    title = "the version of the study"
    sql = """SELECT study_version, name, path, yaml, spec, code_version, created_at
FROM studies WHERE study_version = $version"""
    version: str


class YamlText(NamedTuple):
    """A study as it was written."""

    yaml: str


@dataclass(frozen=True)
class TextOfVersion(Query[YamlText]):
    """A version as it was written."""

    title = "a version as it was written"
    sql = "SELECT yaml FROM studies WHERE study_version = $version"
    version: str
