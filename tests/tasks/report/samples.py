"""A report's data made by hand: two conditions, three rules, one person."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from schemas.study import Study
from tasks.report.data import Condition, Listing, MetricNote, ReportData

WHEN = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
OPTIONS = {"resamples": 200}
SPEC: dict[str, Any] = {
    "name": "sample",
    "models": {"a": {"model": "openai/x"}},
    "episode": {"environment": "discussion", "brief": {"text": "Plan it."}, "seats": ["a", "a"]},
    "conditions": {"plain": {}, "changed": {"names": "model", "rounds": 3}},
    "coding": {
        "codebook": {"name": "book", "flags": {"meta": {"definition": "About the talk."}}},
        "judges": ["a"],
        "gold": "human",
        "adjudication": {"use": "intersection", "also": ["union", "majority"]},
    },
    "metrics": ["profile_cosine"],
    "contrasts": {"both": {"of": "profile_cosine", "between": ["plain", "changed"]}},
    "curves": {"many": {"contrast": "both", "rules": ["intersection", "union"]}},
}


def study(**changes: Any) -> Study:
    return Study.model_validate({**SPEC, **changes})


def gold_rows(recall: Mapping[str, float], kappa: Mapping[str, float]) -> list[dict[str, Any]]:
    rows = []
    for rule in recall:
        for quantity, value in (
            ("recall", recall[rule]),
            ("precision", 0.9),
            ("cohen_kappa", kappa[rule]),
        ):
            rows.append(
                {
                    "metric": f"agreement.{quantity}",
                    "rule": rule,
                    "subject": f"meta: human ~ {rule}",
                    "value": value,
                    "ci_low": value - 0.1,
                    "ci_high": min(value + 0.1, 1.0),
                    "n_measured": 100,
                    "n_excluded": 0,
                    "method": "by hand",
                }
            )
    return rows


def contrast_row(**changes: Any) -> dict[str, Any]:
    return {
        "contrast": "both",
        "family": "main",
        "specification": "",
        "metric": "profile_cosine",
        "subject": "",
        "rule": "intersection",
        "condition_a": "plain",
        "condition_b": "changed",
        "test": "mann_whitney",
        "statistic": 3.0,
        "effect": -0.4,
        "effect_name": "rank_biserial",
        "ci_low": -0.8,
        "ci_high": 0.1,
        "p": 0.03,
        "p_adjusted": 0.06,
        "correction": "holm",
        "family_size": 2,
        "p_least": None,
        "n_a": 12,
        "n_b": 11,
        "n_excluded": 1,
        "factors": ["names", "rounds"],
        "warning": "the conditions differ in 2 factors at once (names, rounds)",
        "method": "exact",
        **changes,
    }


def metric_row(condition: str, value: float, **changes: Any) -> dict[str, Any]:
    return {
        "metric": "profile_cosine",
        "options": OPTIONS,
        "rule": "intersection",
        "scope": "condition",
        "condition": condition,
        "subject": "",
        "value": value,
        "ci_low": value - 0.1,
        "ci_high": value + 0.1,
        "null_mean": 0.6,
        "null_sd": 0.02,
        "p_null": 0.01,
        "n_measured": 12,
        "n_excluded": 0,
        "warning": None,
        "method": "mean over runs",
        **changes,
    }


def message_row(text: str, seq: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "condition": "plain",
        "label": "run 1",
        "status": "terminated",
        "n_messages": 9,
        "episode_key": "e" * 32,
        "seq": seq,
        "round": 0,
        "kind": "say",
        "seat": "s1",
        "name": "Agent-A",
        "model": "a",
        "fallback": False,
        "text": text,
        "characters": len(text),
        **changes,
    }


def code_row(source: str, value: float | None, **changes: Any) -> dict[str, Any]:
    row = {"episode_key": "e" * 32, "seq": 0, "flag": "meta", "source": source}
    return {**row, "coder_kind": "model", "value": value, "evidence": None, **changes}


EMPTY = (
    "version", "units", "failures", "episodes", "seats", "quality", "costs", "agreement", "gold",
    "label_rates", "metrics", "episode_metrics", "contrasts", "curves", "messages", "message_codes",
    "message_labels", "code_versions", "checks", "numbers",
)  # fmt: skip


def report(rows: Mapping[str, list[dict[str, Any]]] | None = None, **changes: Any) -> ReportData:
    """Data with these rows by listing; every other listing is empty."""
    listings = {
        name: Listing(f"about {name}", f"SELECT '{name}'", tuple((rows or {}).get(name, ())))
        for name in EMPTY
    }
    data = ReportData(
        study=study(),
        version="0123456789abcdef" * 2,
        path="sample.yaml",
        yaml="name: sample\n",
        created=WHEN,
        conditions=(
            Condition("plain"),
            Condition("changed", (("names", "neutral", "model"), ("rounds", "2", "3"))),
        ),
        listings=listings,
        metrics={
            "profile_cosine": MetricNote(
                "profile_cosine",
                "How alike seats are",
                "Never alone.",
                {"profile_cosine": "mean cosine"},
                OPTIONS,
            )
        },
        packages={"python": "3.11"},
        code_version="0.1.0",
        made=WHEN,
    )
    return dataclasses.replace(data, **changes)
