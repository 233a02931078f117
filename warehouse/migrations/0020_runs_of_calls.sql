-- Runs may go on side by side, so a call says which run asked it. Of older calls the time says it:
-- one process wrote a warehouse then, and runs followed one another.

ALTER TABLE "calls" ADD COLUMN "run_id" VARCHAR;
ALTER TABLE "earlier_calls" ADD COLUMN "run_id" VARCHAR;
ALTER TABLE "uncommitted_calls" ADD COLUMN "run_id" VARCHAR;
