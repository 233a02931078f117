"""What a commit stores, refuses, replaces and leaves alone."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest

from schemas.keys import digest
from schemas.unit import QUARANTINE, Failure, Read, Result
from warehouse.committing import commit as commit_module
from warehouse.committing.batch import INVALID
from warehouse.connection import Limits
from warehouse.store import Warehouse

from .conftest import on_both


@on_both
def test_a_whole_unit_is_stored_and_done(make, commit, counts, warehouse):
    report = commit(make.result("a"), make.result("b"))
    assert set(report.done) == {make.key("a"), make.key("b")}
    assert report.rows == {"episodes": 2, "seats": 2, "events": 4}
    assert counts("episodes", "seats", "events", "units", "quarantine") == [2, 2, 4, 2, 0]
    assert warehouse.statuses([make.key("a"), make.key("zzz")]) == {make.key("a"): "done"}
    unit = warehouse.frame(Read("units", "unit_key", (make.key("a"),))).row(0, named=True)
    assert (unit["status"], unit["n_rows"], unit["run_id"]) == ("done", 4, "run")


@on_both
def test_committing_a_done_unit_again_changes_nothing(make, commit, counts):
    tables = ("episodes", "events", "units", "validations", "quarantine")
    commit(make.result("a"))
    before = counts(*tables)
    report = commit(make.result("a", events=[make.event(make.key("a"), 7)]), run_id="later")
    assert (report.done, report.unchanged, dict(report.rows)) == ((), (make.key("a"),), {})
    assert counts(*tables) == before


@on_both
def test_every_check_of_a_commit_is_on_record(make, commit, warehouse):
    report = commit(make.result("a"))
    found = warehouse.frame_sql(
        "SELECT source, count(*) AS n, bool_and(passed) AS passed, min(n_rows) AS least "
        "FROM validations WHERE batch = $1 AND table_name = 'events' GROUP BY 1 ORDER BY 1",
        [report.batch],
    )
    assert found["source"].to_list() == ["pydantic", "sql"]
    assert found["passed"].all()
    assert found["least"].to_list() == [2, 2]
    keys = warehouse.frame_sql(
        "SELECT count(*) - count(DISTINCT (batch, table_name, check_name)) AS n FROM validations"
    )
    assert keys["n"].item() == 0


@on_both
def test_what_a_unit_refuses_itself_is_kept_with_its_reason_and_the_unit_is_done(
    make, commit, counts, warehouse
):
    refused = [
        {"table_name": "events", "row": {"text": "He."}, "reason": "she"},
        {"table_name": "seats", "row": {"text": "It."}, "reason": "she"},
        {"table_name": "events", "row": {"text": "They."}, "reason": "she"},
    ]
    result = make.result("a")
    report = commit(replace(result, rows={**result.rows, QUARANTINE: refused}))
    assert report.done == (make.key("a"),)
    assert report.rows == {"episodes": 1, "seats": 1, "events": 2}
    kept = warehouse.frame_sql("SELECT * FROM quarantine ORDER BY table_name, row_number")
    assert kept["row"].to_list() == ['{"text":"He."}', '{"text":"They."}', '{"text":"It."}']
    assert kept["row_number"].to_list() == [2, 3, 1]
    assert kept["unit_key"].unique().to_list() == [make.key("a")]
    assert counts("events", "seats") == [2, 1]


def test_a_symmetric_relation_without_its_other_half_is_refused(make, commit):
    unit, one, other = make.key("a"), make.key("one"), make.key("other")
    population = {
        "population_key": unit, "unit_key": unit, "method": "fixed", "size": 2, "seed": 0,
        "spec": {}, "figures": {},
    }  # fmt: skip
    personas = [
        {"persona_key": key, "unit_key": unit, "population_key": unit, "position": place,
         "profile_key": key, "name": "Ann"}
        for place, key in enumerate((one, other), start=1)
    ]  # fmt: skip

    def relation(persona: str, related: str, strength: float = 1.0) -> dict[str, object]:
        return {
            "persona_key": persona, "unit_key": unit, "other_key": related, "relation": "friend",
            "strength": strength, "symmetric": True,
        }  # fmt: skip

    def failure(*relations: dict[str, object]) -> str | None:
        rows = {"populations": [population], "personas": personas,
                "persona_relations": list(relations)}  # fmt: skip
        failed = commit(replace(make.result("a"), rows=rows)).failed
        return failed[unit].message if failed else None

    assert "the other way round" in (failure(relation(one, other)) or "")
    assert failure(relation(one, other), relation(other, one, 0.5)) is not None
    assert failure(relation(one, other), relation(other, one)) is None


def _transfers(make, unit, amounts, **data):
    return [
        make.event(
            unit, seq, kind="transfer", value=amount, data={"net": True, "transaction": "t"} | data
        )
        for seq, amount in enumerate(amounts)
    ]


BROKEN = {
    "a missing column": (lambda m, k: {"events": [{"unit_key": k}]}, "events", "Field required"),
    "an unknown column": (lambda m, k: {"events": [m.event(k, colour="red")]}, "events", "colour"),
    "below its bound": (
        lambda m, k: {"events": [m.event(k, -1)]},
        "events",
        "greater than or equal",
    ),
    "not of its list": (lambda m, k: {"events": [m.event(k, kind="sing")]}, "events", "kind"),
    "not a number": (lambda m, k: {"events": [m.event(k, value=float("nan"))]}, "events", "finite"),
    "beyond 64 bits": (
        lambda m, k: {"episodes": [m.episode(k, seed=2**70)]},
        "episodes",
        "64 bits",
    ),
    "not finite in JSON": (
        lambda m, k: {"events": [m.event(k, data={"x": [float("nan")]})]},
        "events",
        "no JSON",
    ),
    "no JSON value": (
        lambda m, k: {"events": [m.event(k, data={"x": object()})]},
        "events",
        "no JSON",
    ),
    "no JSON object": (lambda m, k: {"events": [m.event(k, data=[1])]}, "events", "dictionary"),
    "half a character": (lambda m, k: {"events": [m.event(k, text="\ud800")]}, "events", "string"),
    "a NUL character": (lambda m, k: {"events": [m.event(k, text="a\0b")]}, "events", "NUL"),
    "half a character in JSON": (
        lambda m, k: {"events": [m.event(k, data={"x": "\ud800"})]},
        "events",
        "no JSON",
    ),
    "twice in the unit": (
        lambda m, k: {"events": [m.event(k, 0), m.event(k, 0)]},
        "events",
        "another row",
    ),
    "of another unit": (
        lambda m, k: {"events": [m.event(k, unit_key=m.key("z"))]},
        "events",
        "another unit",
    ),
    "without its episode": (
        lambda m, k: {"events": [m.event(k, episode_key=m.key("z"))]},
        "events",
        "episodes.episode_key",
    ),
    "without its call": (
        lambda m, k: {"events": [m.event(k, call_key=m.key("z"))]},
        "events",
        "calls.call_key",
    ),
    "out of balance": (
        lambda m, k: {"events": _transfers(m, k, [-5.0, 4.0])},
        "events",
        "do not sum to 0",
    ),
    "of no amount": (
        lambda m, k: {"events": _transfers(m, k, [-5.0, None])},
        "events",
        "do not sum to 0",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_unit_with_a_refused_row_is_quarantined_whole(name, make, commit, counts, warehouse):
    rows, table, reason = BROKEN[name]
    report = commit(make.result("bad", **rows(make, make.key("bad"))), make.result("good"))
    assert report.done == (make.key("good"),)
    assert report.failed[make.key("bad")].kind == INVALID
    assert reason in report.failed[make.key("bad")].message
    assert counts("episodes", "seats", "events", "units") == [1, 1, 2, 2]
    refused = warehouse.frame_sql("SELECT * FROM quarantine WHERE unit_key = $1", [make.key("bad")])
    given = {"episodes", "seats", "events"}
    assert set(refused["table_name"]) == given
    own = refused.filter(
        (pl.col("table_name") == table) & ~pl.col("reason").str.starts_with("its unit")
    )
    assert len(own) >= 1
    assert all(reason in found for found in own["reason"])
    assert warehouse.statuses([make.key("bad")]) == {make.key("bad"): "failed"}
    failing = warehouse.frame_sql("SELECT * FROM validations WHERE NOT passed")
    assert set(failing["table_name"]) == {table}


def test_a_batch_of_nothing_but_refused_rows_is_checked_all_the_same(make, commit, counts):
    unit = make.key("a")
    bad = {"events": [make.event(unit, -1)], "seats": [make.seat(unit, role="")], "episodes": [{}]}
    assert set(commit(make.result("a", **bad)).failed) == {unit}
    assert counts("quarantine", "events") == [3, 0]


@on_both
def test_what_was_paid_for_is_kept_of_a_refused_unit(make, commit, counts):
    unit = make.key("a")
    commit(
        make.result(
            "a",
            events=[make.event(unit, kind="sing", call_key=make.key((unit, 0)))],
            calls=[make.call(unit)],
            attempts=[make.attempt(unit)],
            prompt_messages=[make.prompt_message("hello")],
        )
    )
    assert counts("events", "episodes", "calls", "attempts", "prompt_messages") == [0, 0, 1, 1, 1]
    assert counts("quarantine") == [3]


@on_both
def test_a_failed_unit_keeps_only_what_was_paid_for(make, commit, counts, warehouse):
    unit = make.key("a")
    failure = Failure("rate_limit", "asked too often")
    report = commit(
        make.result("a", failure, calls=[make.call(unit)], attempts=[make.attempt(unit)])
    )
    assert report.failed == {unit: failure}
    assert counts("episodes", "events", "calls", "attempts", "quarantine") == [0, 0, 1, 1, 0]
    row = warehouse.frame_sql("SELECT failure_kind, failure, n_rows FROM units").row(0)
    assert row == ("rate_limit", "asked too often", 2)


@on_both
def test_a_unit_that_failed_is_replaced_when_it_succeeds(make, commit, counts, warehouse):
    unit = make.key("a")
    calls = [make.call(unit, 0, status="failed", text=None), make.call(unit, 1)]
    commit(
        make.result("a", Failure("server_error", "500"), calls=calls, attempts=[make.attempt(unit)])
    )
    again = {"calls": [make.call(unit, 0)], "attempts": [make.attempt(unit, message="second")]}
    report = commit(make.result("a", **again), run_id="later")
    assert report.done == (unit,)
    assert counts("episodes", "events", "units") == [1, 2, 1]
    kept = warehouse.frame_sql("SELECT ordinal, status FROM calls ORDER BY ordinal").rows()
    assert kept == [(0, "answered"), (1, "answered")]
    assert warehouse.frame_sql("SELECT message FROM attempts").rows() == [("second",)]
    assert warehouse.frame_sql("SELECT status, failure FROM units").rows() == [("done", None)]


def test_a_unit_may_fail_twice(make, commit, counts):
    bad = make.result("a", events=[make.event(make.key("a"), -1)])
    commit(bad)
    commit(bad)
    assert counts("units", "episodes") == [1, 0]


@on_both
def test_a_unit_that_refers_to_a_refused_one_is_refused_too(make, commit, counts):
    first, second = make.key("a"), make.key("b")
    codes = Result(
        make.unit("b", stage="codes", step="judge"),
        {
            "codebooks": [{"codebook_digest": make.key("book"), "name": "book", "spec": {}}],
            "codes": [
                {
                    "unit_key": second,
                    "episode_key": first,
                    "seq": 0,
                    "codebook_digest": make.key("book"),
                    "flag": "lead",
                    "coder": "judge",
                    "coder_kind": "model",
                    "value": 1.0,
                }
            ],
        },
    )
    report = commit(codes, make.result("a", seats=[make.seat(first), make.seat(first)]))
    assert set(report.failed) == {first, second}
    assert counts("episodes", "codes") == [0, 0]
    assert commit(make.result("a"), codes).failed == {}
    assert counts("episodes", "codes", "codebooks") == [1, 1, 1]


@on_both
def test_a_key_of_the_warehouse_cannot_be_taken_by_another_unit(make, commit, counts):
    commit(make.result("a"))
    intruder = {
        "episodes": [make.episode(make.key("b"), episode_key=make.key("a"))],
        "seats": None,
        "events": None,
    }
    report = commit(make.result("b", **intruder))
    assert "a row of the warehouse has them" in report.failed[make.key("b")].message
    assert counts("episodes") == [1]


def test_missing_values_count_as_equal_in_keys(make, commit):
    unit = make.key("a")
    outcome = {
        "episode_key": unit,
        "unit_key": unit,
        "scope": "episode",
        "subject": "",
        "metric": "welfare",
        "value": 1.0,
    }
    report = commit(make.result("a", outcomes=[outcome, outcome]))
    assert "another row of the batch" in report.failed[unit].message


def test_balanced_transfers_pass_and_others_may_be_one_sided(make, commit):
    unit = make.key("a")
    loose = make.event(unit, 9, kind="transfer", value=3.0)
    assert not commit(
        make.result("a", events=[*_transfers(make, unit, [-0.1, -0.2, 0.3]), loose])
    ).failed


@on_both
def test_parts_are_stored_once(make, commit, counts):
    hello = make.prompt_message("hello")
    commit(
        make.result("a", prompt_messages=[hello, hello]),
        make.result("b", prompt_messages=[hello, make.prompt_message("you")]),
    )
    commit(make.result("c", prompt_messages=[hello]))
    assert counts("prompt_messages") == [2]


@on_both
def test_a_frame_is_held_to_the_same_rules_as_mappings(make, commit, counts, warehouse):
    units = [make.key(name) for name in "abcd"]
    frames = [
        pl.DataFrame([make.event(unit, i) | {"data": "{}"} for i in range(3)]) for unit in units
    ]
    frames[1] = frames[1].with_columns(seq=pl.Series([0, -1, 2]))
    frames[2] = frames[2].with_columns(data=pl.lit("[1]"))
    frames[3] = frames[3].with_columns(round=pl.lit(0.5))
    report = commit(*(make.result(n, events=f) for n, f in zip("abcd", frames, strict=True)))
    assert report.done == (units[0],)
    reasons = [report.failed[unit].message for unit in units[1:]]
    assert reasons == [
        "events: seq: expected at least 0",
        "events: data: expected a JSON object",
        "events: round: expected Int64, found a value that is none",
    ]
    assert warehouse.frame_sql("SELECT phase, target FROM events").unique().rows() == [("", None)]


def test_a_frame_with_a_wrong_type_or_missing_column_is_refused(make, commit):
    unit, other = make.key("a"), make.key("b")
    text = pl.DataFrame([make.event(unit) | {"data": "{}", "turn": "1"}])
    short = pl.DataFrame([make.event(other) | {"data": "{}"}]).drop("actor")
    failed = commit(make.result("a", events=text), make.result("b", events=short)).failed
    assert failed[unit].message == "events: turn: expected Int64, found String"
    assert failed[other].message == "events: actor: Field required"


def test_rows_of_unknown_tables_are_a_bug(make, commit):
    with pytest.raises(ValueError, match="two results of one unit"):
        commit(make.result("a"), make.result("a"))
    with pytest.raises(ValueError, match="'evnts'"):
        commit(make.result("a", evnts=[{}]))
    with pytest.raises(ValueError, match="'units'"):
        commit(make.result("a", units=[{}]))


@on_both
def test_times_are_stored_in_utc(make, commit, warehouse):
    east = dt.timezone(dt.timedelta(hours=5))
    time = dt.datetime(2026, 1, 1, 5, 0, tzinfo=east)
    commit(make.result("a", calls=[make.call(make.key("a"), asked_at=time)]))
    assert warehouse.frame_sql("SELECT asked_at FROM calls").item() == dt.datetime(2026, 1, 1)  # noqa: DTZ001


@on_both
def test_an_error_in_the_middle_of_a_commit_leaves_nothing(make, commit, counts, monkeypatch):
    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(commit_module, "quarantine_rows", fails)
    with pytest.raises(OSError, match="disk full"):
        commit(make.result("a"))
    assert counts("episodes", "events", "units", "validations") == [0, 0, 0, 0]
    monkeypatch.undo()
    assert commit(make.result("a")).done == (make.key("a"),)


@on_both
def test_threads_take_turns(make, warehouse):
    reports = []

    def work(name: str) -> None:
        report = warehouse.commit([make.result(name)], run_id=name, code_version="0")
        reports.append((report.done, warehouse.statuses([make.key(name)])))

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=600)
    assert len(reports) == 4
    assert all(held == {done[0]: "done"} for done, held in reports)


@on_both
def test_reading_goes_on_while_a_commit_is_made(make, commit, warehouse, monkeypatch):
    seen = []
    broken_rules = commit_module.broken_rules

    def looking(*arguments):
        seen.append(_in_a_thread(warehouse.statuses, [make.key("a")]))
        return broken_rules(*arguments)

    monkeypatch.setattr(commit_module, "broken_rules", looking)
    commit(make.result("a"))
    assert seen == [{}, {}, {}]


def _in_a_thread(function, *arguments):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result(timeout=600)


@on_both
def test_the_order_of_units_does_not_change_what_is_stored(make, commit, warehouse):
    names = list("abcdef")
    commit(*(make.result(name) for name in names[:3]))
    commit(*(make.result(name) for name in reversed(names[3:])))
    keys = tuple(make.key(name) for name in names)
    frame = warehouse.frame(Read("events", "episode_key", keys))
    assert frame["episode_key"].to_list() == sorted(k for k in keys for _ in range(2))
    assert digest(*frame["seq"].to_list()) == digest(*([0, 1] * 6))


def test_long_texts_are_committed_within_the_memory_of_the_warehouse(path, make):
    n = 200
    texts = [f"{number} " * 50_000 for number in range(n)]
    rows = pl.DataFrame(
        {
            "digest": [make.key(("text", number)) for number in (*range(n), 0)],
            "role": ["user"] * (n + 1),
            "text": [*texts, texts[0]],
        }
    )
    with Warehouse.open(path, limits=Limits(memory_mb=150)) as warehouse:
        for name in ("a", "b"):
            result = Result(make.unit(name), {"prompt_messages": rows})
            warehouse.commit([result], run_id="run", code_version="1")
        found = warehouse.frame_sql("SELECT count(*), sum(length(text)) FROM prompt_messages")
    assert found.row(0) == (n, sum(map(len, texts)))
