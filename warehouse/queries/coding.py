"""Codes, labels, and the messages that people are to code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class CodedEpisode(NamedTuple):
    """An episode that a person or a coder outside has coded."""

    unit_key: str
    episode_key: str
    coder: str
    codebook_digest: str


@dataclass(frozen=True)
class CodedElsewhere(Query[CodedEpisode]):
    """Which coder from outside has coded which episode with which codebook."""

    title = "codes from outside"
    sql = """SELECT DISTINCT unit_key, episode_key, coder, codebook_digest
FROM codes
WHERE coder_kind = 'human' OR unit_key IN (SELECT unit_key FROM units WHERE stage = 'import')
ORDER BY ALL"""


class MessageToCode(NamedTuple):
    """A message that is not empty."""

    episode_key: str
    seq: int
    round: int
    seat: str
    series: str | None
    condition: str


@dataclass(frozen=True)
class MessagesToCode(Query[MessageToCode]):
    """Messages of the episodes of a version, played here or imported."""

    title = "messages of a version"
    sql = """SELECT episode_key, seq, round, actor AS seat, series, condition
FROM v_episodes_all JOIN episodes USING (episode_key) JOIN events USING (episode_key)
WHERE study_version = $version AND kind = 'say' AND trim(text) <> ''
ORDER BY ALL"""
    version: str


class LabelOfMessage(NamedTuple):
    """A label."""

    episode_key: str
    seq: int | None
    flag: str
    value: float | None


@dataclass(frozen=True)
class LabelsByRule(Query[LabelOfMessage]):
    """Labels of a version under one adjudication rule."""

    title = "labels under a rule"
    sql = """SELECT episode_key, seq, flag, value
FROM labels
WHERE unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version)
    AND rule = $rule
ORDER BY ALL"""
    version: str
    rule: str
