-- A population is drawn whole: it says its size and how it was made, how well it meets its targets,
-- and texts about its personas are rows of their own.

CREATE TABLE "populations_then" AS FROM "populations";
DROP TABLE "populations";
CREATE TABLE "populations" (
    "population_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "method" VARCHAR NOT NULL,
    "size" BIGINT NOT NULL,
    "seed" BIGINT NOT NULL,
    "spec" JSON NOT NULL,
    "figures" JSON NOT NULL
);
INSERT INTO "populations" BY NAME
SELECT
    *,
    (SELECT count(*) FROM "personas" WHERE personas.population_key = held.population_key) AS size,
    '{}' AS figures
FROM "populations_then" AS held;
DROP TABLE "populations_then";

ALTER TABLE "population_targets" ADD COLUMN "realised_share" DOUBLE;

CREATE TABLE "population_fits" (
    "population_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "dimension" VARCHAR NOT NULL,
    "cells" BIGINT NOT NULL,
    "total_variation" DOUBLE NOT NULL,
    "tolerance" DOUBLE NOT NULL,
    "chi_square" DOUBLE,
    "p" DOUBLE,
    "jensen_shannon" DOUBLE NOT NULL,
    "standardised_error" DOUBLE NOT NULL,
    "source" VARCHAR NOT NULL,
    "vintage" VARCHAR NOT NULL,
    "licence" VARCHAR NOT NULL
);

CREATE TABLE "persona_texts" (
    "unit_key" VARCHAR NOT NULL,
    "profile_key" VARCHAR NOT NULL,
    "kind" VARCHAR NOT NULL,
    "text" VARCHAR NOT NULL,
    "call_key" VARCHAR
);
INSERT INTO "persona_texts" BY NAME
SELECT unit_key, persona_key AS profile_key, 'biography' AS kind, biography AS text, call_key
FROM "personas"
WHERE biography <> '';

CREATE TABLE "personas_then" AS FROM "personas";
DROP TABLE "personas";
CREATE TABLE "personas" (
    "persona_key" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "population_key" VARCHAR NOT NULL,
    "position" BIGINT NOT NULL,
    "profile_key" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL
);
INSERT INTO "personas" BY NAME
SELECT persona_key, unit_key, population_key, position, persona_key AS profile_key, name
FROM "personas_then";
DROP TABLE "personas_then";

ALTER TABLE "persona_traits" ADD COLUMN "frequency" BIGINT;
ALTER TABLE "persona_traits" ADD COLUMN "depth" BIGINT;
ALTER TABLE "persona_traits" ADD COLUMN "threshold" BIGINT;
ALTER TABLE "persona_traits" ADD COLUMN "effort" BIGINT;
ALTER TABLE "persona_traits" ADD COLUMN "willingness" BIGINT;
