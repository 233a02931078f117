-- A request is stored as what it adds to an earlier one: its first base_messages messages are
-- those of the request of base_call_key, then come added_messages.

CREATE VIEW v_requests AS
WITH RECURSIVE whole AS (
    SELECT call_key, added_messages AS digests FROM calls WHERE base_call_key IS NULL
    UNION ALL
    SELECT c.call_key, list_concat(whole.digests[1:c.base_messages], c.added_messages)
    FROM calls AS c JOIN whole ON c.base_call_key = whole.call_key
)
FROM whole;
COMMENT ON VIEW v_requests IS
    'One row per call: digests of all messages of its request, in order. Made for all calls at once.';

-- v_calls walks back from a call to the first of its line, keeping of each request what the next one
-- took over. The walk is made for the calls that a query asks for, so name them (call_key,
-- unit_key, ordinal); use calls where messages do not matter.

CREATE VIEW v_calls AS
SELECT
    c.call_key,
    c.unit_key,
    c.ordinal,
    c.purpose,
    c.subject,
    c.model,
    (
        WITH RECURSIVE line AS (
            SELECT c.call_key AS node, 9223372036854775807 AS keep, 0 AS depth
            UNION ALL
            SELECT b.base_call_key, least(line.keep, b.base_messages), line.depth + 1
            FROM line JOIN calls AS b ON b.call_key = line.node
            WHERE b.base_call_key IS NOT NULL
        ),
        piece AS (
            SELECT
                line.depth,
                unnest(b.added_messages[1:line.keep - b.base_messages]) AS digest,
                generate_subscripts(b.added_messages[1:line.keep - b.base_messages], 1) AS place
            FROM line JOIN calls AS b ON b.call_key = line.node
            WHERE line.keep > b.base_messages
        )
        SELECT coalesce(
            list({'role': p.role, 'text': p.text} ORDER BY piece.depth DESC, piece.place), []
        )
        FROM piece LEFT JOIN prompt_messages AS p USING (digest)
    ) AS messages,
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
FROM calls AS c;
COMMENT ON VIEW v_calls IS
    'One row per call with its whole request: messages is a list of {role, text}. Name the calls '
    'that you want; use calls where messages do not matter.';

CREATE VIEW v_episode_tokens AS
SELECT
    c.unit_key AS episode_key,
    c.subject AS seat,
    any_value(s.role) AS role,
    any_value(c.model) AS model,
    count(*) AS calls,
    CASE WHEN count(c.prompt_tokens) = count(*) THEN sum(c.prompt_tokens)::BIGINT END AS prompt_tokens,
    CASE
        WHEN count(c.completion_tokens) = count(*) THEN sum(c.completion_tokens)::BIGINT
    END AS completion_tokens
FROM calls AS c
JOIN seats AS s ON s.episode_key = c.unit_key AND s.seat = c.subject
WHERE c.status = 'answered'
GROUP BY c.unit_key, c.subject;
COMMENT ON VIEW v_episode_tokens IS
    'One row per seat: answered calls of its episode that were made for it, and their tokens; null '
    'where a provider did not count them.';
