"""Great Expectations over data sets, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from schemas.checks import Checked, DataCheck
from schemas.relations import has_conditions, relations
from schemas.study import DataExpectation
from tasks.expectations.arguments import supported
from warehouse.expectations.checker import Checker
from warehouse.expectations.data_sets import DataSet, check_data_sets, rows_of
from warehouse.expectations.library import CATALOGUE
from warehouse.expectations.results import held_results, record_results
from warehouse.reader import Reader, reader

ROOT = Path(__file__).resolve().parents[2]
ROWS = pa.table(
    {
        "_condition": ["a", "a", "b", "b"],
        "number": [1.0, 2.0, 3.0, None],
        "other": [1.0, 2.0, 4.0, 4.0],
        "done": [True, False, None, True],
        "word": ["x", "y", "x", "z"],
        "day": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
        "document": ["{}", '{"a": 1}', "{}", "[]"],
    }
)
#: Arguments with which each supported expectation can be evaluated over those rows.
ARGUMENTS: dict[str, Any] = {
    "column": "number",
    "column_A": "number",
    "column_B": "other",
    "column_list": ["number", "other"],
    "value_set": ["x", "y"],
    "value_pairs_set": [[1.0, 1.0]],
    "partition_object": {"values": ["x", "y", "z"], "weights": [0.5, 0.25, 0.25]},
    "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 3]]},
    "threshold": 2,
    "double_sided": True,
    "regex": "x|y",
    "regex_list": ["x", "y"],
    "strftime_format": "%Y-%m-%d",
    "json_schema": {"type": "object"},
    "sum_total": 2,
    "value": 1,
}
#: The column that an expectation is about, where it is not about numbers.
COLUMN = {"set": "word", "regex": "word", "lengths": "word", "dateutil": "day", "strftime": "day",
          "json": "document", "kl_divergence": "word"}  # fmt: skip


def check(name: str, condition: str | None = None, by: Any = "study", **fields: Any) -> DataCheck:
    expectation = DataExpectation.model_validate({f"expect_{name}": {"view": "v", **fields}})
    return DataCheck(expectation, condition, by)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Checker() as one:
        yield one


def found(checker: Checker, *checks: DataCheck) -> list[Checked]:
    return checker.checked(checks, ROWS.schema, ROWS.to_batches())


def test_the_list_of_expectations_is_what_the_installed_library_offers():
    """Fails when it offers others: run ``python -m warehouse.expectations.library``."""
    code = "from warehouse.expectations.library import text; print(text())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == CATALOGUE.read_text() + "\n"


def test_every_supported_expectation_can_be_evaluated(checker):
    checks = []
    for name, arguments in supported().items():
        given = {
            argument: ARGUMENTS[argument]
            for argument in arguments
            if (argument in ARGUMENTS and argument not in {"value", "threshold"})
            or arguments[argument].required
        }
        if "column" in given:
            given["column"] = next((c for part, c in COLUMN.items() if part in name), "number")
        if {"min_value", "max_value"} <= arguments.keys():
            given |= {"min_value": 0, "max_value": 9}
        if "kl_divergence" in name:
            given = {k: v for k, v in given.items() if "value" not in k} | {"threshold": 0.1}
        checks.append(check(name.removeprefix("expect_"), **given))
    outcomes = found(checker, *checks)
    assert [one.sentence for one in outcomes if "could not be checked" in one.observed] == []
    assert {one.passed for one in outcomes} == {True, False}


def test_a_condition_is_checked_by_its_own_rows(checker):
    every, a, b = found(
        checker,
        check("column_mean_to_be_between", column="number", max_value=1.5),
        check("column_mean_to_be_between", "a", column="number", max_value=1.5),
        check("column_mean_to_be_between", "b", column="number", max_value=1.5),
    )
    assert [(one.passed, one.n_rows, one.observed) for one in (every, a, b)] == [
        (False, 4, "2"),
        (True, 2, "1.5"),
        (False, 2, "3"),
    ]
    assert (every.condition, b.condition) == ("", "b")
    assert b.check == "expect_column_mean_to_be_between(number)"
    assert b.sentence.endswith("expected max_value 1.5, found 3")


def test_rows_that_break_an_expectation_are_counted_and_quoted(checker):
    (one,) = found(checker, check("column_values_to_be_in_set", column="word", value_set=["x"]))
    assert (one.passed, one.n_failed, one.observed) == (
        False,
        2,
        "2 of 4 rows break it (50%): y, z",
    )
    (two,) = found(checker, check("column_values_to_not_be_null", column="number", mostly=0.7))
    assert (two.passed, two.observed) == (True, "1 of 4 rows break it (25%)")


def test_shares_that_differ_from_those_declared_are_found(checker):
    weights = {"values": ["x", "y"], "weights": [0.5, 0.5]}
    (one,) = found(
        checker,
        check(
            "column_kl_divergence_to_be_less_than",
            column="word",
            partition_object=weights,
            threshold=0.1,
        ),
    )
    assert (one.passed, one.observed) == (False, "x 50.0%, y 25.0%, z 25.0%")


def test_a_data_set_without_rows_breaks_what_a_study_expects_and_no_suite(checker):
    expected = {"column": "number", "max_value": 1}
    outcomes = found(
        checker,
        check("column_mean_to_be_between", "zzz", **expected),
        check("column_mean_to_be_between", "zzz", "stage", **expected),
        check("table_row_count_to_equal", "zzz", "stage", value=2),
    )
    assert [(one.passed, one.observed) for one in outcomes] == [
        (False, "no rows"),
        (True, "no rows"),
        (False, "0"),
    ]


def test_what_cannot_be_evaluated_is_broken_and_says_why(checker):
    (one,) = found(checker, check("column_mean_to_be_between", column="word", max_value=1))
    assert not one.passed
    assert "could not be checked" in one.observed


def test_an_end_of_the_process_is_an_error_with_its_last_words(tmp_path, monkeypatch):
    checker = Checker()
    checker.start()
    os.kill(checker.process_id, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="the process that checks data sets ended"):
        found(checker, check("table_row_count_to_equal", value=4))
    checker.close()


def test_the_process_does_not_outlive_its_parent(tmp_path):
    code = """
    import time
    from warehouse.expectations.checker import Checker
    checker = Checker()
    checker.start()
    print(checker.process_id, flush=True)
    time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 600
    while _runs(child):
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.1)


def _runs(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_only_rows_of_the_version_are_checked(make, commit, warehouse, checker):
    a, b = make.result("a"), make.result("b", events=[make.event(make.key("b"), text="one")])
    commit(a, b)
    make.record(warehouse, make.study("s"), [make.study_unit("s", a.unit, step="episodes")])
    make.record(
        warehouse,
        make.study("t"),
        [
            make.study_unit("t", a.unit, step="episodes"),
            make.study_unit("t", b.unit, step="episodes", condition="other"),
        ],
    )
    count = DataExpectation.model_validate(
        {"expect_table_row_count_to_equal": {"view": "v_messages", "value": 3}}
    )
    checks = [DataCheck(count, condition, "study") for condition in (None, "baseline", "other")]
    for version, rows in (("s", [2, 2, 0]), ("t", [3, 2, 1])):
        outcomes = check_data_sets(warehouse, checker, make.key(version), checks)
        assert [one.n_rows for one in outcomes] == rows
        assert outcomes[0].passed == (version == "t")


def test_a_filter_leaves_only_rows_that_have_its_values(make, commit, warehouse):
    a = make.result("a", events=[make.event(make.key("a"), seq, round=seq) for seq in range(4)])
    commit(a)
    make.record(warehouse, make.study("s"), [make.study_unit("s", a.unit, step="episodes")])
    rows = DataSet(make.key("s"), "v_messages", {"round": [1, 3], "seat": "s1"}, False)
    assert [row["seq"] for row in rows_of(warehouse, rows, ["seq"])] == [1, 3]


@pytest.fixture(scope="module")
def reading(template: Path) -> Iterator[Reader]:
    """A reader of a warehouse without rows."""
    with reader(template) as opened:
        yield opened


@pytest.mark.parametrize("name", sorted(relations()))
def test_every_table_and_view_can_be_read_for_a_version(name, reading, make):
    columns = list(relations()[name])
    for by_condition in {False, has_conditions(name)}:
        rows = DataSet(make.key("s"), name, {columns[0]: "x"}, by_condition)
        assert rows_of(reading, rows, columns[:3]) == []


def test_results_replace_those_of_earlier_rows_of_the_stage(warehouse, make):
    one = Checked("great_expectations", "v", "c(x)", "a", "warning", "stage", "e", "o", True, 3)
    two = Checked("agora", "v", "c(y)", "", "critical", "study", "e", "o", False, 3, 1)
    about: Any = {"study_version": make.key("s"), "run_id": "r"}
    record_results(warehouse, make.key(1), [two, one], stage="episodes", **about)
    record_results(warehouse, make.key(2), [one], stage="codes", **about)
    assert held_results(warehouse, make.key(1)) == [two, one]
    record_results(warehouse, make.key(3), [one], stage="episodes", **about)
    assert held_results(warehouse, make.key(1)) == []
    held = warehouse.frame_sql("SELECT batch FROM validations ORDER BY batch")
    assert held["batch"].to_list() == sorted([make.key(2), make.key(3)])
