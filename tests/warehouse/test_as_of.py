"""Answers as of a version of a study stay the same, byte by byte, whatever happens later."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from flows.cli.output import as_csv, as_json, as_parquet
from schemas.tables import ROWS
from schemas.unit import Result
from warehouse.as_of import as_of
from warehouse.inputs import record_inputs
from warehouse.queries.of_version import rows_of_version, tables_of_versions
from warehouse.query import query
from warehouse.reader import reader
from warehouse.store import Warehouse

if TYPE_CHECKING:
    from conftest import Lab

#: Queries that leave the order of rows open, sum numbers, and go through views over every table.
QUERIES = (
    "FROM events",
    "SELECT sum(value / 3) FROM outcomes",
    "SELECT seat, count(*), avg(characters / 3) FROM v_messages GROUP BY ALL",
    "FROM v_studies",
    "FROM v_units",
    "FROM v_costs",
    "FROM v_tries",
    "FROM v_calls_made",
    "FROM v_metrics_all",
    "FROM v_quality",
    "FROM validations",
    "FROM runs",
    "SHOW TABLES",
    "SUMMARIZE events",
    "SELECT table_name, estimated_size FROM duckdb_tables() ORDER BY table_name",
)


def answers(lab: Lab, study: str) -> list[bytes]:
    """The answers to all queries as of a version, in every format."""
    version = lab.make.key(study)
    with (
        reader(lab.path) as reading,
        as_of(reading, version, "; ".join(QUERIES), lab.path) as then,
    ):
        found = [then.answer(sql) for sql in QUERIES]
    return [form(one) for one in found for form in (as_csv, as_json, as_parquet)]


@pytest.fixture(scope="module")
def first_answers(first_lab: Lab) -> list[bytes]:
    """The answers as of a version in a lab that nobody has changed."""
    return answers(first_lab, "mine")


def test_every_table_says_how_the_rows_of_a_version_are_found() -> None:
    left_out = {row.table.name for row in ROWS} - {one.table.name for one in tables_of_versions()}
    assert left_out == {"uncommitted_calls"}
    for row in tables_of_versions():
        assert rows_of_version(row, "v").startswith("SELECT")
        if row.table.part == "unit":
            assert "unit_key" in row.model_fields
            assert row.table.owner == "unit_key" or row.table.name == "quarantine"


def test_an_answer_holds_the_rows_of_the_version_alone(lab: Lab, make: Any) -> None:
    version = make.key("mine")

    def found(sql: str) -> list[Any]:
        return query(lab.path, sql, version=version).rows

    keys = sorted(make.key(name) for name in ("shared", "a", "b", "c"))
    assert found("SELECT unit_key FROM units") == [(key,) for key in keys]
    assert found("SELECT DISTINCT episode_key FROM events ORDER BY 1") == [(key,) for key in keys]
    assert found("SELECT count(*) FROM main.prompt_messages") == [(4,)]
    assert found("SELECT study, number FROM v_studies_all") == [("mine", 1)]
    assert found("SELECT cached_calls, calls FROM v_costs") == [(1, 3)]
    assert query(lab.path, "SELECT count(*) FROM units").rows == [(5,)]


def later_runs_of_others(lab: Lab) -> None:
    lab.run("third", ["d", "a", "e"])
    lab.run("other", ["z", "shared", "y"])


def failures_of_others(lab: Lab) -> None:
    lab.run("third", ["f", "g"], failing=("f",))
    lab.run("third", ["f", "g"])


def a_run_of_its_own_with_nothing_to_do(lab: Lab) -> None:
    lab.run("mine", ["shared", "b", "a", "c"])


def other_units_in_their_place(lab: Lab) -> None:
    """Runs the version with newer code, whose recipes give other units."""
    lab.run("mine", ["shared", "b anew", "a anew"])


def calls_that_no_unit_kept(lab: Lab) -> None:
    with Warehouse.open(lab.path) as opened:
        lost = lab.make.call(lab.make.key("a"), 7, asked_at=lab.time)
        opened.record_uncommitted([lost])


def the_file_written_anew(lab: Lab) -> None:
    """Copies every table, its rows in another order."""
    with Warehouse.open(lab.path) as opened, opened.cursor() as cursor:
        for row in ROWS:
            name = row.table.name
            cursor.execute(f"CREATE TABLE anew AS FROM {name} ORDER BY ALL DESC")
            cursor.execute(f"DELETE FROM {name}")
            cursor.execute(f"INSERT INTO {name} FROM anew")
            cursor.execute("DROP TABLE anew")


@pytest.mark.parametrize(
    "happens",
    [
        later_runs_of_others,
        failures_of_others,
        a_run_of_its_own_with_nothing_to_do,
        other_units_in_their_place,
        calls_that_no_unit_kept,
        the_file_written_anew,
    ],
)
def test_an_answer_has_the_same_bytes_after(
    lab: Lab, first_answers: list[bytes], happens: Callable[[Lab], None]
) -> None:
    happens(lab)
    assert answers(lab, "mine") == first_answers


def test_an_answer_changes_when_a_unit_of_the_version_that_failed_is_done(lab: Lab) -> None:
    lab.run("fourth", ["h", "i"], failing=("i",))
    before = answers(lab, "fourth")
    lab.run("fourth", ["h", "i"])
    done = answers(lab, "fourth")
    assert done != before
    later_runs_of_others(lab)
    assert answers(lab, "fourth") == done


def test_units_from_outside_that_a_version_read_are_part_of_it(lab: Lab, make: Any) -> None:
    sheet = make.unit("sheet", stage="import", step="codes")
    book = make.key("book")
    code = {
        "unit_key": sheet.key,
        "episode_key": make.key("a"),
        "codebook_digest": book,
        "flag": "warm",
        "coder": "ann",
        "coder_kind": "human",
        "value": 1.0,
    }
    books = [{"codebook_digest": book, "name": "small", "spec": {}}]
    with Warehouse.open(lab.path) as opened:
        rows = {"codes": [code], "codebooks": books}
        opened.commit([Result(sheet, rows)], run_id="import", code_version="0")
    lab.run("coded", ["a", "k"], failing=("k",))
    found = "SELECT (SELECT count(*) FROM codes), (SELECT count(*) FROM codebooks)"
    assert query(lab.path, found, version=make.key("coded")).rows == [(0, 0)]
    with Warehouse.open(lab.path) as opened:
        record_inputs(opened, make.key("coded"), "label", [sheet.key])
    assert query(lab.path, found, version=make.key("coded")).rows == [(1, 1)]
    assert query(lab.path, found, version=make.key("mine")).rows == [(0, 0)]


_OWNER = """
import sys
from warehouse.serve import serving
from warehouse.store import Warehouse

with Warehouse.open(sys.argv[1]) as warehouse, serving(warehouse):
    print("serving", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def owned(lab: Lab) -> Iterator[None]:
    """While it lasts, another process owns the warehouse."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(lab.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"serving\n"
        yield
        assert owner.stdin is not None
        owner.stdin.close()


def test_an_owner_gives_the_same_bytes_as_the_file(
    lab: Lab, owned: None, first_answers: list[bytes]
) -> None:
    assert answers(lab, "mine") == first_answers


def test_a_query_as_of_a_version_only_reads(lab: Lab, make: Any) -> None:
    from schemas.errors import Mistake

    for sql in ("DROP TABLE events", "FROM read_csv('/etc/passwd')", "FROM '/etc/passwd'"):
        with pytest.raises(Mistake):
            query(lab.path, sql, version=make.key("mine"))
