-- Personas have relations, keep rules or break them, have attributes out of taxonomies, and are made
-- from profiles or by a search.

CREATE TABLE "population_rules" (
    "population_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "rule" VARCHAR NOT NULL,
    "severity" VARCHAR NOT NULL,
    "about" BIGINT NOT NULL,
    "broken" BIGINT NOT NULL,
    "pass_rate" DOUBLE NOT NULL,
    "least_pass_rate" DOUBLE NOT NULL
);
CREATE TABLE "persona_relations" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "other_key" VARCHAR NOT NULL,
    "relation" VARCHAR NOT NULL,
    "strength" DOUBLE NOT NULL,
    "symmetric" BOOLEAN NOT NULL
);
CREATE TABLE "persona_checks" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "rule" VARCHAR NOT NULL,
    "detail" VARCHAR NOT NULL
);

ALTER TABLE "persona_attributes" ALTER COLUMN "value" DROP NOT NULL;
ALTER TABLE "persona_attributes" ADD COLUMN "depth" BIGINT;
ALTER TABLE "persona_attributes" ADD COLUMN "category" VARCHAR;
ALTER TABLE "persona_attributes" ADD COLUMN "stratum" VARCHAR;
ALTER TABLE "persona_attributes" ADD COLUMN "similarity" DOUBLE;
ALTER TABLE "persona_attributes" ADD COLUMN "similarity_measure" VARCHAR;
ALTER TABLE "persona_attributes" ADD COLUMN "ordinal" BIGINT;

CREATE TABLE "candidates" (
    "search_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "generation" BIGINT NOT NULL,
    "candidate" BIGINT NOT NULL,
    "weights" JSON NOT NULL,
    "answers" JSON NOT NULL,
    "fitness" DOUBLE NOT NULL
);

CREATE TABLE "profiles" (
    "unit_key" VARCHAR NOT NULL,
    "field" VARCHAR NOT NULL,
    "value" VARCHAR NOT NULL,
    "call_key" VARCHAR NOT NULL
);
