-- What was said, traded and seen, with the columns that an analyst wants beside it.

-- What a seat is shown as, which model acts for it with which persona, and whether it takes part,
-- from an event on: interventions change all of them.
CREATE VIEW v_seats_over_time AS
WITH renamed AS (
    SELECT
        episode_key,
        seq,
        unnest(map_entries(json_extract(data, '$.names')::MAP(VARCHAR, VARCHAR))) AS given
    FROM events
    WHERE kind = 'intervene' AND json_type(data, '$.names') = 'OBJECT'
),
changed AS (
    SELECT
        episode_key,
        given.key AS seat,
        seq,
        given.value AS name,
        NULL AS model,
        NULL AS persona_key,
        NULL AS state
    FROM renamed
    UNION ALL
    SELECT
        episode_key,
        target,
        seq,
        NULL,
        json_extract_string(data, '$.model'),
        json_extract_string(data, '$.persona_key'),
        json_extract_string(data, '$.state')
    FROM events
    WHERE
        (kind = 'intervene' OR (kind = 'state' AND item = 'awaited'))
        AND target IS NOT NULL
        AND list_has_any(json_keys(data), ['model', 'persona_key', 'state'])
    UNION ALL
    SELECT episode_key, seat, -1, name, model, persona_key, 'active' FROM seats
)
SELECT
    episode_key,
    seat,
    seq + 1 AS from_seq,
    lead(seq, 1, 9223372036854775807) OVER (PARTITION BY episode_key, seat ORDER BY seq) AS last_seq,
    last_value(name IGNORE NULLS) OVER earlier AS name,
    last_value(model IGNORE NULLS) OVER earlier AS model,
    last_value(persona_key IGNORE NULLS) OVER earlier AS persona_key,
    last_value(state IGNORE NULLS) OVER earlier AS state
FROM changed
WINDOW earlier AS (PARTITION BY episode_key, seat ORDER BY seq);
COMMENT ON VIEW v_seats_over_time IS
    'One row per seat and span of events in which it has a shown name, a model and a persona, from 0 '
    'on. state: active, crashed, left, or awaited until it joins.';

-- Few episodes have such a change, so the others pay for it with an empty join.
CREATE VIEW v_seat_changes AS FROM v_seats_over_time WHERE from_seq > 0;
COMMENT ON VIEW v_seat_changes IS
    'v_seats_over_time without what seats had from the start.';

CREATE VIEW v_messages AS
SELECT
    e.episode_key,
    e.round,
    e.seq,
    e.actor AS seat,
    coalesce(shown.name, s.name) AS name,
    coalesce(shown.model, s.model) AS model,
    e.text,
    length(e.text) AS characters,
    len(list_filter(
        string_split(translate(e.text, chr(9) || chr(10) || chr(13), '   '), ' '),
        lambda word: word <> ''
    )) AS words,
    e.turn,
    e.phase,
    e.target,
    e.audience,
    s.position,
    s.role,
    s.model_id,
    coalesce(shown.persona_key, s.persona_key) AS persona_key,
    a.valid,
    a.attempts,
    a.fallback,
    ep.environment,
    ep.collection,
    ep.series,
    ep.status AS episode_status,
    ep.exclusion,
    e.data,
    e.call_key,
    e.unit_key
FROM events AS e
JOIN episodes AS ep USING (episode_key)
LEFT JOIN seats AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = e.episode_key AND shown.seat = e.actor
    AND shown.from_seq <= e.seq AND e.seq <= shown.last_seq
LEFT JOIN actions AS a
    ON a.episode_key = e.episode_key AND a.turn = e.turn AND a.seat = e.actor
WHERE e.kind = 'say';
COMMENT ON VIEW v_messages IS
    'One row per message: say events with their seat, episode and the action they came from.';

CREATE VIEW v_transcript AS
SELECT
    e.episode_key,
    e.round,
    e.seq,
    coalesce(shown.name, s.name, e.actor) AS name,
    e.kind,
    e.text,
    e.item,
    e.value,
    coalesce(other.name, t.name, e.target) AS target_name,
    e.audience,
    e.actor AS seat,
    coalesce(shown.model, s.model) AS model,
    e.target,
    e.turn,
    e.phase,
    e.data,
    e.call_key,
    e.unit_key
FROM events AS e
LEFT JOIN seats AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = e.episode_key AND shown.seat = e.actor
    AND shown.from_seq <= e.seq AND e.seq <= shown.last_seq
LEFT JOIN seats AS t ON t.episode_key = e.episode_key AND t.seat = e.target
LEFT JOIN v_seat_changes AS other
    ON other.episode_key = e.episode_key AND other.seat = e.target
    AND other.from_seq <= e.seq AND e.seq <= other.last_seq;
COMMENT ON VIEW v_transcript IS
    'One row per event, with the names under which seats were shown and the models that acted then.';

CREATE VIEW v_message_counts AS
SELECT episode_key, count(*) AS messages
FROM events
WHERE kind = 'say' AND trim(text) <> ''
GROUP BY episode_key;
COMMENT ON VIEW v_message_counts IS 'Messages that are not empty, by episode.';

CREATE VIEW v_actions AS
SELECT
    a.*,
    ep.environment,
    ep.status AS episode_status,
    ep.exclusion,
    s.position,
    s.role,
    s.name,
    s.model,
    s.model_id,
    s.persona_key
FROM actions AS a
JOIN episodes AS ep USING (episode_key)
LEFT JOIN seats AS s ON s.episode_key = a.episode_key AND s.seat = a.seat;
COMMENT ON VIEW v_actions IS 'One row per question put to a seat, with its seat and episode.';

-- A seat that is not there sees nothing, unless it comes back and reads what it missed.
CREATE VIEW v_visible AS
WITH changed AS (
    SELECT
        *,
        lead(from_seq) OVER (
            PARTITION BY episode_key, audience ORDER BY from_seq
        ) AS until_seq
    FROM audiences
),
member AS (
    SELECT episode_key, audience, from_seq, until_seq, unnest(seats) AS seat FROM changed
),
presence AS (
    SELECT
        episode_key,
        target AS seat,
        seq,
        json_extract_string(data, '$.state') AS state,
        lead(seq, 1, 9223372036854775807) OVER later AS next_seq,
        lead(json_extract_string(data, '$.past')) OVER later AS reads_past
    FROM events
    WHERE
        (kind = 'intervene' OR (kind = 'state' AND item = 'awaited'))
        AND json_extract_string(data, '$.state') IN ('active', 'left', 'awaited')
    WINDOW later AS (PARTITION BY episode_key, target ORDER BY seq)
),
away AS (
    SELECT * FROM presence
    WHERE state IN ('left', 'awaited') AND reads_past IS DISTINCT FROM 'true'
)
SELECT e.episode_key, e.seq, s.seat
FROM events AS e
JOIN seats AS s ON s.episode_key = e.episode_key AND e.audience IN ('everyone', s.seat)
ANTI JOIN away
    ON away.episode_key = e.episode_key AND away.seat = s.seat
    AND away.seq <= e.seq AND e.seq < away.next_seq
UNION ALL
SELECT e.episode_key, e.seq, m.seat
FROM events AS e
JOIN member AS m
    ON m.episode_key = e.episode_key AND m.audience = e.audience AND m.from_seq <= e.seq
    AND (m.until_seq IS NULL OR e.seq < m.until_seq)
ANTI JOIN away
    ON away.episode_key = e.episode_key AND away.seat = m.seat
    AND away.seq <= e.seq AND e.seq < away.next_seq;
COMMENT ON VIEW v_visible IS 'One row per event and seat that could see it.';

-- A payment is two transfers that share data.transaction: -amount of who pays, +amount of who is
-- paid. Both carry data.net = true.
CREATE VIEW v_trades AS
WITH moved AS (
    SELECT
        e.episode_key,
        e.unit_key,
        json_extract_string(e.data, '$.transaction') AS transaction,
        e.seq,
        e.round,
        e.turn,
        e.actor,
        e.item,
        e.value,
        CASE WHEN json_type(e.data, '$.items') = 'ARRAY'
            THEN json_extract_string(e.data, '$.items[*]') END AS items
    FROM events AS e
    WHERE e.kind = 'transfer' AND json_extract_string(e.data, '$.net') = 'true'
)
SELECT
    episode_key,
    any_value(unit_key) AS unit_key,
    transaction,
    min(seq) AS seq,
    min(round) AS round,
    min(turn) AS turn,
    arg_min(actor, value) AS customer,
    arg_max(actor, value) AS business,
    coalesce(any_value(items), list(DISTINCT item) FILTER (item IS NOT NULL), []) AS items,
    max(value) AS amount
FROM moved
GROUP BY episode_key, transaction;
COMMENT ON VIEW v_trades IS
    'One row per payment: who paid whom how much for which items.';

CREATE VIEW v_harvests AS
SELECT
    w.episode_key,
    w.unit_key,
    ep.status AS episode_status,
    ep.exclusion,
    w.round,
    w.actor AS seat,
    s.name,
    s.model,
    s.model_id,
    s.persona_key,
    json_extract(w.data, '$.stock')::DOUBLE AS stock,
    w.value AS wanted,
    g.value AS got,
    w.call_key
FROM events AS w
JOIN episodes AS ep USING (episode_key)
JOIN events AS g
    ON g.episode_key = w.episode_key AND g.turn = w.turn AND g.kind = 'transfer'
    AND g.item = 'stock' AND g.target = w.actor
LEFT JOIN seats AS s ON s.episode_key = w.episode_key AND s.seat = w.actor
WHERE w.kind = 'choose' AND w.item = 'harvest';
COMMENT ON VIEW v_harvests IS
    'One row per harvest of a seat from a commons: what was there, what it wanted and got.';

CREATE VIEW v_exposures AS
SELECT
    x.call_key,
    x.episode_key,
    x.seat,
    unnest(range(x.span.first, x.span.last + 1)) AS seq
FROM (SELECT call_key, episode_key, seat, unnest(seqs) AS span FROM exposures) AS x;
COMMENT ON VIEW v_exposures IS 'One row per event that a prompt showed.';

CREATE VIEW v_message_exposures AS
SELECT x.episode_key, x.seq, x.span.first AS first_seq, x.span.last AS last_seq
FROM (
    SELECT e.episode_key, e.seq, unnest(x.seqs) AS span
    FROM events AS e JOIN exposures AS x USING (call_key)
    WHERE e.kind = 'say'
) AS x
UNION ALL
SELECT e.episode_key, e.seq, NULL, NULL
FROM events AS e JOIN exposures AS x USING (call_key)
WHERE e.kind = 'say' AND len(x.seqs) = 0;
COMMENT ON VIEW v_message_exposures IS
    'One row per run of consecutive events that the prompt of a message had shown; one without '
    'numbers where it had shown none. Messages that were brought in have no row.';
