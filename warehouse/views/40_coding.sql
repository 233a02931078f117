-- Judgements and labels with the message that they are about.

CREATE VIEW v_codes AS
SELECT
    c.*,
    ep.collection,
    ep.series,
    b.name AS codebook,
    m.round,
    m.actor AS seat,
    coalesce(shown.name, s.name) AS name,
    coalesce(shown.model, s.model) AS model,
    m.text
FROM codes AS c
JOIN episodes AS ep USING (episode_key)
LEFT JOIN codebooks AS b USING (codebook_digest)
LEFT JOIN events AS m ON m.episode_key = c.episode_key AND m.seq = c.seq
LEFT JOIN seats AS s ON s.episode_key = m.episode_key AND s.seat = m.actor
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = m.episode_key AND shown.seat = m.actor
    AND shown.from_seq <= m.seq AND m.seq <= shown.last_seq;
COMMENT ON VIEW v_codes IS 'One row per judgement, with the message that was judged.';

CREATE VIEW v_labels_all AS
SELECT
    st.study,
    l.flag,
    l.value,
    l.rule,
    m.round,
    m.actor AS seat,
    coalesce(shown.name, s.name) AS name,
    coalesce(shown.model, s.model) AS model,
    m.text,
    l.* EXCLUDE (flag, value, rule, unit_key),
    ep.collection,
    ep.series,
    l.unit_key,
    st.study_version,
    st.created_at
FROM labels AS l
JOIN (SELECT DISTINCT study, study_version, created_at, unit_key FROM v_units_all) AS st
    USING (unit_key)
JOIN episodes AS ep USING (episode_key)
LEFT JOIN events AS m ON m.episode_key = l.episode_key AND m.seq = l.seq
LEFT JOIN seats AS s ON s.episode_key = m.episode_key AND s.seat = m.actor
LEFT JOIN v_seat_changes AS shown
    ON shown.episode_key = m.episode_key AND shown.seat = m.actor
    AND shown.from_seq <= m.seq AND m.seq <= shown.last_seq;
COMMENT ON VIEW v_labels_all IS
    'One row per label of each version of a study, with the message that is labelled.';

CREATE VIEW v_labels AS
FROM v_labels_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_labels IS 'v_labels_all for the version of each study that was run last.';
