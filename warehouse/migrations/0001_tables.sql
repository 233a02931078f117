-- The tables of the first schema.

CREATE TABLE "studies" (
    "study_version" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "spec" JSON NOT NULL,
    "yaml" VARCHAR NOT NULL,
    "path" VARCHAR NOT NULL,
    "code_version" VARCHAR NOT NULL,
    "created_at" TIMESTAMP NOT NULL
);

CREATE TABLE "study_units" (
    "study_version" VARCHAR NOT NULL,
    "stage" VARCHAR NOT NULL,
    "step" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "condition" VARCHAR NOT NULL,
    "replicate" BIGINT NOT NULL,
    "label" VARCHAR NOT NULL
);

CREATE TABLE "units" (
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

CREATE TABLE "codebooks" (
    "codebook_digest" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "spec" JSON NOT NULL
);

CREATE TABLE "catalogues" (
    "name" VARCHAR NOT NULL,
    "catalogue_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "source" VARCHAR NOT NULL
);

CREATE TABLE "customers" (
    "catalogue_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "customer" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "request" VARCHAR NOT NULL,
    "menu_features" JSON NOT NULL,
    "amenity_features" VARCHAR[] NOT NULL
);

CREATE TABLE "businesses" (
    "catalogue_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "business" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "description" VARCHAR NOT NULL,
    "rating" DOUBLE NOT NULL,
    "progenitor_customer" VARCHAR,
    "menu_features" JSON NOT NULL,
    "amenity_features" JSON NOT NULL,
    "min_price_factor" DOUBLE
);

CREATE TABLE "populations" (
    "population_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "method" VARCHAR NOT NULL,
    "seed" BIGINT NOT NULL,
    "spec" JSON NOT NULL
);

CREATE TABLE "population_targets" (
    "population_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "dimension" VARCHAR NOT NULL,
    "category" VARCHAR NOT NULL,
    "target_share" DOUBLE NOT NULL
);

CREATE TABLE "personas" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "population_key" VARCHAR NOT NULL,
    "position" BIGINT NOT NULL,
    "name" VARCHAR NOT NULL,
    "biography" VARCHAR NOT NULL,
    "call_key" VARCHAR
);

CREATE TABLE "persona_traits" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "inventory" VARCHAR NOT NULL,
    "trait" VARCHAR NOT NULL,
    "score" DOUBLE NOT NULL,
    "level" VARCHAR NOT NULL,
    "assigned" BOOLEAN NOT NULL
);

CREATE TABLE "persona_attributes" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "attribute" VARCHAR NOT NULL,
    "value" VARCHAR NOT NULL,
    "provenance" VARCHAR NOT NULL
);

CREATE TABLE "calls" (
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
    "base_parts" BIGINT NOT NULL,
    "parts" VARCHAR[] NOT NULL,
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

CREATE TABLE "attempts" (
    "call_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "attempt" BIGINT NOT NULL,
    "kind" VARCHAR NOT NULL,
    "status_code" BIGINT,
    "message" VARCHAR,
    "waited_s" DOUBLE NOT NULL,
    "latency_s" DOUBLE NOT NULL
);

CREATE TABLE "parts" (
    "digest" VARCHAR NOT NULL,
    "role" VARCHAR NOT NULL,
    "text" VARCHAR NOT NULL
);

CREATE TABLE "episodes" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "source" VARCHAR NOT NULL,
    "environment" VARCHAR NOT NULL,
    "collection" VARCHAR,
    "series" VARCHAR,
    "label" VARCHAR NOT NULL,
    "brief" VARCHAR,
    "params" JSON NOT NULL,
    "seed" BIGINT,
    "status" VARCHAR NOT NULL,
    "end_reason" VARCHAR NOT NULL,
    "planned_rounds" BIGINT,
    "completed_rounds" BIGINT NOT NULL,
    "exclusion" VARCHAR,
    "recorded_at" TIMESTAMP
);

CREATE TABLE "seats" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "seat" VARCHAR NOT NULL,
    "position" BIGINT NOT NULL,
    "role" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "model" VARCHAR NOT NULL,
    "model_id" VARCHAR NOT NULL,
    "persona_key" VARCHAR
);

CREATE TABLE "events" (
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
    "visible_to" VARCHAR[],
    "valid" BOOLEAN NOT NULL,
    "attempts" BIGINT NOT NULL,
    "fallback" BOOLEAN NOT NULL,
    "call_key" VARCHAR
);

CREATE TABLE "exposures" (
    "call_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "episode_key" VARCHAR NOT NULL,
    "seat" VARCHAR NOT NULL,
    "seqs" STRUCT("first" BIGINT, "last" BIGINT)[] NOT NULL
);

CREATE TABLE "outcomes" (
    "episode_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "scope" VARCHAR NOT NULL,
    "subject" VARCHAR NOT NULL,
    "other" VARCHAR,
    "round" BIGINT,
    "metric" VARCHAR NOT NULL,
    "value" DOUBLE,
    "label" VARCHAR
);

CREATE TABLE "codes" (
    "unit_key" VARCHAR NOT NULL,
    "episode_key" VARCHAR NOT NULL,
    "seq" BIGINT,
    "other_seq" BIGINT,
    "codebook_digest" VARCHAR NOT NULL,
    "flag" VARCHAR NOT NULL,
    "coder" VARCHAR NOT NULL,
    "coder_kind" VARCHAR NOT NULL,
    "value" DOUBLE,
    "evidence" VARCHAR,
    "problem" VARCHAR,
    "call_key" VARCHAR
);

CREATE TABLE "labels" (
    "unit_key" VARCHAR NOT NULL,
    "episode_key" VARCHAR NOT NULL,
    "seq" BIGINT,
    "other_seq" BIGINT,
    "codebook_digest" VARCHAR NOT NULL,
    "flag" VARCHAR NOT NULL,
    "rule" VARCHAR NOT NULL,
    "value" DOUBLE,
    "probability" DOUBLE,
    "n_codes" BIGINT NOT NULL
);

CREATE TABLE "samples" (
    "sample_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "episode_key" VARCHAR NOT NULL,
    "seq" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "stratum" VARCHAR NOT NULL,
    "inclusion_probability" DOUBLE NOT NULL,
    "codebook_digest" VARCHAR NOT NULL
);

CREATE TABLE "metrics" (
    "unit_key" VARCHAR NOT NULL,
    "metric" VARCHAR NOT NULL,
    "options" JSON NOT NULL,
    "rule" VARCHAR,
    "scope" VARCHAR NOT NULL,
    "condition" VARCHAR NOT NULL,
    "episode_key" VARCHAR,
    "subject" VARCHAR NOT NULL,
    "value" DOUBLE,
    "ci_low" DOUBLE,
    "ci_high" DOUBLE,
    "null_mean" DOUBLE,
    "null_sd" DOUBLE,
    "p_null" DOUBLE,
    "n_units" BIGINT NOT NULL,
    "n_excluded" BIGINT NOT NULL,
    "method" VARCHAR NOT NULL
);

CREATE TABLE "contrasts" (
    "unit_key" VARCHAR NOT NULL,
    "contrast" VARCHAR NOT NULL,
    "family" VARCHAR NOT NULL,
    "specification" VARCHAR NOT NULL,
    "metric" VARCHAR NOT NULL,
    "subject" VARCHAR NOT NULL,
    "rule" VARCHAR,
    "condition_a" VARCHAR NOT NULL,
    "condition_b" VARCHAR NOT NULL,
    "test" VARCHAR NOT NULL,
    "statistic" DOUBLE,
    "effect" DOUBLE,
    "effect_name" VARCHAR NOT NULL,
    "ci_low" DOUBLE,
    "ci_high" DOUBLE,
    "p" DOUBLE,
    "p_adjusted" DOUBLE,
    "correction" VARCHAR NOT NULL,
    "n_a" BIGINT NOT NULL,
    "n_b" BIGINT NOT NULL,
    "n_excluded" BIGINT NOT NULL,
    "factors" VARCHAR[] NOT NULL,
    "warning" VARCHAR,
    "method" VARCHAR NOT NULL
);

CREATE TABLE "validations" (
    "batch" VARCHAR NOT NULL,
    "table_name" VARCHAR NOT NULL,
    "check_name" VARCHAR NOT NULL,
    "source" VARCHAR NOT NULL,
    "passed" BOOLEAN NOT NULL,
    "n_rows" BIGINT NOT NULL,
    "n_failed" BIGINT NOT NULL,
    "detail" JSON NOT NULL,
    "run_id" VARCHAR NOT NULL,
    "checked_at" TIMESTAMP NOT NULL
);

CREATE TABLE "quarantine" (
    "batch" VARCHAR NOT NULL,
    "table_name" VARCHAR NOT NULL,
    "row_number" BIGINT NOT NULL,
    "unit_key" VARCHAR,
    "reason" VARCHAR NOT NULL,
    "row" JSON NOT NULL,
    "run_id" VARCHAR NOT NULL,
    "quarantined_at" TIMESTAMP NOT NULL
);
