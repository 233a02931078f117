-- What was done to episodes from outside, and who learnt of it.

CREATE VIEW v_interventions_all AS
WITH happened AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY episode_key, item ORDER BY seq) AS dose,
        CASE WHEN json_type(data, '$.seats') = 'ARRAY'
            THEN json_extract_string(data, '$.seats[*]') END AS changed
    FROM events
    WHERE kind = 'intervene'
),
shown AS (
    SELECT h.episode_key, h.seq, list(DISTINCT x.seat) AS seats, count(*) AS prompts
    FROM happened AS h
    JOIN exposures AS x
        ON x.episode_key = h.episode_key
        AND len(list_filter(x.seqs, lambda span: span.first <= h.seq AND h.seq <= span.last)) > 0
    WHERE h.audience <> 'nobody'
    GROUP BY h.episode_key, h.seq
)
SELECT
    ep.study,
    ep.condition,
    ep.replicate,
    h.episode_key,
    h.seq,
    h.round,
    h.turn,
    h.item AS kind,
    h.dose,
    nullif(h.actor, 'env') AS seat,
    h.target,
    h.text,
    h.audience,
    list_sort(coalesce(h.changed, shown.seats, [])) AS seats_exposed,
    coalesce(shown.prompts, 0) AS prompts,
    h.data,
    ep.study_version
FROM happened AS h
JOIN v_episodes_all AS ep USING (episode_key)
LEFT JOIN shown USING (episode_key, seq);
COMMENT ON VIEW v_interventions_all IS
    'One row per intervention in an episode of a version. dose: which one of its kind it is in the '
    'episode, from 1. seat: in whose name it speaks. seats_exposed: seats whose prompts showed it, '
    'or whose prompts or memory it changed; prompts: how many prompts showed it.';

CREATE VIEW v_interventions AS
FROM v_interventions_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_interventions IS
    'v_interventions_all for the version of each study that was run last.';
