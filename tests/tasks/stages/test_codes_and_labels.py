"""The steps of coding and labelling: what they plan, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import Mistake
from schemas.keys import digest
from schemas.study import Study
from schemas.tables import TABLES
from schemas.unit import Result, Unit
from tasks.models.budget import Budget
from tasks.models.gateway import open_gateway
from tasks.stages.base import Upstream
from tasks.stages.codes import CodeStep
from tasks.stages.episodes import EpisodeStep
from tasks.stages.labels import LabelStep
from tasks.stages.working import results_of
from tasks.studies.design import Design

CODE, LABEL = CodeStep(), LabelStep()
EPISODES = tuple(
    Unit("episodes", "episodes", digest("episode", n), None, "baseline", n, f"run {n}")
    for n in (1, 2)
)
SAID = ("Thanks everyone!", "Casey, please draft the plan.", "", "I agree with Blake.", "Fine.")
BOOK: dict[str, Any] = {
    "name": "book",
    "flags": {
        "lead": {"definition": "gives a task to a named other"},
        "agree": {"definition": "agrees with a named other"},
        "short": {"definition": "few words", "rule": "word_count_below(3)"},
    },
}


def design(
    judges: Sequence[str] = ("ja", "jb"),
    use: Any = "intersection",
    also: Sequence[Any] = (),
    sim: Mapping[str, Any] | None = None,
    **coding: Any,
) -> Design:
    study = Study.model_validate(
        {
            "name": "s",
            "models": {
                name: {"model": "sim/judge", "sim": {"sensitivity": 1.0, **(sim or {})}}
                for name in ("ja", "jb", "jc")
            },
            "episode": {"environment": "discussion"},
            "coding": {
                "codebook": BOOK,
                "judges": list(judges),
                "adjudication": {"use": use, "also": list(also)},
                **coding,
            },
        }
    )
    return Design(study, (), "0" * 32)


def upstream(*units: Unit, **frames: pl.DataFrame) -> Upstream:
    return Upstream({EpisodeStep: EPISODES, CodeStep: units}, frames=frames)


def rows() -> dict[str, pl.DataFrame]:
    keys = [unit.key for unit in EPISODES]
    events = [
        {
            "episode_key": key,
            "seq": seq,
            "actor": f"s{seq % 2 + 1}",
            "kind": "say" if text != "Fine." else "ask",
            "text": text,
        }
        for key in keys
        for seq, text in enumerate(SAID)
    ]
    seats = [
        {"episode_key": key, "seat": f"s{n}", "name": name, "from_seq": 0}
        for key in keys
        for n, name in ((1, "Blake"), (2, "Casey"))
    ]
    return {"events": pl.DataFrame(events), "v_seats_over_time": pl.DataFrame(seats)}


async def coded(of: Design, folder: Path, **options: Any) -> list[Result]:
    units = CODE.plan(of, upstream())
    async with open_gateway(folder, **options) as gateway:
        return await results_of(CODE, units, rows(), gateway)


def frame(results: Sequence[Result], table: str) -> pl.DataFrame:
    return pl.DataFrame(
        [row for result in results for row in result.rows.get(table, ())],
        infer_schema_length=None,
        schema_overrides={"other_seq": pl.Int64},
    )


async def test_every_judge_and_the_rules_code_every_message(tmp_path: Path) -> None:
    results = await coded(design(), tmp_path)
    assert [result.unit.label for result in results[:3]] == [
        "ja on run 1",
        "jb on run 1",
        "rule on run 1",
    ]
    assert all(result.failure is None for result in results)
    codes = frame(results, "codes")
    count = codes.group_by("coder", "flag").len().sort("coder", "flag")
    assert count.rows() == [
        ("ja", "agree", 6),
        ("ja", "lead", 6),
        ("jb", "agree", 6),
        ("jb", "lead", 6),
        ("rule", "short", 6),
    ]
    assert set(codes["seq"]) == {0, 1, 3}
    for result in results:
        for table in ("codes", "codebooks", "calls"):
            for row in result.rows.get(table, ()):
                TABLES[table].model_validate(row)
    calls = set(frame(results, "calls")["call_key"])
    assert set(codes.filter(pl.col("coder") != "rule")["call_key"]) <= calls


async def test_a_judge_that_never_answers_in_shape_leaves_null_codes(tmp_path: Path) -> None:
    results = await coded(design(judges=["ja"], sim={"malformed_rate": 1.0}), tmp_path)
    assert all(result.failure is None for result in results)
    codes = frame(results, "codes").filter(pl.col("coder") == "ja")
    assert codes.height == 12
    assert codes["value"].null_count() == 12
    assert codes["problem"].null_count() == 0


async def test_a_spent_budget_fails_units_whole(tmp_path: Path) -> None:
    results = await coded(design(), tmp_path, budget=Budget(calls=4))
    kinds = [result.failure.kind if result.failure else None for result in results]
    assert "budget" in kinds
    for result in results:
        assert ("codes" in result.rows) is (result.failure is None)


def keys(units: Sequence[Unit]) -> set[str]:
    return {unit.key for unit in units}


def test_adding_a_judge_plans_only_its_codings() -> None:
    two = CODE.plan(design(), upstream())
    three = CODE.plan(design(judges=["ja", "jb", "jc"]), upstream())
    new = keys(three) - keys(two)
    assert keys(two) < keys(three)
    assert {unit.spec.coder for unit in three if unit.key in new} == {"jc"}
    assert len(new) == len(EPISODES)


def test_a_changed_definition_is_coded_anew_and_a_description_is_not() -> None:
    flags = {**BOOK["flags"], "lead": {"definition": "something else"}}
    before = keys(CODE.plan(design(), upstream()))
    assert not before & keys(CODE.plan(design(codebook={**BOOK, "flags": flags}), upstream()))
    described = CODE.plan(design(codebook={**BOOK, "description": "new"}), upstream())
    assert keys(described) == before


def test_rules_can_be_left_to_judges() -> None:
    units = CODE.plan(design(rules=False), upstream())
    assert {unit.spec.coder for unit in units} == {"ja", "jb"}
    assert units[0].spec.flags == ("lead", "agree", "short")


def test_episodes_that_failed_are_not_planned() -> None:
    failed = Upstream({EpisodeStep: EPISODES}, frozenset({EPISODES[0].key}))
    assert {unit.spec.episode_key for unit in CODE.plan(design(), failed)} == {EPISODES[1].key}


async def test_labels_are_made_per_episode_and_rule(tmp_path: Path) -> None:
    of = design(also=["union", "majority", {"rule": "judge", "coder": "ja"}, "dawid_skene"])
    results = await coded(of, tmp_path)
    units = LABEL.plan(of, upstream(*(result.unit for result in results)))
    assert len(units) == 4 * len(EPISODES) + 1
    labels_of = await results_of(LABEL, units, {"codes": frame(results, "codes")}, None)  # type: ignore[arg-type]
    assert [result.unit for result in labels_of] == list(units)
    for result in labels_of:
        labels = result.rows["labels"]
        assert isinstance(labels, pl.DataFrame)
        assert set(labels["unit_key"]) == {result.unit.key}
        for row in labels.iter_rows(named=True):
            TABLES["labels"].model_validate(row)
        expected = 9 if result.unit.condition else 18
        assert labels.height == expected
        assert labels.select("episode_key", "seq", "flag").is_unique().all()
    by_rule = labels_of[0].rows["labels"]
    assert isinstance(by_rule, pl.DataFrame)
    short = by_rule.filter(pl.col("flag") == "short").sort("seq")
    assert short["value"].to_list() == [1.0, 0.0, 0.0]
    assert short["n_codes"].to_list() == [1, 1, 1]


def test_adding_a_judge_relabels_only_what_it_changes() -> None:
    also = [{"rule": "judge", "coder": "ja"}]
    two, three = design(also=also), design(judges=["ja", "jb", "jc"], also=also)
    before = LABEL.plan(two, upstream(*CODE.plan(two, upstream())))
    after = LABEL.plan(three, upstream(*CODE.plan(three, upstream())))
    same = keys(before) & keys(after)
    assert {unit.spec.rule.value.rule.rule for unit in before if unit.key in same} == {"judge"}
    assert len(same) == len(EPISODES)


def test_labels_wait_for_all_codes_that_they_are_made_of() -> None:
    of = design()
    codes = CODE.plan(of, upstream())
    label = LABEL.plan(of, upstream(*codes))[0]
    episode = label.upstream[0]
    assert set(label.upstream) == {episode} | {
        unit.key for unit in codes if unit.spec.episode_key == episode
    }


def test_a_rule_over_an_unknown_coder_is_refused() -> None:
    of = design(use={"rule": "judge", "coder": "jaa"})
    with pytest.raises(Mistake, match="write ja"):
        LABEL.plan(of, upstream())


def summary(coder: str, version: str, *units: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "unit_key": list(units),
            "episode_key": [EPISODES[0].key] * len(units),
            "coder": [coder] * len(units),
            "codebook_digest": [version] * len(units),
        }
    )


def test_imported_codes_must_be_there_and_of_the_same_codebook() -> None:
    of = design(imported=["kim"], gold="kim")
    with pytest.raises(Mistake, match="no codes of kim"):
        LABEL.plan(of, upstream())
    with pytest.raises(Mistake, match="another version of the codebook"):
        LABEL.plan(of, upstream(codes=summary("kim", "f" * 32, "0" * 32)))


async def test_the_gold_coder_is_taken_only_where_a_rule_names_it() -> None:
    of = design(
        judges=[],
        imported=["kim", "lee"],
        gold="kim",
        also=[{"rule": "human_override", "coder": "kim", "then": "union"}],
        rules=False,
    )
    assert of.study.coding is not None
    version = of.study.coding.codebook.digest
    frames = pl.concat([summary("kim", version, "1" * 32), summary("lee", version, "2" * 32)])
    units = LABEL.plan(of, upstream(codes=frames))
    assert [unit.spec.sources for unit in units] == [("2" * 32,), ("1" * 32, "2" * 32)]


def test_people_who_coded_a_sample_do_not_vote_unless_named() -> None:
    with_people = design(
        imported=["eva", "tom"], gold="eva", also=[{"rule": "union", "coders": ["ja", "tom"]}]
    )
    version = with_people.study.coding.codebook.digest if with_people.study.coding else ""
    codes = CODE.plan(with_people, upstream())
    imported = pl.concat(
        [summary(name, version, *(digest(name, n) for n in (1, 2))) for name in ("eva", "tom")]
    ).with_columns(pl.lit("human").alias("coder_kind"))
    units = LABEL.plan(with_people, upstream(*codes, codes=imported))
    voters = {
        unit.spec.rule.value.rule.rule: unit.spec.rule.value.flags["lead"]["coders"]
        for unit in units
    }
    assert voters == {"intersection": ["ja", "jb"], "union": ["ja", "tom"]}
    alone = design(judges=(), imported=["eva", "tom"], gold="eva")
    (unit, *_) = LABEL.plan(alone, upstream(codes=imported))
    assert unit.spec.rule.value.flags["lead"]["coders"] == ["tom"]


async def test_two_imports_that_contradict_each_other_fail_the_unit() -> None:
    of = design(judges=[], imported=["kim"], rules=False)
    assert of.study.coding is not None
    version = of.study.coding.codebook.digest
    units = LABEL.plan(of, upstream(codes=summary("kim", version, "1" * 32, "2" * 32)))
    codes = pl.DataFrame(
        {
            "unit_key": ["1" * 32, "2" * 32],
            "episode_key": [EPISODES[0].key] * 2,
            "seq": [0, 0],
            "other_seq": pl.Series([None, None], dtype=pl.Int64),
            "flag": ["lead", "lead"],
            "coder": ["kim", "kim"],
            "value": [1.0, 0.0],
        }
    )
    (result,) = await results_of(LABEL, units, {"codes": codes}, None)  # type: ignore[arg-type]
    assert result.failure is not None
    assert result.failure.kind == "conflicting_codes"
    agreeing = codes.with_columns(pl.lit(1.0).alias("value"))
    (result,) = await results_of(LABEL, units, {"codes": agreeing}, None)  # type: ignore[arg-type]
    labels = result.rows["labels"]
    assert isinstance(labels, pl.DataFrame)
    assert labels.select("value", "n_codes").rows() == [(1.0, 1)]
