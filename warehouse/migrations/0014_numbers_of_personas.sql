-- A number may be of a persona.

ALTER TABLE metrics ADD COLUMN persona_key VARCHAR;
