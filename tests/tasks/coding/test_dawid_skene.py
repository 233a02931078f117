"""Dawid and Skene's model against a plain implementation, and on judges of known error rates."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import rule_named
from tasks.coding.adjudication.dawid_skene import DawidSkeneParams, posteriors
from tasks.coding.labelling import flag_facts


def plain_posteriors(
    answers: NDArray[np.int64], classes: int, rounds: int, smoothing: float
) -> list[list[float]]:
    """The same estimate, written out item by item as Dawid and Skene (1979) state it."""
    n, m = answers.shape
    weight = [
        [1e-9 + sum(answers[i, k] == c for k in range(m)) for c in range(classes)] for i in range(n)
    ]
    share = [[w / sum(row) for w in row] for row in weight]
    for _ in range(rounds):
        prior = [sum(share[i][c] for i in range(n)) / n for c in range(classes)]
        errors = [
            [
                [
                    smoothing + sum(share[i][c] for i in range(n) if answers[i, k] == said)
                    for said in range(classes)
                ]
                for c in range(classes)
            ]
            for k in range(m)
        ]
        errors = [[[e / sum(row) for e in row] for row in table] for table in errors]
        for i in range(n):
            joint = [
                prior[c]
                * math.prod(errors[k][c][answers[i, k]] for k in range(m) if answers[i, k] >= 0)
                for c in range(classes)
            ]
            share[i] = [value / sum(joint) for value in joint]
    return share


def test_it_equals_the_plain_implementation() -> None:
    rng = np.random.default_rng(7)
    answers = rng.integers(-1, 3, (60, 4))
    params = DawidSkeneParams(iterations=12, tolerance=1e-300)
    ours = posteriors(answers, np.ones(60), 3, params)
    plain = plain_posteriors(answers, 3, 12, params.smoothing)
    np.testing.assert_allclose(ours, plain, rtol=1e-9, atol=1e-12)


def test_it_finds_the_truth_better_than_a_majority_of_unequal_judges() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(4000) < 0.3
    right = [0.95, 0.65, 0.65]
    said = [np.where(rng.random(4000) < rate, truth, ~truth) for rate in right]
    flags = {"f": {"coders": ["a", "b", "c"], "levels": 0, "scale": "nominal"}}
    facts = flag_facts(flags)
    codes = pl.DataFrame(
        {
            "item": np.tile(np.arange(4000), 3),
            "flag": pl.Series(["f"] * 12000, dtype=facts.schema["flag"]),
            "coder": pl.Series(np.repeat(["a", "b", "c"], 4000), dtype=pl.Enum(["a", "b", "c"])),
            "value": np.concatenate(said).astype(float),
        }
    )
    correct = {}
    for name in ("dawid_skene", "majority"):
        rule, params = rule_named(RuleSpec(rule=name))
        labels = rule.labels(codes, facts, params).sort("item")
        correct[name] = float(np.mean(labels["value"].to_numpy() == truth))
    assert correct["dawid_skene"] > correct["majority"] + 0.05
    rule, params = rule_named(RuleSpec(rule="dawid_skene"))
    probability = rule.labels(codes, facts, params)["probability"]
    assert probability.is_between(0, 1).all()
    assert abs(float(probability.mean()) - 0.3) < 0.03  # type: ignore[arg-type]


def test_an_item_without_a_usable_judgement_has_no_label() -> None:
    facts = flag_facts({"f": {"coders": ["a", "b"], "levels": 0, "scale": "nominal"}})
    codes = pl.DataFrame(
        {
            "item": [0, 0, 1, 1],
            "flag": pl.Series(["f"] * 4, dtype=facts.schema["flag"]),
            "coder": pl.Series(["a", "b"] * 2, dtype=pl.Enum(["a", "b"])),
            "value": [1.0, 1.0, None, None],
        }
    )
    rule, params = rule_named(RuleSpec(rule="dawid_skene"))
    labels = rule.labels(codes, facts, params).sort("item")
    assert labels["value"].to_list() == [1.0, None]
    assert labels["probability"].null_count() == 1
