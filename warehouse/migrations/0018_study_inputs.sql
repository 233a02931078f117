-- The units from outside that versions read. Of earlier runs, the collections that they name are known.

CREATE TABLE "study_inputs" (
    "study_version" VARCHAR NOT NULL,
    "step" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL
);

INSERT INTO "study_inputs"
SELECT st.study_version, 'study', e.unit_key
FROM "studies" AS st
JOIN "episodes" AS e ON e.collection = (st.spec ->> '$.imported.collection');
