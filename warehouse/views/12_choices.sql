-- What was shown to who chose, alternative by alternative: the table that choice models are fitted to.

CREATE VIEW v_choice_sets AS
SELECT
    o.episode_key,
    o.unit_key,
    ep.status AS episode_status,
    ep.exclusion,
    o.round,
    o.turn,
    o.target AS seat,
    s.name,
    coalesce(shown.model, s.model) AS model,
    s.model_id,
    s.persona_key,
    json_extract_string(o.data, '$.task') AS task,
    json_extract_string(o.data, '$.requirement') AS requirement,
    o.item AS product,
    json_extract_string(o.data, '$.title') AS title,
    json_extract(o.data, '$.position')::BIGINT AS position,
    json_extract(o.data, '$.row')::BIGINT AS grid_row,
    json_extract(o.data, '$.column')::BIGINT AS grid_column,
    o.value AS price,
    json_extract(o.data, '$.rating')::DOUBLE AS rating,
    json_extract(o.data, '$.reviews')::BIGINT AS reviews,
    json_extract_string(o.data, '$.brand') AS brand,
    json_extract_string(o.data, '$.colour') AS colour,
    json_extract(o.data, '$.sponsored')::BOOLEAN AS sponsored,
    json_extract(o.data, '$.overall_pick')::BOOLEAN AS overall_pick,
    json_extract(o.data, '$.stock')::BIGINT AS stock,
    json_extract(o.data, '$.right')::BOOLEAN AS "right",
    c.value = json_extract(o.data, '$.position')::BIGINT AS chosen,
    c.call_key
FROM events AS o
JOIN episodes AS ep USING (episode_key)
LEFT JOIN seats AS s ON s.episode_key = o.episode_key AND s.seat = o.target
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = o.episode_key AND shown.seat = o.target
    AND shown.from_seq <= o.seq AND o.seq <= shown.last_seq
LEFT JOIN events AS c
    ON c.episode_key = o.episode_key AND c.turn = o.turn AND c.kind = 'choose'
    AND c.actor = o.target
WHERE o.kind = 'offer' AND ep.environment = 'product_choice';
COMMENT ON VIEW v_choice_sets IS
    'One row per listing that was shown to who chose, and whether it was chosen; null where nobody did.';

CREATE VIEW v_bids AS
SELECT
    worth.episode_key,
    worth.unit_key,
    ep.status AS episode_status,
    ep.exclusion,
    worth.round,
    worth.target AS seat,
    s.name,
    coalesce(shown.model, s.model) AS model,
    s.persona_key,
    worth.value AS worth,
    bid.value AS bid,
    gone.value AS left_at,
    coalesce(sold.target = worth.target, false) AS won,
    sold.value AS price,
    bid.call_key
FROM events AS worth
JOIN episodes AS ep USING (episode_key)
LEFT JOIN seats AS s ON s.episode_key = worth.episode_key AND s.seat = worth.target
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = worth.episode_key AND shown.seat = worth.target
    AND shown.from_seq <= worth.seq AND worth.seq <= shown.last_seq
LEFT JOIN events AS bid
    ON bid.episode_key = worth.episode_key AND bid.round = worth.round AND bid.kind = 'bid'
    AND bid.actor = worth.target
LEFT JOIN events AS gone
    ON gone.episode_key = worth.episode_key AND gone.round = worth.round
    AND gone.kind = 'choose' AND gone.item = 'leave' AND gone.actor = worth.target
LEFT JOIN events AS sold
    ON sold.episode_key = worth.episode_key AND sold.round = worth.round
    AND sold.kind = 'state' AND sold.item = 'sold'
WHERE worth.kind = 'chance' AND worth.item = 'value' AND ep.environment = 'auction';
COMMENT ON VIEW v_bids IS
    'One row per seat and auction: what the thing was worth to it, what it bid or at which price it '
    'left, whether it won, and the price of the auction.';
