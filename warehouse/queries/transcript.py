"""One episode as people read it: what happened, who could see it, and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query


class EpisodeOfVersion(NamedTuple):
    """An episode of a version of a study, with how it ended."""

    condition: str
    replicate: int
    episode_key: str
    environment: str
    label: str
    status: str
    end_reason: str
    exclusion: str | None
    brief: str | None


@dataclass(frozen=True)
class EpisodesOfVersion(Query[EpisodeOfVersion]):
    """Episodes of a version, by condition and replicate."""

    title = "episodes of a version"
    sql = """SELECT condition, replicate, episode_key, environment, label, status, end_reason,
    x.why AS exclusion, brief
FROM v_episodes_all JOIN episodes USING (episode_key)
LEFT JOIN (
    SELECT episode_key, string_agg(reason, '; ' ORDER BY reason) AS why
    FROM v_exclusions_all WHERE study_version = $version GROUP BY episode_key
) AS x USING (episode_key)
WHERE study_version = $version
ORDER BY condition, replicate"""
    version: str


class SeatOfEpisode(NamedTuple):
    """A participant of an episode as it began."""

    seat: str
    name: str
    role: str
    model: str
    model_id: str
    persona: str | None


@dataclass(frozen=True)
class SeatsOfEpisode(Query[SeatOfEpisode]):
    """Participants of an episode, in order."""

    title = "seats of an episode"
    sql = """SELECT s.seat, s.name, s.role, s.model, s.model_id, p.name AS persona
FROM seats AS s
LEFT JOIN (SELECT DISTINCT persona_key, name FROM personas) AS p USING (persona_key)
WHERE s.episode_key = $episode
ORDER BY s.position"""
    episode: str


class TranscriptEvent(NamedTuple):
    """An event with the names under which its seats were shown then."""

    seq: int
    round: int
    turn: int
    kind: str
    seat: str
    name: str
    target_name: str | None
    item: str | None
    value: float | None
    text: str | None
    data: str
    audience: str
    seen_by: list[str] | None
    seen: str | None
    phase: str = ""


@dataclass(frozen=True)
class TranscriptEvents(Query[TranscriptEvent]):
    """Events of an episode; ``seen`` are the numbers of those that the prompt had shown."""

    title = "events of an episode"
    sql = """WITH sees AS (
    SELECT v.seq, list(s.name ORDER BY s.position) AS seen_by
    FROM v_visible AS v JOIN seats AS s USING (episode_key, seat)
    WHERE v.episode_key = $episode
    GROUP BY v.seq
)
SELECT t.seq, t.round, t.turn, t.kind, t.seat, t.name, t.target_name, t.item, t.value, t.text,
    t.data, t.audience,
    CASE WHEN t.audience <> 'everyone' THEN coalesce(sees.seen_by, []) END AS seen_by,
    array_to_string(list_transform(x.seqs, lambda span: CASE WHEN span.first = span.last
        THEN span.first::VARCHAR ELSE span.first || '-' || span.last END), ', ') AS seen, t.phase
FROM v_transcript AS t
LEFT JOIN sees USING (seq)
LEFT JOIN exposures AS x USING (call_key)
WHERE t.episode_key = $episode
ORDER BY t.seq"""
    episode: str


class UnusableAction(NamedTuple):
    """A question that a seat gave no usable answer to."""

    turn: int
    round: int
    name: str
    ask: str
    attempts: int
    fallback: bool
    absent: bool


@dataclass(frozen=True)
class UnusableActions(Query[UnusableAction]):
    """Questions of an episode that were put to a model and got no usable answer."""

    title = "questions without a usable answer"
    sql = """SELECT turn, round, name, ask, attempts, fallback, absent
FROM v_actions
WHERE episode_key = $episode AND NOT valid AND attempts > 0
ORDER BY turn, position"""
    episode: str


class ProbeAnswer(NamedTuple):
    """An answer to a private question."""

    after_turns: int
    after_rounds: int
    instrument: str
    item: str
    name: str
    value: float | None
    text: str | None


@dataclass(frozen=True)
class ProbeAnswers(Query[ProbeAnswer]):
    """Answers to the private questions of an episode."""

    title = "answers to probes"
    sql = """SELECT r.after_turns, r.after_rounds, r.instrument, r.item, s.name, r.value, r.text
FROM responses AS r JOIN seats AS s USING (episode_key, seat)
WHERE r.episode_key = $episode
ORDER BY r.after_turns, r.instrument, r.item, s.position"""
    episode: str


class MarkedFlag(NamedTuple):
    """A flag that a label says a message has."""

    seq: int
    flag: str
    rule: str


@dataclass(frozen=True)
class MarkedFlags(Query[MarkedFlag]):
    """Flags of the messages of an episode by every adjudication rule of a version."""

    title = "flags of messages"
    sql = """SELECT seq, flag, rule
FROM v_labels_all
WHERE study_version = $version AND episode_key = $episode AND seq IS NOT NULL AND value > 0
ORDER BY seq, flag"""
    version: str
    episode: str
