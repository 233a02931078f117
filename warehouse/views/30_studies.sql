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
    coalesce(r.study_version, f.study_version) <> su.study_version AS cached,
    u.run_id,
    u.committed_at
FROM study_units AS su
JOIN studies AS st USING (study_version)
LEFT JOIN units AS u USING (unit_key)
ASOF LEFT JOIN runs AS r ON u.run_id = r.run_id AND u.committed_at >= r.began_at
ASOF LEFT JOIN runs AS f ON u.committed_at >= f.began_at;
COMMENT ON VIEW v_units_all IS
    'One row per unit of a version of a study, with what became of it. cached: a run of another '
    'version worked it.';

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

CREATE VIEW v_sources_all AS
WITH brought AS (
    SELECT study_version, unit_key FROM study_inputs
    UNION
    SELECT study_version, unit_key FROM study_units SEMI JOIN sources USING (unit_key)
),
named AS (
    SELECT unit_key, collection AS name FROM episodes WHERE collection IS NOT NULL
    UNION
    SELECT unit_key, coder FROM codes WHERE unit_key IN (SELECT unit_key FROM brought)
)
SELECT
    st.name AS study,
    CASE WHEN u.stage = 'import' THEN u.step ELSE 'archive' END AS kind,
    CASE WHEN u.stage = 'import' THEN coalesce(n.name, u.label) ELSE st.name END AS name,
    count(DISTINCT u.unit_key) AS units,
    coalesce(s.source, '') AS source,
    coalesce(s.licence, '') AS licence,
    coalesce(s.citation, '') AS citation,
    st.study_version,
    st.created_at
FROM brought
JOIN studies AS st USING (study_version)
JOIN units AS u USING (unit_key)
LEFT JOIN named AS n USING (unit_key)
LEFT JOIN sources AS s USING (unit_key)
WHERE u.step <> 'sample'
GROUP BY ALL;
COMMENT ON VIEW v_sources_all IS
    'One row per collection, coder, market or archive that a version of a study took from outside, '
    'with the source, licence and citation that were declared at the import; empty: not declared.';

CREATE VIEW v_sources AS
FROM v_sources_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_sources IS
    'v_sources_all for the version of each study that was run last.';

CREATE VIEW v_exclusions_all AS
SELECT
    e.study,
    e.condition,
    e.replicate,
    e.episode_key,
    x.rule,
    x.value,
    x.bound,
    x.reason,
    e.study_version,
    e.created_at
FROM exclusions AS x
JOIN v_units_all AS u USING (unit_key)
JOIN v_episodes_all AS e ON e.study_version = u.study_version AND e.episode_key = x.episode_key
UNION ALL
SELECT
    e.study, e.condition, e.replicate, e.episode_key, NULL, NULL, NULL, p.exclusion,
    e.study_version, e.created_at
FROM v_episodes_all AS e
JOIN episodes AS p USING (episode_key)
WHERE p.exclusion IS NOT NULL;
COMMENT ON VIEW v_exclusions_all IS
    'One row per episode of a version of a study and reason why it should not be analysed: a rule of '
    'completeness that it breaks, or a flag that it was imported with.';

CREATE VIEW v_exclusions AS
FROM v_exclusions_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_exclusions IS
    'v_exclusions_all for the version of each study that was run last.';

CREATE VIEW v_episodes AS
FROM v_episodes_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_episodes IS
    'v_episodes_all for the version of each study that was run last.';

-- A call, or the end of a unit, is of the run that it names: of the last that had begun under that
-- name, since a run that is tried again keeps its name. Where it names none that is on record, it is
-- of the run that had begun last. An answer that outlived its run in a journal stays that run's.

CREATE VIEW v_calls_made AS
WITH made AS (
    SELECT *, false AS replaced, true AS committed FROM calls
    UNION ALL BY NAME
    SELECT *, true AS replaced, true AS committed FROM earlier_calls
    UNION ALL BY NAME
    SELECT *, false AS replaced, false AS committed FROM uncommitted_calls
)
SELECT
    made.call_key,
    made.unit_key,
    made.ordinal,
    made.purpose,
    made.subject,
    made.model,
    made.status,
    made.error_kind,
    made.error,
    made.attempts,
    made.prompt_tokens,
    made.completion_tokens,
    made.cost_usd,
    made.latency_s,
    made.asked_at,
    made.replaced,
    made.committed,
    coalesce(r.run_id, f.run_id) AS run_id,
    coalesce(r.study_version, f.study_version) AS paid_by
FROM made
ASOF LEFT JOIN runs AS r ON made.run_id = r.run_id AND made.asked_at >= r.began_at
ASOF LEFT JOIN runs AS f ON made.asked_at >= f.began_at;
COMMENT ON VIEW v_calls_made IS
    'One row per call that was made, each paid once: those of calls, those that failed and that a '
    'later try of their unit made again (replaced), and those of runs that ended before their unit '
    'was committed (not committed). paid_by: the version whose run made it.';

CREATE VIEW v_tries_all AS
WITH tried AS (
    SELECT *, false AS replaced FROM units WHERE stage <> 'import'
    UNION ALL BY NAME
    SELECT *, true AS replaced FROM earlier_units
),
numbered AS (
    SELECT *, row_number() OVER (PARTITION BY unit_key ORDER BY committed_at) AS number
    FROM tried
),
spent AS (
    SELECT
        t.unit_key,
        t.number,
        count(*) AS calls,
        sum(c.attempts)::BIGINT AS attempts,
        sum(c.cost_usd) AS usd
    FROM v_calls_made AS c
    ASOF JOIN numbered AS t ON c.unit_key = t.unit_key AND c.asked_at <= t.committed_at
    GROUP BY ALL
)
SELECT
    st.name AS study,
    t.stage,
    t.step,
    t.label,
    t.unit_key,
    t.number,
    t.status,
    t.failure_kind,
    t.failure,
    CASE
        WHEN t.replaced THEN 'replaced'
        WHEN t.unit_key IN (SELECT unit_key FROM study_units) THEN 'part of a version'
        ELSE 'no part of a version any more'
    END AS standing,
    coalesce(s.calls, 0) AS calls,
    coalesce(s.attempts, 0) AS attempts,
    s.usd,
    t.run_id,
    t.committed_at,
    st.study_version,
    st.created_at
FROM numbered AS t
LEFT JOIN spent AS s USING (unit_key, number)
ASOF LEFT JOIN runs AS r ON t.run_id = r.run_id AND t.committed_at >= r.began_at
ASOF LEFT JOIN runs AS f ON t.committed_at >= f.began_at
LEFT JOIN studies AS st ON st.study_version = coalesce(r.study_version, f.study_version);
COMMENT ON VIEW v_tries_all IS
    'One row per time that a unit was worked, by the version whose run worked it, with the calls '
    'that were made for it then. number counts the tries of a unit from 1. standing: a later try '
    'replaced it, a version consists of it, or none does any more (a metric over more episodes '
    'took its place).';

CREATE VIEW v_tries AS
FROM v_tries_all WHERE study_version IN (SELECT study_version FROM v_studies);
COMMENT ON VIEW v_tries IS
    'v_tries_all for the version of each study that was run last.';

CREATE VIEW v_costs_all AS
WITH spent AS (
    SELECT
        unit_key,
        model,
        paid_by,
        count(*) AS calls,
        count(*) FILTER (status = 'failed') AS failed_calls,
        sum(attempts) AS attempts,
        sum(prompt_tokens) AS prompt_tokens,
        sum(completion_tokens) AS completion_tokens,
        sum(cost_usd) AS usd,
        count(*) FILTER (cost_usd IS NULL) AS unknown_price_calls
    FROM v_calls_made
    GROUP BY ALL
),
member AS (
    SELECT
        study_version,
        stage,
        unit_key,
        string_agg(DISTINCT condition, ' | ' ORDER BY condition) AS condition
    FROM study_units
    GROUP BY ALL
),
part AS (
    SELECT
        m.study_version,
        m.stage,
        m.condition,
        s.paid_by IS DISTINCT FROM m.study_version AS cached,
        s.*
    FROM member AS m
    JOIN spent AS s USING (unit_key)
    UNION ALL BY NAME
    -- What a version paid for units that it does not consist of any more.
    SELECT s.paid_by AS study_version, u.stage, '' AS condition, false AS cached, s.*
    FROM spent AS s
    JOIN units AS u USING (unit_key)
    WHERE NOT EXISTS (
        FROM member AS m WHERE m.unit_key = s.unit_key AND m.study_version = s.paid_by
    )
)
SELECT
    st.name AS study,
    p.stage,
    p.condition,
    p.model,
    coalesce(sum(p.calls) FILTER (NOT cached), 0)::BIGINT AS calls,
    sum(p.usd) FILTER (NOT cached) AS usd,
    coalesce(sum(p.prompt_tokens) FILTER (NOT cached), 0)::BIGINT AS prompt_tokens,
    coalesce(sum(p.completion_tokens) FILTER (NOT cached), 0)::BIGINT AS completion_tokens,
    coalesce(sum(p.calls) FILTER (cached), 0)::BIGINT AS cached_calls,
    sum(p.usd) FILTER (cached) AS cached_usd,
    coalesce(sum(p.failed_calls) FILTER (NOT cached), 0)::BIGINT AS failed_calls,
    coalesce(sum(p.attempts) FILTER (NOT cached), 0)::BIGINT AS attempts,
    coalesce(sum(p.unknown_price_calls) FILTER (NOT cached), 0)::BIGINT AS unknown_price_calls,
    st.study_version,
    st.created_at
FROM part AS p
JOIN studies AS st USING (study_version)
GROUP BY ALL;
COMMENT ON VIEW v_costs_all IS
    'Calls, tokens and dollars per version of a study, stage, condition and model. A call counts '
    'once, for the version whose run made it, whatever became of its unit; calls of its units that '
    'another version paid for are counted apart (cached). usd leaves out the calls whose price is '
    'not known.';

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
