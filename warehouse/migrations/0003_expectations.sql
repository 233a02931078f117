-- Checks of data sets at the end of a stage stand beside checks of rows at a commit.
ALTER TABLE "validations" ADD COLUMN "study_version" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "stage" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "condition" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "severity" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "declared_by" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "expected" VARCHAR;
ALTER TABLE "validations" ADD COLUMN "observed" VARCHAR;
