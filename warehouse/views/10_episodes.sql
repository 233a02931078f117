-- What was said, traded and seen, with the columns that an analyst wants beside it.

CREATE VIEW v_messages AS
SELECT
    e.episode_key,
    e.unit_key,
    ep.collection,
    ep.series,
    ep.environment,
    ep.status AS episode_status,
    ep.exclusion,
    e.seq,
    e.round,
    e.turn,
    e.phase,
    e.actor AS seat,
    s.position,
    s.role,
    s.name,
    s.model,
    s.model_id,
    s.persona_key,
    e.target,
    e.text,
    length(e.text) AS characters,
    len(list_filter(
        string_split(translate(e.text, chr(9) || chr(10) || chr(13), '   '), ' '),
        lambda word: word <> ''
    )) AS words,
    e.visible_to,
    e.valid,
    e.attempts,
    e.fallback,
    e.call_key,
    e.data
FROM events AS e
JOIN episodes AS ep USING (episode_key)
LEFT JOIN seats AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
WHERE e.kind = 'say';
COMMENT ON VIEW v_messages IS 'One row per message: say events with their seat and episode.';

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

CREATE VIEW v_exposures AS
SELECT
    x.call_key,
    x.episode_key,
    x.seat,
    unnest(range(x.span.first, x.span.last + 1)) AS seq
FROM (SELECT call_key, episode_key, seat, unnest(seqs) AS span FROM exposures) AS x;
COMMENT ON VIEW v_exposures IS 'One row per event that a prompt showed.';
