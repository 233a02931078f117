"""Episodes, and what was said in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class StatusCount(NamedTuple):
    """Episodes of a condition that ended in the same way."""

    condition: str
    status: str
    exclusion: str
    episodes: int


@dataclass(frozen=True)
class EpisodesByStatus(Query[StatusCount]):
    """Episodes of a version by condition, status and reason of exclusion."""

    title = "episodes by status"
    sql = """SELECT condition, e.status, coalesce(x.why, '') AS exclusion,
    count(*) AS episodes
FROM v_episodes_all JOIN episodes AS e USING (episode_key)
LEFT JOIN (
    SELECT episode_key, string_agg(DISTINCT coalesce(rule, reason), ', ') AS why
    FROM v_exclusions_all WHERE study_version = $version GROUP BY episode_key
) AS x USING (episode_key)
WHERE study_version = $version
GROUP BY ALL ORDER BY ALL"""
    version: str


class ImportedEpisode(NamedTuple):
    """An episode of a collection."""

    episode_key: str
    series: str | None
    label: str
    status: str
    recorded_at: dt.datetime | None


@dataclass(frozen=True)
class ImportedEpisodes(Query[ImportedEpisode]):
    """Episodes that were imported as a collection."""

    title = "episodes of a collection"
    sql = """SELECT episode_key, series, label, status, recorded_at
FROM episodes WHERE source = 'import' AND collection = $collection
ORDER BY series, label"""
    collection: str


class ImportedSeries(NamedTuple):
    """A series of a collection."""

    collection: str
    series: str | None


@dataclass(frozen=True)
class ImportedCollections(Query[ImportedSeries]):
    """Collections that were imported, by series."""

    title = "imported collections"
    sql = """SELECT DISTINCT collection, series
FROM episodes WHERE source = 'import' ORDER BY ALL"""


class ImportedSeat(NamedTuple):
    """A participant of an imported episode."""

    episode_key: str
    seat: str
    name: str


@dataclass(frozen=True)
class ImportedSeats(Query[ImportedSeat]):
    """Participants of the episodes of a collection."""

    title = "seats of a collection"
    sql = """SELECT episode_key, seat, name
FROM seats JOIN episodes USING (episode_key)
WHERE source = 'import' AND collection = $collection
ORDER BY ALL"""
    collection: str


class ImportedMessage(NamedTuple):
    """A message of an imported episode that is not empty."""

    episode_key: str
    seq: int
    round: int
    actor: str


@dataclass(frozen=True)
class ImportedMessages(Query[ImportedMessage]):
    """Messages of the episodes of a collection."""

    title = "messages of a collection"
    sql = """SELECT episode_key, seq, round, actor
FROM events JOIN episodes USING (episode_key)
WHERE source = 'import' AND collection = $collection AND kind = 'say' AND text <> ''
ORDER BY ALL"""
    collection: str
