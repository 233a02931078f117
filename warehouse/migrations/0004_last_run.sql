-- A version of a study says when it was last run. Of earlier runs the best that is known is when
-- units were committed that no other version has.

CREATE TABLE "studies_then" AS FROM "studies";
DROP TABLE "studies";
CREATE TABLE "studies" (
    "study_version" VARCHAR NOT NULL,
    "name" VARCHAR NOT NULL,
    "spec" JSON NOT NULL,
    "yaml" VARCHAR NOT NULL,
    "path" VARCHAR NOT NULL,
    "code_version" VARCHAR NOT NULL,
    "created_at" TIMESTAMP NOT NULL,
    "last_run_at" TIMESTAMP NOT NULL
);
INSERT INTO "studies" BY NAME
WITH own AS (
    SELECT unit_key, min(study_version) AS study_version
    FROM study_units
    GROUP BY unit_key
    HAVING count(DISTINCT study_version) = 1
),
worked AS (
    SELECT study_version, max(committed_at) AS committed_at
    FROM own JOIN units USING (unit_key)
    GROUP BY study_version
)
SELECT studies_then.*, greatest(created_at, committed_at) AS last_run_at
FROM "studies_then" LEFT JOIN worked USING (study_version);
DROP TABLE "studies_then";
