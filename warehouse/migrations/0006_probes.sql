-- Calls that were made for probes say so; re-asks of one question share its number.

UPDATE "calls" SET "purpose" = 'probe'
WHERE ("unit_key", "ordinal") IN (
    SELECT "unit_key", "ordinal"
    FROM "calls"
    WHERE "call_key" IN (SELECT "call_key" FROM "responses")
);
