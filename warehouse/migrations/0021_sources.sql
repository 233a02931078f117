-- What was declared of imported data. Of earlier imports nothing is known; import them again to say it.

CREATE TABLE "sources" (
    "source" VARCHAR NOT NULL,
    "licence" VARCHAR NOT NULL,
    "citation" VARCHAR NOT NULL,
    "unit_key" VARCHAR NOT NULL
);
