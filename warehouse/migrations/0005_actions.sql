-- Actions, audiences by name and responses; episodes that their rules ended are terminated.

CREATE TABLE "actions" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "turn" BIGINT NOT NULL,
    "round" BIGINT NOT NULL,
    "seat" VARCHAR NOT NULL,
    "ask" VARCHAR NOT NULL,
    "call_key" VARCHAR,
    "valid" BOOLEAN NOT NULL,
    "attempts" BIGINT NOT NULL,
    "fallback" BOOLEAN NOT NULL,
    "absent" BOOLEAN NOT NULL,
    "answer" JSON
);

CREATE TABLE "audiences" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "audience" VARCHAR NOT NULL,
    "from_seq" BIGINT NOT NULL,
    "seats" VARCHAR[] NOT NULL
);

CREATE TABLE "responses" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "after_rounds" BIGINT NOT NULL,
    "after_turns" BIGINT NOT NULL,
    "seat" VARCHAR NOT NULL,
    "instrument" VARCHAR NOT NULL,
    "item" VARCHAR NOT NULL,
    "value" DOUBLE,
    "text" VARCHAR,
    "call_key" VARCHAR
);

-- An action is what its events said of it. Its answer is the text of its call where that is a JSON
-- object, and else the words of its event; where a fallback was taken, it is not known any more.
INSERT INTO "actions" BY NAME
WITH asked AS (
    SELECT
        e.episode_key,
        any_value(e.unit_key) AS unit_key,
        e.turn,
        min(e.round) AS round,
        e.actor AS seat,
        any_value(CASE
            WHEN ep.environment = 'discussion' THEN 'turn'
            WHEN ep.environment = 'market' THEN s.role
            ELSE 'action'
        END) AS ask,
        any_value(e.call_key) AS call_key,
        bool_and(e.valid) AS valid,
        greatest(max(e.attempts), 1) AS attempts,
        bool_or(e.fallback) AS fallback,
        bool_or(ep.source = 'import' AND NOT e.valid) AS absent,
        any_value(e.text) FILTER (e.kind = 'say') AS said
    FROM "events" AS e
    JOIN "episodes" AS ep USING (episode_key)
    JOIN "seats" AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
    WHERE e.attempts > 0 OR NOT e.valid
    GROUP BY e.episode_key, e.turn, e.actor
)
SELECT
    asked.episode_key, asked.unit_key, turn, round, seat, ask, call_key, valid, asked.attempts,
    fallback, absent,
    CASE
        WHEN NOT valid THEN NULL
        WHEN json_valid(c.text) AND json_type(c.text) = 'OBJECT' THEN c.text::JSON
        WHEN coalesce(c.text, said) IS NOT NULL
            THEN json_object('text', trim(coalesce(c.text, said)))
    END AS answer
FROM asked LEFT JOIN "calls" AS c USING (call_key);

-- Lists of seats become audiences that are named after their members.
INSERT INTO "audiences" BY NAME
SELECT
    episode_key,
    any_value(unit_key) AS unit_key,
    array_to_string(list_sort(visible_to), '+') AS audience,
    min(seq) AS from_seq,
    list_sort(visible_to) AS seats
FROM "events"
WHERE len(visible_to) > 1
GROUP BY episode_key, list_sort(visible_to);

CREATE TABLE "events_with_audience" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "seq" BIGINT NOT NULL,
    "round" BIGINT NOT NULL,
    "turn" BIGINT NOT NULL,
    "phase" VARCHAR NOT NULL,
    "kind" VARCHAR NOT NULL,
    "actor" VARCHAR NOT NULL,
    "target" VARCHAR,
    "item" VARCHAR,
    "value" DOUBLE,
    "text" VARCHAR,
    "data" JSON NOT NULL,
    "audience" VARCHAR NOT NULL,
    "call_key" VARCHAR
);

-- Events that only said that a seat had been asked are actions now.
INSERT INTO "events_with_audience" BY NAME
SELECT
    "episode_key", "unit_key", "seq", "round", "turn", "phase", "kind", "actor", "target", "item",
    "value", "text", "data",
    CASE
        WHEN visible_to IS NULL THEN 'everyone'
        WHEN len(visible_to) = 0 THEN 'nobody'
        ELSE array_to_string(list_sort(visible_to), '+')
    END AS audience,
    call_key
FROM "events"
WHERE NOT (kind = 'ask' AND attempts > 0 AND coalesce(len(visible_to), 1) = 0);

DROP TABLE "events";
ALTER TABLE "events_with_audience" RENAME TO "events";

-- Rules ended what was called complete, and every episode that was run and ended by its rules,
-- before its planned rounds or not. A market that was closed at its last round was ended by them.
UPDATE "episodes" SET status = 'terminated'
WHERE status = 'complete' OR (source = 'run' AND status = 'incomplete' AND end_reason = 'rules');
UPDATE "episodes" SET status = 'terminated', end_reason = 'rules'
WHERE source = 'run' AND environment = 'market' AND status = 'truncated';
