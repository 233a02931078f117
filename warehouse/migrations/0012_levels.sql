-- A unit is a piece of work: numbers say how many episodes, messages, ... they are made of, and
-- codebooks at which level they code.

ALTER TABLE metrics RENAME COLUMN n_units TO n_measured;
UPDATE codebooks
SET spec = regexp_replace(spec::VARCHAR, '"unit": ?"(message|turn|episode|pair)"', '"level":"\1"')::JSON;
UPDATE studies
SET spec = regexp_replace(spec::VARCHAR, '"unit": ?"(message|turn|episode|pair)"', '"level":"\1"')::JSON
WHERE regexp_matches(spec::VARCHAR, '"unit": ?"(message|turn|episode|pair)"');
