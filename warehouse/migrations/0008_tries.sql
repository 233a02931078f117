-- Runs are on record, so that every call belongs to the version whose run made it. What a later try
-- of a unit replaces is kept beside it.

CREATE TABLE "runs" (
    "run_id" VARCHAR NOT NULL,
    "study_version" VARCHAR NOT NULL,
    "began_at" TIMESTAMP NOT NULL
);

-- Of earlier runs the first and the last of every version are known.
INSERT INTO "runs"
SELECT 'not on record', study_version, unnest(list_distinct([created_at, last_run_at]))
FROM "studies";

CREATE TABLE "earlier_units" (
    "unit_key" VARCHAR NOT NULL,
    "stage" VARCHAR NOT NULL,
    "step" VARCHAR NOT NULL,
    "label" VARCHAR NOT NULL,
    "status" VARCHAR NOT NULL,
    "failure_kind" VARCHAR,
    "failure" VARCHAR,
    "n_rows" BIGINT NOT NULL,
    "code_version" VARCHAR NOT NULL,
    "run_id" VARCHAR NOT NULL,
    "committed_at" TIMESTAMP NOT NULL
);

CREATE TABLE "earlier_calls" (
    "call_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "ordinal" BIGINT NOT NULL,
    "purpose" VARCHAR NOT NULL,
    "subject" VARCHAR NOT NULL,
    "model" VARCHAR NOT NULL,
    "api_base" VARCHAR,
    "params" JSON NOT NULL,
    "shape" VARCHAR,
    "reask_of" VARCHAR,
    "base_call_key" VARCHAR,
    "base_messages" BIGINT NOT NULL,
    "added_messages" VARCHAR[] NOT NULL,
    "status" VARCHAR NOT NULL,
    "text" VARCHAR,
    "raw" JSON NOT NULL,
    "finish_reason" VARCHAR,
    "model_returned" VARCHAR,
    "prompt_tokens" BIGINT,
    "completion_tokens" BIGINT,
    "cost_usd" DOUBLE,
    "latency_s" DOUBLE,
    "attempts" BIGINT NOT NULL,
    "error_kind" VARCHAR,
    "error" VARCHAR,
    "asked_at" TIMESTAMP NOT NULL
);

CREATE TABLE "earlier_attempts" (
    "call_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "attempt" BIGINT NOT NULL,
    "kind" VARCHAR NOT NULL,
    "status_code" BIGINT,
    "message" VARCHAR,
    "waited_s" DOUBLE NOT NULL,
    "latency_s" DOUBLE NOT NULL,
    "asked_at" TIMESTAMP NOT NULL
);

-- Made again when the warehouse is opened, with the digest of the files that the views are made of.
DROP TABLE IF EXISTS "schema_views";
