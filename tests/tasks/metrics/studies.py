"""Small studies with known answers, as rows of the warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from schemas.gateway import Answer, Question
from schemas.keys import digest, shared
from schemas.study import RuleSpec, Study
from schemas.unit import Unit
from tasks.coding.labelling import LabelInput, LabelRule
from tasks.episodes.parts import EpisodeParts
from tasks.metrics.assembly import AUDIENCES, CHOICE_SETS, SEAT_CHANGES, SHOWN_BEFORE, TOKENS
from tasks.metrics.worlds.choices import tasks_done
from tasks.stages.base import Upstream
from tasks.stages.codes import CodeStep
from tasks.stages.episodes import EpisodeStep
from tasks.stages.labels import LabelStep
from tasks.studies.design import Condition, Design

RULES = ("intersection", "union")
RULE_OF = {name: shared(LabelRule(RuleSpec(rule=name), 1, "", {})) for name in RULES}
FLAGS = ("phatic", "meta", "lead", "tech", "agree")

STUDY: dict[str, Any] = {
    "name": "small",
    "models": {"m": {"model": "sim/agent"}},
    "episode": {"environment": "discussion", "rounds": 4},
    "conditions": {"uniform": {}, "mixed": {"seats": ["a", "b"]}},
    "replicates": 6,
    "coding": {
        "codebook": {"name": "five", "flags": {f: {"definition": f} for f in FLAGS}},
        "judges": ["m"],
        "gold": "human",
        "imported": ["human"],
        "adjudication": {"use": "intersection", "also": ["union"]},
    },
    "metrics": ["profile_cosine", "agreement", "participation"],
    "contrasts": {
        "naming": {"of": "profile_cosine", "between": ["uniform", "mixed"], "excess": True}
    },
}


def study(**changes: Any) -> Study:
    """The small study with other fields."""
    return Study.model_validate({**STUDY, **changes})


def design(declared: Study, factors: Mapping[str, Mapping[str, Any]] | None = None) -> Design:
    """Its design; by default every condition but the first moves one factor."""
    names = list(declared.conditions)
    given = factors or {name: {"seats": (1, 2)} for name in names[1:]}
    conditions = tuple(
        Condition(name, params=declared, parts=EpisodeParts(), factors=given.get(name, {}))
        for name in names
    )
    return Design(study=declared, conditions=conditions, version=digest(declared))


def episode_units(declared: Study) -> tuple[Unit, ...]:
    """Its episodes."""
    return tuple(
        Unit(
            "episodes",
            "episodes",
            digest("e", name, replicate),
            None,
            condition=name,
            replicate=replicate,
        )
        for name in declared.conditions
        for replicate in range(1, declared.replicates + 1)
    )


def upstream(
    declared: Study,
    failed: Sequence[str] = (),
    status: str = "terminated",
    statuses: Mapping[str, str] | None = None,
) -> Upstream:
    """Everything before the metrics, planned and done; ``statuses`` of single episodes."""
    episodes = episode_units(declared)
    codes = tuple(
        Unit("codes", "code", digest("c", u.key), None, upstream=(u.key,)) for u in episodes
    )
    labels = tuple(
        Unit(
            "codes",
            "label",
            digest("l", rule, u.key),
            LabelInput(RULE_OF[rule], (), (), repeated=False),
            upstream=(*u.upstream, u.key),
        )
        for rule in RULES
        for u in codes
        if not set(u.upstream) & set(failed)
    )
    frame = pl.DataFrame(
        [
            {
                "episode_key": u.key,
                "status": (statuses or {}).get(u.key, status),
                "exclusion": None,
                "series": None,
            }
            for u in episodes
            if u.key not in failed
        ],
        schema={
            "episode_key": pl.String,
            "status": pl.String,
            "exclusion": pl.String,
            "series": pl.String,
        },
    )
    return Upstream(
        units={EpisodeStep: episodes, CodeStep: codes, LabelStep: labels},
        failed=frozenset(failed),
        frames={"episodes": frame},
    )


def rows(declared: Study, seats: int = 4, rounds: int = 12, seed: int = 1) -> dict[str, Any]:
    """Rows of every table: in the last condition each seat favours a flag of its own."""
    rng = np.random.default_rng(seed)
    last = list(declared.conditions)[-1]
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            *("episodes", "seats", "events", "actions", "labels", "codes", "outcomes"),
            "responses",
        )
    }
    words = ["ship", "budget", "map", "rider", "kitchen", "test", "plan", "agree"]
    for unit in episode_units(declared):
        key = unit.key
        tables["episodes"].append(
            {
                "episode_key": key,
                "unit_key": key,
                "environment": "discussion",
                "status": "terminated",
                "planned_rounds": rounds,
                "completed_rounds": rounds,
            }
        )
        for s in range(seats):
            tables["seats"].append(
                {
                    "episode_key": key,
                    "unit_key": key,
                    "seat": f"s{s + 1}",
                    "position": s + 1,
                    "role": "participant",
                    "name": f"Agent-{'ABCDEFGH'[s]}",
                    "model": f"m{s}",
                    "model_id": f"sim/m{s}",
                    "persona_key": None,
                }
            )
        for s in range(seats):
            for r in range(rounds):
                level = 2.0 if r >= 6 else float(s % 3)
                tables["outcomes"].append(
                    _outcome(key, "seat_round", f"s{s + 1}", r, "stance", level)
                )
            for metric, value in (
                ("utility", 5.0 + s),
                ("first_proposal_accepted", float(s % 2)),
                ("proposals_received", 3.0),
            ):
                tables["outcomes"].append(_outcome(key, "seat", f"s{s + 1}", None, metric, value))
            tables["responses"] += [
                {
                    "episode_key": key,
                    "unit_key": key,
                    "after_rounds": after,
                    "after_turns": after * seats,
                    "seat": f"s{s + 1}",
                    "instrument": "trust",
                    "item": "trust",
                    "value": float(1 + (s * after + unit.replicate) % 7),
                    "text": None,
                }
                for after in (0, rounds)
            ]
            tables["responses"] += [
                {
                    **tables["responses"][-1],
                    "after_rounds": after,
                    "after_turns": after * seats,
                    "instrument": "quiz",
                    "item": str(item),
                    "trait": "openness",
                    "value": float(1 + (s * (after + 1) + item + unit.replicate) % 5),
                    "scored": float(1 + (s * (after + 1) + item + unit.replicate) % 5),
                }
                for after in (0, rounds)
                for item in (1, 2)
            ]
        tables["outcomes"].append(_outcome(key, "episode", "", None, "welfare", 5.0 * seats))
        tables["outcomes"].append(_outcome(key, "episode", "", None, "optimal_share", 0.8))
        seq = 0
        for r in range(rounds):
            for s in range(seats):
                own = words[s] if unit.condition == last else "plan"
                text = " ".join([own, *rng.choice(words, size=int(rng.integers(3, 9)))])
                tables["events"].append(
                    {
                        "episode_key": key,
                        "unit_key": key,
                        "seq": seq,
                        "round": r,
                        "turn": seq,
                        "kind": "say",
                        "actor": f"s{s + 1}",
                        "target": None,
                        "value": None,
                        "text": text,
                    }
                )
                tables["actions"].append(
                    {
                        "episode_key": key,
                        "unit_key": key,
                        "turn": seq,
                        "round": r,
                        "seat": f"s{s + 1}",
                        "valid": True,
                        "attempts": 1,
                        "fallback": False,
                        "absent": False,
                        "answer": json.dumps({"text": text}),
                    }
                )
                _code(tables, unit, key, seq, s, rng, mixed=unit.condition == last)
                seq += 1
    return {name: pl.DataFrame(part) for name, part in tables.items() if part}


def _outcome(
    key: str, scope: str, subject: str, round_: int | None, metric: str, value: float
) -> dict[str, Any]:
    return {
        "episode_key": key,
        "unit_key": key,
        "scope": scope,
        "subject": subject,
        "other": None,
        "round": round_,
        "metric": metric,
        "value": value,
        "label": None,
    }


def _code(
    tables: dict[str, list[dict[str, Any]]],
    unit: Unit,
    key: str,
    seq: int,
    seat: int,
    rng: np.random.Generator,
    *,
    mixed: bool,
) -> None:
    for f, flag in enumerate(FLAGS):
        rate = (0.8 if f == seat else 0.1) if mixed else 0.3
        truth = int(rng.random() < rate)
        judged = truth if rng.random() < 0.9 else 1 - truth
        common = {"episode_key": key, "seq": seq, "other_seq": None, "flag": flag}
        for coder, kind, value in (("human", "human", truth), ("m", "model", judged)):
            tables["codes"].append(
                {
                    **common,
                    "unit_key": digest("c", unit.key),
                    "coder": coder,
                    "coder_kind": kind,
                    "value": float(value),
                }
            )
        for rule, value in (("intersection", truth & judged), ("union", truth | judged)):
            tables["labels"].append(
                {
                    **common,
                    "unit_key": digest("l", rule, digest("c", unit.key)),
                    "rule": rule,
                    "value": float(value),
                }
            )


def choice_sets(episode_keys: pl.Series) -> pl.DataFrame:
    """Choices of one shopper in every episode, some of them of tasks with a right answer."""
    rng = np.random.default_rng(5)
    n = len(episode_keys)
    data = tasks_done({"": n}, rng, planted=False).choice_sets
    keys = pl.Series(episode_keys.to_list())[data["episode"].to_numpy()]
    return data.drop("episode").with_columns(episode_key=keys, unit_key=keys)


def picked(frames: Mapping[str, pl.DataFrame], reads: Sequence[Any]) -> dict[str, pl.DataFrame]:
    """The rows that some reads ask for; no seat of these changes, and all hear everything."""
    nobody = {"audience": pl.lit("", pl.String), "seats": pl.lit(None, pl.List(pl.String))}
    frames = {
        **frames,
        AUDIENCES: frames["seats"]
        .select("episode_key", from_seq=pl.lit(0, pl.Int64), **nobody)
        .clear(),
        SEAT_CHANGES: frames["seats"].select(
            "episode_key", "seat", "name", "model", from_seq=pl.lit(0, pl.Int64)
        ),
        SHOWN_BEFORE: pl.DataFrame(
            schema={
                "episode_key": pl.String,
                **dict.fromkeys(("seq", "first_seq", "last_seq"), int),
            }
        ),
        CHOICE_SETS: choice_sets(frames["episodes"]["episode_key"]),
        TOKENS: frames["seats"].select(
            "episode_key",
            "seat",
            prompt_tokens=pl.lit(100, pl.Int64),
            completion_tokens=pl.lit(10, pl.Int64),
        ),
    }
    return {
        read.table: frames[read.table].filter(
            pl.col(read.column).is_in(pl.Series(list(read.keys), dtype=pl.String).implode())
        )
        for read in reads
    }


class NoModels:
    """A gateway for steps that need no model."""

    async def ask(self, question: Question) -> Answer:
        raise AssertionError(f"no model is to be asked: {question}")

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        return {}
