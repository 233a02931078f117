-- Studies say when an episode is complete.

CREATE TABLE "exclusions" (
    "unit_key" VARCHAR NOT NULL,
    "episode_key" VARCHAR NOT NULL,
    "rule" VARCHAR NOT NULL,
    "value" DOUBLE NOT NULL,
    "bound" DOUBLE NOT NULL,
    "reason" VARCHAR NOT NULL
);
