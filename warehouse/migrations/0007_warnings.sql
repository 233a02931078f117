-- What a reader must know of a number; the family of a comparison and the smallest p it can have.

ALTER TABLE "metrics" ADD COLUMN "warning" VARCHAR;
ALTER TABLE "contrasts" ADD COLUMN "family_size" BIGINT;
ALTER TABLE "contrasts" ADD COLUMN "p_least" DOUBLE;
