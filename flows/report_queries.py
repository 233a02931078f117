"""The queries behind the report, each next to the title of what it lists.

``$version``, ``$codebook`` and ``$coders`` stand for values, ``$runs`` for the query that selects
the study's runs; the page shows every query with all of them filled in, ready to be asked again.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.study import Study
from warehouse.sql import literal

RUNS_OF_A_STUDY = """runs AS (
    SELECT u.condition, u.replicate, e.*
    FROM study_units AS u JOIN episodes AS e ON e.episode_key = u.unit_key
    WHERE u.study_version = $version
)"""
RUNS_IMPORTED = """runs AS (
    SELECT coalesce(series, '') AS condition,
        row_number() OVER (PARTITION BY series ORDER BY label) AS replicate, *
    FROM episodes
    WHERE collection = $collection$series
)"""

#: Title and query by name.
QUERIES: Mapping[str, tuple[str, str]] = {
    "version": (
        "the version of the study",
        """SELECT study_version, name, path, yaml, spec, code_version, created_at
FROM studies WHERE study_version = $version""",
    ),
    "units": (
        "units by stage and status",
        """SELECT stage, step,
    count(DISTINCT unit_key) AS units,
    count(DISTINCT unit_key) FILTER (status = 'done') AS done,
    count(DISTINCT unit_key) FILTER (status = 'failed') AS failed,
    count(DISTINCT unit_key) FILTER (status = 'planned') AS planned,
    count(DISTINCT unit_key) FILTER (cached) AS cached
FROM v_units WHERE study_version = $version
GROUP BY stage, step
ORDER BY list_position(['personas', 'episodes', 'codes', 'metrics'], stage),
    min(committed_at), step""",
    ),
    "failures": (
        "why units failed",
        """SELECT step, failure_kind, count(DISTINCT unit_key) AS units, min(failure) AS failure
FROM v_units WHERE study_version = $version AND status = 'failed'
GROUP BY step, failure_kind ORDER BY units DESC, step, failure_kind LIMIT 20""",
    ),
    "episodes": (
        "runs by status",
        """WITH $runs
SELECT condition, status, coalesce(exclusion, '') AS exclusion,
    count(*) AS episodes, avg(completed_rounds) AS mean_rounds,
    min(completed_rounds) AS fewest_rounds
FROM runs GROUP BY ALL ORDER BY condition, episodes DESC, status, exclusion""",
    ),
    "seats": (
        "seats by role and model",
        """WITH $runs
SELECT condition, role, model, model_id, count(*) AS seats, count(DISTINCT episode_key) AS runs
FROM runs JOIN seats USING (episode_key)
GROUP BY ALL ORDER BY condition, min(position), role, model, model_id""",
    ),
    "quality": (
        "valid, fallback and attempt rates",
        """SELECT condition, actions, valid_share, fallback_share, attempts_per_action, calls,
    failed_call_share, codes, unusable_code_share
FROM v_quality
WHERE study_version = $version AND condition <> '' AND actions + calls + codes > 0
ORDER BY condition""",
    ),
    "costs": (
        "calls, tokens and dollars",
        """SELECT stage, model,
    sum(calls)::BIGINT AS calls, sum(cached_calls)::BIGINT AS cached_calls,
    sum(failed_calls)::BIGINT AS failed_calls, sum(prompt_tokens)::BIGINT AS prompt_tokens,
    sum(completion_tokens)::BIGINT AS completion_tokens, sum(usd) AS usd,
    sum(unknown_price_calls)::BIGINT AS unknown_price_calls
FROM v_costs WHERE study_version = $version
GROUP BY stage, model ORDER BY stage DESC, calls DESC, model""",
    ),
    "agreement": (
        "agreement of coders",
        """SELECT metric, rule, subject, value, ci_low, ci_high, n_units, n_excluded, method
FROM v_metrics
WHERE study_version = $version AND metric LIKE 'agreement.%' AND rule IS NULL
ORDER BY subject, metric""",
    ),
    "gold": (
        "adjudication rules against gold",
        """SELECT metric, rule, subject, value, ci_low, ci_high, n_units, n_excluded, method
FROM v_metrics
WHERE study_version = $version AND metric LIKE 'agreement.%' AND rule IS NOT NULL
ORDER BY subject, rule, metric""",
    ),
    "label_rates": (
        "how often each flag is marked",
        """WITH $runs
SELECT coder_kind AS kind, coder AS source, flag, count(value) AS items,
    avg((value > 0)::INT) AS share
FROM codes JOIN runs USING (episode_key)
WHERE codebook_digest = $codebook AND (coder IN ($coders)
    OR codes.unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version))
GROUP BY ALL
UNION ALL
SELECT 'rule', rule, flag, count(value), avg((value > 0)::INT)
FROM labels
WHERE unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version)
GROUP BY ALL
ORDER BY kind, source, flag""",
    ),
    "metrics": (
        "metrics with intervals and nulls",
        """SELECT metric, options, rule, scope, condition, subject, value, ci_low, ci_high,
    null_mean, null_sd, p_null, n_units, n_excluded, method
FROM v_metrics
WHERE study_version = $version AND scope IN ('condition', 'study')
    AND metric NOT LIKE 'agreement.%'
ORDER BY metric, rule, subject, condition""",
    ),
    "runs": (
        "metrics of single runs",
        """SELECT metric, options, rule, condition, subject, value, null_mean
FROM v_metrics
WHERE study_version = $version AND scope = 'run' AND (rule IS NULL OR rule = $rule)
QUALIFY count(*) OVER (PARTITION BY unit_key, metric, rule, condition, subject) <= 40
ORDER BY metric, condition, value""",
    ),
    "contrasts": (
        "contrasts",
        """SELECT contrast, family, metric, subject, rule, condition_a, condition_b, test,
    statistic, effect, effect_name, ci_low, ci_high, p, p_adjusted, correction, n_a, n_b,
    n_excluded, factors, warning, method
FROM v_contrasts WHERE study_version = $version AND specification = ''
ORDER BY family, contrast, subject, condition_b""",
    ),
    "curves": (
        "specification curves",
        """SELECT family, contrast, specification, metric, subject, condition_a, condition_b,
    effect, effect_name, ci_low, ci_high, p, n_a, n_b, n_excluded, warning
FROM v_contrasts WHERE study_version = $version AND specification <> ''
ORDER BY family, effect, specification""",
    ),
    "messages": (
        "excerpts of transcripts",
        """WITH $runs,
coded AS (
    SELECT DISTINCT episode_key, seq, true AS coded FROM codes
    WHERE codebook_digest = $codebook AND episode_key IN (SELECT episode_key FROM runs)
),
acted AS (
    SELECT e.*, coalesce(c.coded, false) AS coded
    FROM events AS e LEFT JOIN coded AS c USING (episode_key, seq)
    WHERE e.episode_key IN (SELECT episode_key FROM runs WHERE status <> 'placeholder')
        AND e.kind NOT IN ('state', 'chance', 'end') AND e.actor <> 'env'
),
counted AS (
    SELECT r.condition, r.replicate, r.episode_key, r.label, r.status, r.exclusion,
        count(*) AS n_messages, count(*) FILTER (e.coded) AS n_coded
    FROM runs AS r JOIN acted AS e USING (episode_key)
    GROUP BY ALL
),
chosen AS (
    SELECT * FROM counted
    QUALIFY row_number() OVER (PARTITION BY condition
        ORDER BY exclusion IS NOT NULL, least(n_coded, 8) DESC, status <> 'complete',
            replicate) = 1
),
placed AS (
    SELECT r.condition, r.label, r.status, r.n_messages, r.n_coded, e.episode_key, e.seq, e.round,
        e.kind, e.actor AS seat, s.name, s.model, e.fallback,
        coalesce(e.text, concat_ws(' ', e.kind, e.item, e.value, '→ ' || e.target)) AS words,
        row_number() OVER (PARTITION BY r.condition
            ORDER BY e.coded DESC, e.seq) AS place
    FROM chosen AS r JOIN acted AS e USING (episode_key)
    LEFT JOIN seats AS s ON s.episode_key = e.episode_key AND s.seat = e.actor
)
SELECT condition, label, status, n_messages, episode_key, seq, round, kind, seat, name, model,
    fallback, left(words, 700) AS text, length(words) AS characters
FROM placed WHERE place <= if(n_coded BETWEEN 1 AND 8, greatest(4, n_coded), 8)
ORDER BY condition, seq""",
    ),
    "message_codes": (
        "codes of the excerpts",
        """SELECT episode_key, seq, flag, coder AS source, coder_kind, value, evidence
FROM codes
WHERE codebook_digest = $codebook AND (coder IN ($coders)
    OR unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version))
    AND (episode_key, seq) IN ($excerpt)
ORDER BY episode_key, seq, flag, source""",
    ),
    "message_labels": (
        "labels of the excerpts",
        """SELECT episode_key, seq, flag, rule AS source, value, NULL AS evidence
FROM labels
WHERE unit_key IN (SELECT unit_key FROM study_units WHERE study_version = $version)
    AND (episode_key, seq) IN ($excerpt)
ORDER BY episode_key, seq, flag, source""",
    ),
    "code_versions": (
        "versions of the code that worked the units",
        """SELECT w.code_version, count(DISTINCT unit_key) AS units
FROM study_units AS u JOIN units AS w USING (unit_key)
WHERE u.study_version = $version GROUP BY w.code_version ORDER BY units DESC, w.code_version""",
    ),
}


def filled(sql: str, study: Study, version: str) -> str:
    """A query with everything filled in but the excerpt.

    Example:
        >>> from schemas.study import Study
        >>> study = Study.model_validate({"name": "s", "episode": {"environment": "discussion"}})
        >>> filled("FROM studies WHERE study_version = $version", study, "ab")
        "FROM studies WHERE study_version = 'ab'"
    """
    coding = study.coding
    coders = (*coding.imported, *((coding.gold,) if coding.gold else ())) if coding else ()
    values = {
        "$runs": _runs(study),
        "$version": literal(version),
        "$codebook": literal(coding.codebook.digest) if coding else "NULL",
        "$coders": ", ".join(map(literal, dict.fromkeys(coders))) or "NULL",
        "$rule": literal(coding.adjudication.use.title) if coding else "NULL",
    }
    for name, value in values.items():
        sql = sql.replace(name, value)
    return sql


def _runs(study: Study) -> str:
    if study.imported is None:
        return RUNS_OF_A_STUDY
    series = ", ".join(map(literal, study.imported.series))
    return RUNS_IMPORTED.replace("$collection", literal(study.imported.collection)).replace(
        "$series", f" AND series IN ({series})" if series else ""
    )
