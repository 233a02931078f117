-- A call names the schema of its answer by what it is.

ALTER TABLE "calls" RENAME COLUMN "shape" TO "answer_schema";
ALTER TABLE "earlier_calls" RENAME COLUMN "shape" TO "answer_schema";
