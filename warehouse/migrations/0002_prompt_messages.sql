-- A message of a prompt is called a prompt message, and calls say so in the names of their columns.

ALTER TABLE "parts" RENAME TO "prompt_messages";
ALTER TABLE "calls" RENAME COLUMN "base_parts" TO "base_messages";
ALTER TABLE "calls" RENAME COLUMN "parts" TO "added_messages";
