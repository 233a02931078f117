-- Requests are stored as what they add to an earlier one; this puts them together again.
-- The first base_parts parts are those of the request of base_call_key, then come parts.

CREATE VIEW v_requests AS
WITH RECURSIVE whole AS (
    SELECT call_key, parts AS digests FROM calls WHERE base_call_key IS NULL
    UNION ALL
    SELECT c.call_key, list_concat(whole.digests[1:c.base_parts], c.parts)
    FROM calls AS c JOIN whole ON c.base_call_key = whole.call_key
)
FROM whole;
COMMENT ON VIEW v_requests IS 'One row per call: digests of all parts of its request, in order.';

CREATE VIEW v_calls AS
WITH shown AS (
    SELECT r.call_key, list({'role': p.role, 'text': p.text} ORDER BY r.place) AS messages
    FROM (
        SELECT call_key, unnest(digests) AS digest, generate_subscripts(digests, 1) AS place
        FROM v_requests
    ) AS r
    LEFT JOIN parts AS p USING (digest)
    GROUP BY r.call_key
)
SELECT
    c.call_key,
    c.unit_key,
    c.ordinal,
    c.purpose,
    c.subject,
    c.model,
    coalesce(shown.messages, []) AS messages,
    c.status,
    c.text,
    c.finish_reason,
    c.model_returned,
    c.prompt_tokens,
    c.completion_tokens,
    c.cost_usd,
    c.latency_s,
    c.attempts,
    c.error_kind,
    c.error,
    c.asked_at,
    c.params
FROM calls AS c
LEFT JOIN shown USING (call_key);
COMMENT ON VIEW v_calls IS
    'One row per call with its whole request: messages is a list of {role, text}.';
