"""Dawid and Skene's model against a plain implementation, and on judges of known error rates."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import rule_named
from tasks.coding.adjudication.dawid_skene import DawidSkeneParams, posteriors, times_given
from tasks.coding.labelling import flag_facts

#: Fitness of 45 patients for anaesthesia, from 1 to 4, as judged by the first observer three times
#: and by four others once: table 1 of Dawid and Skene (1979).
ANAESTHETISTS = """
1111111 3334343 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343
1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222
1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""
OBSERVERS = [[0, 1, 2], [3], [4], [5], [6]]
#: Share of the patients in each class that the authors give.
MARGINALS = (0.40, 0.42, 0.11, 0.07)


def plain_posteriors(
    given: NDArray[np.float64], rounds: int, smoothing: float
) -> list[list[float]]:
    """The same estimate, written out item by item as Dawid and Skene (1979) state it."""
    n, m, classes = given.shape
    weight = [
        [1e-9 + sum(given[i, k, c] for k in range(m)) for c in range(classes)] for i in range(n)
    ]
    share = [[w / sum(row) for w in row] for row in weight]
    for _ in range(rounds):
        prior = [sum(share[i][c] for i in range(n)) / n for c in range(classes)]
        errors = [
            [
                [
                    smoothing + sum(share[i][c] * given[i, k, said] for i in range(n))
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
                * math.prod(
                    errors[k][c][said] ** given[i, k, said]
                    for k in range(m)
                    for said in range(classes)
                )
                for c in range(classes)
            ]
            share[i] = [value / sum(joint) for value in joint]
    return share


def test_it_equals_the_plain_implementation() -> None:
    rng = np.random.default_rng(7)
    answers = rng.integers(-1, 3, (60, 4))
    params = DawidSkeneParams(iterations=12, tolerance=1e-300)
    given = times_given(answers, 3)
    ours = posteriors(given, np.ones(60), params)
    np.testing.assert_allclose(
        ours, plain_posteriors(given, 12, params.smoothing), rtol=1e-9, atol=1e-12
    )


def anaesthetists() -> NDArray[np.float64]:
    said = np.array([[int(digit) - 1 for digit in patient] for patient in ANAESTHETISTS.split()])
    given = times_given(said, 4)
    return np.stack([given[:, place].sum(axis=1) for place in OBSERVERS], axis=1)


def test_it_finds_what_dawid_and_skene_found_of_the_anaesthetists() -> None:
    given = anaesthetists()
    assert given.shape == (45, 5, 4)
    assert given.sum() == 45 * 7
    params = DawidSkeneParams(iterations=10_000, tolerance=1e-14, smoothing=0.0)
    found = posteriors(given, np.ones(45), params)
    assert found.mean(axis=0).round(2).tolist() == list(MARGINALS)
    np.testing.assert_allclose(found, plain_posteriors(given, 60, 0.0), atol=1e-5)


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
