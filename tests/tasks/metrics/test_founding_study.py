"""Agreement on the codes of the founding study: 609 messages, a human and two models."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.metrics.coders import agreement
from tasks.metrics.data import Data, Flags

FLAGS = ("phatic", "meta", "lead", "arch", "agree", "comp")
KAPPAS = dict(zip(FLAGS, (0.931, 0.559, 0.801, 0.792, 0.693, 0.626), strict=True))


@pytest.fixture(scope="module")
def found(shared: Path) -> pl.DataFrame:
    """Rows of ``agreement``."""
    with (shared / "data/warroom/human_coding_results.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    codes: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    episodes = sorted({line["id"].split("|")[0] for line in lines})
    for seq, line in enumerate(lines):
        place = {"episode": episodes.index(line["id"].split("|")[0]), "seq": seq, "other_seq": None}
        for flag in FLAGS:
            value = {
                "human": float(line[f"human_{flag}"] == "true"),
                "gemini": float(line[f"gemini_{flag}"]),
                "sonnet": float(line[f"sonnet_{flag}"]),
            }
            item = {**place, "flag": flag}
            codes += [
                {**item, "coder": name, "coder_kind": "model", "value": one}
                for name, one in value.items()
            ]
            judges = value["gemini"], value["sonnet"]
            labels.append({**item, "rule": "intersection", "value": min(judges)})
            labels.append({**item, "rule": "union", "value": max(judges)})
    data = Data(
        episodes=pl.DataFrame(
            {"episode": range(len(episodes)), "episode_key": episodes, "condition": "all"}
        ),
        codes=pl.DataFrame(codes, schema_overrides={"other_seq": pl.Int64}),
        all_labels=pl.DataFrame(labels, schema_overrides={"other_seq": pl.Int64}),
        flags=Flags(traits=FLAGS[:5], scales=dict.fromkeys(FLAGS, "nominal")),
        rules=("intersection", "union"),
        gold="human",
    )
    return agreement.compute(data, agreement.AgreementOptions(), np.random.default_rng(0))


def _value(found: pl.DataFrame, quantity: str, subject: str) -> float:
    return float(found.filter(quantity=quantity, subject=subject)["value"].item())


@pytest.mark.parametrize("flag", FLAGS)
def test_kappa_of_human_and_first_judge(found: pl.DataFrame, flag: str) -> None:
    kappa = _value(found, "cohen_kappa", f"{flag}: human ~ gemini")
    assert kappa == pytest.approx(KAPPAS[flag], abs=5e-4)


@pytest.mark.parametrize(
    ("other", "mean"),
    [("gemini", 0.734), ("sonnet", 0.709), ("intersection", 0.642), ("union", 0.793)],
)
def test_mean_kappa_with_gold(found: pl.DataFrame, other: str, mean: float) -> None:
    assert _value(found, "mean_kappa", f"human ~ {other}") == pytest.approx(mean, abs=5e-4)


@pytest.mark.parametrize(("flag", "recall"), [("meta", 0.37), ("lead", 0.49), ("agree", 0.50)])
def test_the_rule_that_was_used_misses_half(found: pl.DataFrame, flag: str, recall: float) -> None:
    value = _value(found, "recall", f"{flag}: human ~ intersection")
    assert value == pytest.approx(recall, abs=5e-3)


def test_kappa_and_ac1_part_where_a_flag_is_rare(found: pl.DataFrame) -> None:
    subject = "comp: human ~ intersection"
    assert _value(found, "cohen_kappa", subject) == pytest.approx(0.66, abs=5e-3)
    assert _value(found, "gwet_ac1", subject) == pytest.approx(0.990, abs=5e-4)
    judge = "comp: human ~ gemini"
    assert _value(found, "cohen_kappa", judge) == pytest.approx(0.626, abs=5e-4)
    assert _value(found, "gwet_ac1", judge) == pytest.approx(0.988, abs=5e-4)
    row = found.filter(quantity="cohen_kappa", subject=subject).row(0, named=True)
    assert row["ci_low"] < 0.5
    assert row["ci_high"] > 0.8
