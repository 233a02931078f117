"""What the report lists of codes, labels and transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from warehouse.queries.query import Query

#: Codes of a version: those of its own units, and those of the coders from outside that it names.
_CODES_OF_VERSION = """codebook_digest = $codebook
    AND (coder IN (SELECT unnest($coders))
        OR codes.unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version))"""
_LABELS_OF_VERSION = "unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version)"


class LabelRate(NamedTuple):
    """How often a coder or an adjudication rule marks a flag."""

    kind: str
    source: str
    flag: str
    items: int
    share: float | None


@dataclass(frozen=True)
class LabelRates(Query[LabelRate]):
    """How often each flag is marked in the episodes of a version."""

    title = "how often each flag is marked"
    sql = f"""SELECT coder_kind AS kind, coder AS source, flag, count(value) AS items,
    avg((value > 0)::INT) AS share
FROM codes
WHERE episode_key IN (SELECT episode_key FROM v_episodes_all WHERE study_version = $version)
    AND {_CODES_OF_VERSION}
GROUP BY ALL
UNION ALL
SELECT 'rule', rule, flag, count(value), avg((value > 0)::INT)
FROM labels
WHERE {_LABELS_OF_VERSION}
GROUP BY ALL
ORDER BY kind, source, flag"""
    version: str
    codebook: str | None
    coders: tuple[str, ...]


class ShownMessage(NamedTuple):
    """A message, or another event of a seat, of the episode that stands for its condition."""

    condition: str
    label: str
    status: str
    n_messages: int
    episode_key: str
    seq: int
    round: int
    kind: str
    seat: str
    name: str | None
    model: str | None
    fallback: bool
    text: str
    characters: int


@dataclass(frozen=True)
class Excerpts(Query[ShownMessage]):
    """A few messages of one episode per condition, coded ones first."""

    title = "excerpts of transcripts"
    sql = """WITH played AS (
    SELECT condition, replicate, episodes.*
    FROM v_episodes_all JOIN episodes USING (episode_key)
    WHERE study_version = $version AND status <> 'placeholder'
),
coded AS (
    SELECT DISTINCT episode_key, seq, true AS coded FROM codes
    WHERE codebook_digest = $codebook AND episode_key IN (SELECT episode_key FROM played)
),
acted AS (
    SELECT e.*, coalesce(c.coded, false) AS coded
    FROM events AS e LEFT JOIN coded AS c USING (episode_key, seq)
    WHERE e.episode_key IN (SELECT episode_key FROM played)
        AND e.kind NOT IN ('state', 'chance', 'end') AND e.actor <> 'env'
),
counted AS (
    SELECT r.condition, r.replicate, r.episode_key, r.label, r.status, r.exclusion,
        count(*) AS n_messages, count(*) FILTER (e.coded) AS n_coded
    FROM played AS r JOIN acted AS e USING (episode_key)
    GROUP BY ALL
),
chosen AS (
    SELECT * FROM counted
    QUALIFY row_number() OVER (PARTITION BY condition
        ORDER BY exclusion IS NOT NULL, least(n_coded, 8) DESC, status <> 'terminated',
            replicate) = 1
),
placed AS (
    SELECT r.condition, r.label, r.status, r.n_messages, r.n_coded, e.episode_key, e.seq, e.round,
        e.kind, e.actor AS seat, coalesce(shown.name, s.name) AS name,
        coalesce(shown.model, s.model) AS model,
        coalesce(a.fallback, false) AS fallback,
        coalesce(e.text, concat_ws(' ', e.kind, e.item, e.value, '→ ' || e.target)) AS words,
        row_number() OVER (PARTITION BY r.condition
            ORDER BY e.coded DESC, e.seq) AS place
    FROM chosen AS r JOIN acted AS e USING (episode_key)
    LEFT JOIN seats AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
    LEFT JOIN v_seat_changes AS shown ON shown.episode_key = e.episode_key
        AND shown.seat = e.actor AND shown.from_seq <= e.seq AND e.seq <= shown.last_seq
    LEFT JOIN actions AS a
        ON a.episode_key = e.episode_key AND a.turn = e.turn AND a.seat = e.actor
)
SELECT condition, label, status, n_messages, episode_key, seq, round, kind, seat, name, model,
    fallback, left(words, 700) AS text, length(words) AS characters
FROM placed WHERE place <= if(n_coded BETWEEN 1 AND 8, greatest(4, n_coded), 8)
ORDER BY condition, seq"""
    version: str
    codebook: str | None


class ShownCode(NamedTuple):
    """What a coder said of a message."""

    episode_key: str
    seq: int | None
    flag: str
    source: str
    value: float | None
    evidence: str | None


@dataclass(frozen=True)
class ExcerptCodes(Query[ShownCode]):
    """Codes of some messages, each written ``episode_key seq``."""

    title = "codes of the excerpts"
    sql = f"""SELECT episode_key, seq, flag, coder AS source, value, evidence
FROM codes
WHERE {_CODES_OF_VERSION}
    AND concat(episode_key, ' ', seq) IN (SELECT unnest($messages))
ORDER BY episode_key, seq, flag, source"""
    version: str
    codebook: str | None
    coders: tuple[str, ...]
    messages: tuple[str, ...]


@dataclass(frozen=True)
class ExcerptLabels(Query[ShownCode]):
    """Labels of some messages, each written ``episode_key seq``."""

    title = "labels of the excerpts"
    sql = f"""SELECT episode_key, seq, flag, rule AS source, value, NULL::VARCHAR AS evidence
FROM labels
WHERE {_LABELS_OF_VERSION}
    AND concat(episode_key, ' ', seq) IN (SELECT unnest($messages))
ORDER BY episode_key, seq, flag, source"""
    version: str
    messages: tuple[str, ...]
