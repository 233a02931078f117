-- What versions consisted of when they were first complete; of earlier ones, when they are run again.

CREATE TABLE "complete_units" (
    "study_version" VARCHAR NOT NULL,
    "stage" VARCHAR NOT NULL,
    "step" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL,
    "condition" VARCHAR NOT NULL,
    "replicate" BIGINT NOT NULL,
    "label" VARCHAR NOT NULL
);
