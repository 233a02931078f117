-- Populations of the study that was run last, as an analyst asks for them.

CREATE VIEW v_population_targets AS
SELECT
    u.study,
    p.size,
    p.method,
    t.dimension,
    t.category,
    t.target_share,
    t.realised_share,
    t.realised_share - t.target_share AS difference,
    f.total_variation,
    f.tolerance,
    f.source,
    t.population_key,
    t.unit_key
FROM population_targets AS t
JOIN populations AS p USING (population_key)
LEFT JOIN population_fits AS f
    ON f.population_key = t.population_key AND f.dimension = t.dimension
JOIN (SELECT DISTINCT study, unit_key FROM v_units WHERE stage = 'personas') AS u
    ON u.unit_key = p.unit_key;
COMMENT ON VIEW v_population_targets IS
    'One row per cell of a target table: the share that was declared and the share that the '
    'population realises, with how far the whole table is off.';

CREATE VIEW v_personas AS
WITH worked AS (
    SELECT DISTINCT study, unit_key FROM v_units WHERE stage = 'personas'
),
-- What a model wrote takes the place of what the persona brought along under the same name.
texts AS (
    SELECT study, profile_key, map_from_entries(list({'key': kind, 'value': text} ORDER BY kind))
        AS texts
    FROM (
        SELECT w.study, x.profile_key, x.kind, arg_max(x.text, x.call_key IS NOT NULL) AS text
        FROM persona_texts AS x
        JOIN worked AS w USING (unit_key)
        GROUP BY w.study, x.profile_key, x.kind
    )
    GROUP BY study, profile_key
),
refused AS (
    SELECT w.study, q.row->>'profile_key' AS profile_key, any_value(q.reason) AS refused
    FROM quarantine AS q
    JOIN worked AS w USING (unit_key)
    WHERE
        q.table_name = 'persona_texts'
        AND q.unit_key NOT IN (SELECT unit_key FROM persona_texts)
    GROUP BY w.study, q.row->>'profile_key'
)
SELECT
    u.study,
    p.name,
    map_from_entries(list({'key': a.attribute, 'value': a.value} ORDER BY a.attribute))
        AS attributes,
    any_value(x.texts) AS texts,
    any_value(x.texts['biography']) AS biography,
    any_value(r.refused) AS refused,
    p.position,
    p.persona_key,
    p.profile_key,
    p.population_key,
    p.unit_key
FROM personas AS p
JOIN worked AS u ON u.unit_key = p.unit_key
LEFT JOIN persona_attributes AS a ON a.persona_key = p.persona_key AND a.value IS NOT NULL
LEFT JOIN texts AS x ON x.profile_key = p.profile_key AND x.study = u.study
LEFT JOIN refused AS r ON r.profile_key = p.profile_key AND r.study = u.study
GROUP BY u.study, p.name, p.position, p.persona_key, p.profile_key, p.population_key, p.unit_key;
COMMENT ON VIEW v_personas IS
    'One row per persona of a study, with its attributes and texts as maps, its biography, and why '
    'its texts were refused, if they were.';

CREATE VIEW v_population_figures AS
SELECT
    u.study,
    p.method,
    p.size,
    f.key AS figure,
    f.value::DOUBLE AS value,
    p.population_key,
    p.unit_key
FROM populations AS p
JOIN (SELECT DISTINCT study, unit_key FROM v_units WHERE stage = 'personas') AS u
    ON u.unit_key = p.unit_key
CROSS JOIN json_each(p.figures) AS f;
COMMENT ON VIEW v_population_figures IS
    'One row per figure that the making of a population left: iterations of raking, coverage of '
    'traits, relations found, weights of a search, how often profiles find their own person.';

CREATE VIEW v_responses AS
SELECT
    u.study,
    u.condition,
    r.instrument,
    r.item,
    r.value,
    r.scored,
    r.trait,
    r.key,
    r.administration,
    r.after_rounds,
    r.seat,
    p.name AS persona,
    r.* EXCLUDE (
        instrument, item, value, scored, trait, key, administration, after_rounds, seat,
        persona_key, episode_key, unit_key, call_key
    ),
    r.persona_key,
    r.episode_key,
    r.unit_key,
    r.call_key
FROM responses AS r
JOIN (SELECT DISTINCT study, condition, unit_key FROM v_units) AS u USING (unit_key)
LEFT JOIN personas AS p USING (persona_key);
COMMENT ON VIEW v_responses IS
    'One row per answer to a probe, or of a persona to an item of an instrument; the condition is '
    'empty where several conditions share the answer.';
