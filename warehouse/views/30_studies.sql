-- What versions of studies consist of, what they cost, how well they went. A view that ends in _all
-- shows every version; the one without shows of each study the version that was run last.

CREATE VIEW v_studies_all AS
SELECT
    name AS study,
    study_version,
    row_number() OVER (PARTITION BY name ORDER BY created_at, study_version) AS number,
    row_number() OVER (
        PARTITION BY name ORDER BY last_run_at DESC, created_at DESC, study_version DESC
    ) = 1 AS run_last,
    created_at,
    last_run_at,
    path,
    code_version
FROM studies;
COMMENT ON VIEW v_studies_all IS
    'One row per version of a study. number counts the versions of a study from 1.';

CREATE VIEW v_studies AS FROM v_studies_all WHERE run_last;
COMMENT ON VIEW v_studies IS 'One row per study: the version that was run last.';

CREATE VIEW v_units_all AS
SELECT
    st.name AS study,
    su.study_version,
    st.created_at,
    su.stage,
    su.step,
    su.unit_key,
    su.condition,
    su.replicate,
    su.label,
    coalesce(u.status, 'planned') AS status,
    u.failure_kind,
    u.failure,
    u.committed_at < st.created_at AS cached,
    u.run_id,
    u.committed_at
FROM study_units AS su
JOIN studies AS st USING (study_version)
LEFT JOIN units AS u USING (unit_key);
COMMENT ON VIEW v_units_all IS
    'One row per unit of a version of a study, with what became of it. cached: the version was '
    'first run after the unit had been committed, so it cost this version nothing.';

CREATE VIEW v_units AS
FROM v_units_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_units IS
    'v_units_all for the version of each study that was run last.';

CREATE VIEW v_episodes_all AS
SELECT u.study, u.condition, u.replicate, e.episode_key, u.study_version, u.created_at
FROM v_units_all AS u
JOIN episodes AS e USING (unit_key)
WHERE u.status = 'done'
UNION ALL
SELECT
    st.name,
    coalesce(e.series, ''),
    row_number() OVER (PARTITION BY st.study_version, e.series ORDER BY e.label),
    e.episode_key,
    st.study_version,
    st.created_at
FROM studies AS st
JOIN episodes AS e ON e.collection = (st.spec ->> '$.imported.collection')
WHERE
    json_array_length(st.spec, '$.imported.series') = 0
    OR json_contains(st.spec -> '$.imported.series', to_json(e.series));
COMMENT ON VIEW v_episodes_all IS
    'One row per episode of a version of a study, played or imported, with its condition: join it '
    'to episodes, v_messages, v_trades and outcomes.';

CREATE VIEW v_episodes AS
FROM v_episodes_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_episodes IS
    'v_episodes_all for the version of each study that was run last.';

CREATE VIEW v_costs_all AS
WITH unit AS (
    SELECT
        study,
        study_version,
        created_at,
        stage,
        unit_key,
        string_agg(DISTINCT condition, ' | ' ORDER BY condition) AS condition,
        coalesce(bool_or(cached), false) AS cached
    FROM v_units_all
    GROUP BY ALL
)
SELECT
    unit.study,
    unit.stage,
    unit.condition,
    c.model,
    count(*) FILTER (NOT cached) AS calls,
    sum(c.cost_usd) FILTER (NOT cached) AS usd,
    coalesce(sum(c.prompt_tokens) FILTER (NOT cached), 0)::BIGINT AS prompt_tokens,
    coalesce(sum(c.completion_tokens) FILTER (NOT cached), 0)::BIGINT AS completion_tokens,
    count(*) FILTER (cached) AS cached_calls,
    sum(c.cost_usd) FILTER (cached) AS cached_usd,
    count(*) FILTER (NOT cached AND c.status = 'failed') AS failed_calls,
    coalesce(sum(c.attempts) FILTER (NOT cached), 0)::BIGINT AS attempts,
    count(*) FILTER (NOT cached AND c.cost_usd IS NULL) AS unknown_price_calls,
    unit.study_version,
    unit.created_at
FROM unit
JOIN calls AS c USING (unit_key)
GROUP BY ALL;
COMMENT ON VIEW v_costs_all IS
    'Calls, tokens and dollars per version of a study, stage, condition and model. Calls of cached '
    'units are counted apart; usd leaves out the calls whose price is not known.';

CREATE VIEW v_costs AS
FROM v_costs_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_costs IS
    'v_costs_all for the version of each study that was run last.';

CREATE VIEW v_metrics_all AS
SELECT
    st.study,
    m.metric,
    m.subject,
    m.condition,
    m.value,
    m.ci_low,
    m.ci_high,
    m.scope,
    m.rule,
    m.* EXCLUDE (
        metric, subject, rule, scope, condition, value, ci_low, ci_high, options, method, unit_key
    ),
    m.options,
    m.method,
    m.unit_key,
    st.study_version,
    st.created_at
FROM metrics AS m
JOIN (SELECT DISTINCT study, study_version, created_at, unit_key FROM v_units_all) AS st
    USING (unit_key);
COMMENT ON VIEW v_metrics_all IS 'Metrics of each version of a study.';

CREATE VIEW v_metrics AS
FROM v_metrics_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_metrics IS
    'v_metrics_all for the version of each study that was run last.';

CREATE VIEW v_contrasts_all AS
SELECT
    st.study,
    c.contrast,
    c.effect,
    c.ci_low,
    c.ci_high,
    c.p_adjusted,
    c.effect_name,
    c.metric,
    c.subject,
    c.condition_a,
    c.condition_b,
    c.* EXCLUDE (
        contrast, metric, subject, condition_a, condition_b, effect, ci_low, ci_high, p_adjusted,
        effect_name, method, unit_key
    ),
    c.method,
    c.unit_key,
    st.study_version,
    st.created_at
FROM contrasts AS c
JOIN (SELECT DISTINCT study, study_version, created_at, unit_key FROM v_units_all) AS st
    USING (unit_key);
COMMENT ON VIEW v_contrasts_all IS 'Contrasts of each version of a study.';

CREATE VIEW v_contrasts AS
FROM v_contrasts_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_contrasts IS
    'v_contrasts_all for the version of each study that was run last.';

CREATE VIEW v_quality_all AS
WITH unit AS (
    SELECT DISTINCT study, study_version, created_at, condition, unit_key, status FROM v_units_all
),
counted AS (
    SELECT study, study_version, created_at, condition,
        count(*) AS units,
        count(*) FILTER (status = 'done') AS done_units,
        count(*) FILTER (status = 'failed') AS failed_units
    FROM unit GROUP BY ALL
),
played AS (
    SELECT study_version, condition,
        count(*) AS episodes,
        count(*) FILTER (e.status = 'terminated') AS complete_episodes,
        count(*) FILTER (e.exclusion IS NOT NULL) AS excluded_episodes
    FROM unit JOIN episodes AS e USING (unit_key) GROUP BY ALL
),
acted AS (
    SELECT study_version, condition,
        count(*) AS actions,
        avg(a.valid::INT) AS valid_share,
        avg(a.fallback::INT) AS fallback_share,
        avg(a.absent::INT) AS absent_share,
        avg(a.attempts) AS attempts_per_action
    FROM unit JOIN actions AS a USING (unit_key) WHERE a.attempts > 0 GROUP BY ALL
),
asked AS (
    SELECT study_version, condition,
        count(*) AS calls,
        avg((c.status = 'failed')::INT) AS failed_call_share,
        avg(c.attempts) AS attempts_per_call
    FROM unit JOIN calls AS c USING (unit_key) GROUP BY ALL
),
judged AS (
    SELECT study_version, condition,
        count(*) AS codes,
        avg((c.value IS NULL)::INT) AS unusable_code_share
    FROM unit JOIN codes AS c USING (unit_key) GROUP BY ALL
)
SELECT
    counted.* EXCLUDE (study_version, created_at),
    coalesce(episodes, 0) AS episodes,
    coalesce(complete_episodes, 0) AS complete_episodes,
    coalesce(excluded_episodes, 0) AS excluded_episodes,
    coalesce(actions, 0) AS actions,
    valid_share,
    fallback_share,
    absent_share,
    attempts_per_action,
    coalesce(calls, 0) AS calls,
    failed_call_share,
    attempts_per_call,
    coalesce(codes, 0) AS codes,
    unusable_code_share,
    study_version,
    created_at
FROM counted
LEFT JOIN played USING (study_version, condition)
LEFT JOIN acted USING (study_version, condition)
LEFT JOIN asked USING (study_version, condition)
LEFT JOIN judged USING (study_version, condition);
COMMENT ON VIEW v_quality_all IS
    'Per version of a study and condition: units and episodes by status, and how often actions '
    'were valid, replaced by the fallback or asked again.';

CREATE VIEW v_quality AS
FROM v_quality_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_quality IS
    'v_quality_all for the version of each study that was run last.';
