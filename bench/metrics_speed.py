"""Seconds and peak memory of metrics and contrasts on a large synthetic study.

    python bench/metrics_speed.py --episodes 10000

Episodes of 100 messages by 7 seats in two conditions, five flags coded by two judges, adjudicated
by intersection. The steps ``label``, ``measure`` and ``contrast`` are timed, on rows as the
warehouse hands them out.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
import polars as pl

from schemas.codebook import Codebook
from schemas.keys import digest, shared
from schemas.study import RuleSpec, Study
from schemas.unit import Unit
from tasks.coding.labelling import LabelInput, LabelRule
from tasks.episodes.parts import EpisodeParts
from tasks.metrics.assembly import SHOWN_BEFORE
from tasks.stages.base import Upstream
from tasks.stages.codes import CodeInput, CodeStep
from tasks.stages.contrasts import ContrastStep
from tasks.stages.episodes import EpisodeStep
from tasks.stages.labels import LabelStep
from tasks.stages.measures import MeasureStep
from tasks.stages.working import results_of
from tasks.studies.design import Condition, Design


class NoGateway:
    """Has asked nothing."""

    def rows(self, unit_key: str) -> dict[str, Any]:
        """No calls."""
        return {}


FLAGS = ("phatic", "meta", "lead", "tech", "agree")
SEATS, ROUNDS = 7, 100
#: What is done in each process.
PARTS = {
    "label": ("labels",),
    "coded": ("profile_cosine", "agreement", "participation"),
    "text": ("convergence", "alignment", "distinct_n", "turnover", "compression", "drift"),
}


def study(episodes: int, metrics: list[str]) -> Study:
    """The study whose steps are timed."""
    return Study.model_validate(
        {
            "name": "speed",
            "models": {"a": {"model": "sim/a"}, "b": {"model": "sim/b"}},
            "episode": {"environment": "discussion"},
            "conditions": {"uniform": {}, "mixed": {"rounds": 5}},
            "replicates": episodes // 2,
            "coding": {
                "codebook": {"name": "five", "flags": {f: {"definition": f} for f in FLAGS}},
                "judges": ["a", "b"],
                "adjudication": {"use": "intersection"},
            },
            "metrics": metrics,
            "contrasts": {
                "mixed": {"of": metrics[0], "between": ["uniform", "mixed"], "excess": True}
            }
            if metrics[0] == "profile_cosine"
            else {},
        }
    )


def frames(keys: list[str], part: str) -> dict[str, pl.DataFrame]:
    """Rows of every table that a part reads, in the columns and types that its steps ask for."""
    rng = np.random.default_rng(0)
    episodes, per_episode = len(keys), 100
    n = episodes * per_episode
    episode = np.repeat(np.arange(episodes), per_episode)
    seat = rng.integers(0, SEATS, n)
    names = pl.Series([f"s{i + 1}" for i in range(SEATS)], dtype=pl.Categorical)
    episode = pl.Series("episode_key", keys, dtype=pl.Categorical)[episode]
    seq = pl.Series("seq", np.tile(np.arange(per_episode), episodes))
    if part == "text":
        words = pl.Series([f"word{i}" for i in range(5000)])
        some = 50_000
        texts = pl.concat([_texts(words, min(some, n - i), rng) for i in range(0, n, some)])
    else:
        texts = pl.Series(["one two three four five"])[np.zeros(n, dtype=np.int64)]
    tables = {
        "episodes": pl.DataFrame(
            {
                "episode_key": keys,
                "unit_key": keys,
                "status": "terminated",
                "planned_rounds": 10,
                "completed_rounds": 10,
                "environment": "discussion",
            }
        ),
        "seats": pl.DataFrame(
            {
                "episode_key": pl.Series(keys)[np.repeat(np.arange(episodes), SEATS)],
                "unit_key": pl.Series(keys)[np.repeat(np.arange(episodes), SEATS)],
                "seat": names.cast(pl.String)[np.tile(np.arange(SEATS), episodes)],
                "name": names.cast(pl.String)[np.tile(np.arange(SEATS), episodes)],
            }
        ),
        "events": pl.DataFrame(
            {
                "episode_key": episode,
                "seq": seq,
                "round": seq // 10,
                "turn": seq,
                "kind": pl.Series(["say"], dtype=pl.Categorical)[np.zeros(n, dtype=np.int64)],
                "actor": names[seat],
                "text": texts,
            }
        ),
        SHOWN_BEFORE: pl.DataFrame(
            schema={
                "episode_key": pl.Categorical,
                **dict.fromkeys(("seq", "first_seq", "last_seq"), pl.Int64),
            }
        ),
    }
    if part != "text":
        tables |= _coded(keys, episode, seat, rng, for_labels=part == "label")
    return tables


def _texts(words: pl.Series, n: int, rng: np.random.Generator) -> pl.Series:
    """Texts of twenty words each."""
    drawn = words[(rng.zipf(1.3, size=n * 20) % len(words)).astype(np.int64)]
    spoken = pl.DataFrame({"m": np.repeat(np.arange(n), 20), "w": drawn})
    return spoken.group_by("m", maintain_order=True).agg(pl.col("w").str.join(" "))["w"]


def _coded(
    keys: list[str], episode: Any, seat: Any, rng: np.random.Generator, *, for_labels: bool
) -> dict[str, Any]:
    n, k = len(episode), len(FLAGS)
    item = np.repeat(np.arange(n), k)
    flag = np.tile(np.arange(k), n)
    rate = np.where(seat[item] % k == flag, 0.5, 0.2)
    truth = rng.random(n * k) < rate
    judged = [truth ^ (rng.random(n * k) < 0.1) for _ in range(2)]
    common = {
        "episode_key": pl.Series(keys, dtype=pl.Categorical)[episode[item]],
        "seq": np.tile(np.repeat(np.arange(100), k), len(keys)),
        "other_seq": pl.Series([None], dtype=pl.Int64)[np.zeros(n * k, dtype=np.int64)],
        "flag": pl.Series(list(FLAGS), dtype=pl.Categorical)[flag],
    }

    def said(column: str, word: str, value: Any) -> pl.DataFrame:
        return pl.DataFrame({**common, "value": value.astype(float)}).with_columns(
            pl.lit(word, dtype=pl.Categorical).alias(column)
        )

    codes = [said("coder", name, value) for name, value in zip("ab", judged, strict=True)]
    if for_labels:
        for place, name in enumerate("ab"):
            units = pl.Series("unit_key", [digest(name, key) for key in keys])[episode[item]]
            texts = pl.col("flag", "coder", "episode_key").cast(pl.String)
            codes[place] = codes[place].with_columns(units, texts)
        return {"codes": pl.concat(codes)}
    return {
        "codes": pl.concat(codes),
        "labels": said("rule", "intersection", judged[0] & judged[1]),
    }


def upstream(keys: list[str], declared: Study) -> Upstream:
    """The steps before, planned and done."""
    half = declared.replicates
    episodes = tuple(
        Unit("episodes", "episodes", key, None, ("uniform", "mixed")[i // half], i % half + 1)
        for i, key in enumerate(keys)
    )
    book = shared(
        Codebook.model_validate({"name": "book", "flags": {"lead": {"definition": "leads"}}})
    )
    codes = tuple(
        Unit(
            "codes",
            "code",
            digest(name, key),
            CodeInput(key, name, book, ()),
            upstream=(key,),
        )
        for key in keys
        for name in "ab"
    )
    rule = shared(LabelRule(RuleSpec(rule="intersection"), 1, "", {}))
    spec = LabelInput(rule, (), (), repeated=False)
    labels = tuple(Unit("codes", "label", digest("l", key), spec, upstream=(key,)) for key in keys)
    return Upstream(units={EpisodeStep: episodes, CodeStep: codes, LabelStep: labels})


def timed(
    episodes: int, metrics: list[str], rows: dict[str, pl.DataFrame], keys: list[str]
) -> float:
    """Seconds that the metrics and the contrasts on them take, plans included."""
    began = time.perf_counter()
    declared = study(episodes, metrics)
    cells = tuple(
        Condition(
            name, declared, EpisodeParts(), factors={"rounds": (4, 5)} if name == "mixed" else {}
        )
        for name in declared.conditions
    )
    design = Design(declared, cells, "v")
    before = upstream(keys, declared)
    measure = MeasureStep()
    units = measure.plan(design, before)
    results = asyncio.run(results_of(measure, units, rows, NoGateway()))  # type: ignore[arg-type]
    for result in results:
        if result.failure:
            raise RuntimeError(result.failure.message)
    frames_of: list[Any] = [result.rows["metrics"] for result in results]
    found: Any = pl.concat(frames_of)
    contrast = ContrastStep()
    made = contrast.plan(design, Upstream({**before.units, MeasureStep: units}))
    for result in asyncio.run(results_of(contrast, made, {"metrics": found}, None)):  # type: ignore[arg-type]
        if result.failure:
            raise RuntimeError(result.failure.message)
    return time.perf_counter() - began


def labels_timed(episodes: int, rows: dict[str, pl.DataFrame], keys: list[str]) -> int:
    """Labels that adjudication by intersection makes, plan included, unit by unit."""
    declared = study(episodes, ["participation"])
    step = LabelStep()
    units = step.plan(Design(declared, (), "v"), upstream(keys, declared))
    per_episode, half, made = 100 * len(FLAGS), rows["codes"].height // 2, 0
    for first in range(0, len(units), step.shard):
        some = units[first : first + step.shard]
        parts = [
            rows["codes"].slice(start + first * per_episode, len(some) * per_episode)
            for start in (0, half)
        ]
        for result in asyncio.run(results_of(step, some, {"codes": pl.concat(parts)}, None)):  # type: ignore[arg-type]
            made += len(result.rows["labels"])
    return made


def report(
    part: str, names: list[str], episodes: int, rows: dict[str, pl.DataFrame], keys: list[str]
) -> None:
    """Print what some metrics take in one step: time, time of the processors, peak memory."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    if names == ["labels"]:
        labels_timed(episodes, rows, keys)
    else:
        timed(episodes, names, rows, keys)
    spent = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{part:5} {spent:6.1f} s ({cpu:.1f} s of processor time), peak "
        f"{after.ru_maxrss / 1e6:.2f} GB: {', '.join(names)}",
        flush=True,
    )


def main() -> None:
    """Print one line per part, each measured in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--each", action="store_true", help="time each metric by itself as well")
    parser.add_argument("--part", choices=PARTS)
    args = parser.parse_args()
    if args.part is None:
        print(
            f"{args.episodes} episodes, {args.episodes * 100} messages, 5 flags, 2000 resamples",
            flush=True,
        )
        for part in PARTS:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", part], check=True)
        return
    keys = [digest("episode", i) for i in range(args.episodes)]
    rows, names = frames(keys, args.part), PARTS[args.part]
    for name in names if args.each and len(names) > 1 else ():
        report(args.part, [name], args.episodes, rows, keys)
    report(args.part, list(names), args.episodes, rows, keys)


if __name__ == "__main__":
    main()
