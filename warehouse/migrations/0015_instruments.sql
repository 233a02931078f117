-- Instruments are put to personas outside any episode, and to seats by probes: their answers say of
-- whom, which time, on which trait and by which key.

ALTER TABLE responses ALTER COLUMN episode_key DROP NOT NULL;
ALTER TABLE responses ALTER COLUMN after_rounds DROP NOT NULL;
ALTER TABLE responses ALTER COLUMN after_turns DROP NOT NULL;
ALTER TABLE responses ALTER COLUMN seat DROP NOT NULL;
ALTER TABLE responses ADD COLUMN administration VARCHAR DEFAULT 'probe';
ALTER TABLE responses ALTER COLUMN administration SET NOT NULL;
ALTER TABLE responses ALTER COLUMN administration DROP DEFAULT;
ALTER TABLE responses ADD COLUMN persona_key VARCHAR;
ALTER TABLE responses ADD COLUMN model VARCHAR;
ALTER TABLE responses ADD COLUMN "repeat" BIGINT DEFAULT 1;
ALTER TABLE responses ALTER COLUMN "repeat" SET NOT NULL;
ALTER TABLE responses ALTER COLUMN "repeat" DROP DEFAULT;
ALTER TABLE responses ADD COLUMN position BIGINT;
ALTER TABLE responses ADD COLUMN trait VARCHAR;
ALTER TABLE responses ADD COLUMN facet VARCHAR;
ALTER TABLE responses ADD COLUMN "key" BIGINT;
ALTER TABLE responses ADD COLUMN scored DOUBLE;
