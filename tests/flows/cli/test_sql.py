"""``agora sql``: exact answers in every form, and nothing but answers."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import polars as pl
import pytest

from flows.cli.output import as_csv, as_json, as_parquet
from flows.cli.table import table
from warehouse.query import Answer

from ..conftest import Agora

VALUES = """
select 1 as i, 0.1::double as d, 1.10::decimal(5,2) as m, null::int as n, '' as empty,
       'NULL' as word, 'a,"b"' as quoted, [1, 2] as list, {'a': 1} as struct,
       '{"x": [1, 2.50]}'::json as doc, 'nan'::double as nan, true as yes,
       timestamp '2026-01-02 03:04:05.000006' as t, date '2026-01-02' as day, 2::hugeint ** 2 as h
"""


def test_warnings_stand_below_a_table_without_room_for_them(agora: Agora, warehouse: Path) -> None:
    many = ", ".join(f"repeat('{letter}', 18) as {letter}" for letter in "abcdefgh")
    warned = "case when n in (2, 5) then 'few episodes' end as warning"
    text = agora("sql", f"select n, {many}, {warned} from range(9) as numbers(n)").stdout
    assert "warning, rows 3, 6: few episodes" in text
    assert text.count("few episodes") == 1
    # Where the column has room, it says so itself.
    assert "warning, row" not in agora("sql", f"select n, {warned} from range(9) as x(n)").stdout


def test_csv_tells_null_from_empty(agora: Agora, warehouse: Path) -> None:
    done = agora(
        "sql", "select null as a, '' as b, 'x,y' as c, 0.1 + 0.2::double as d", "-f", "csv"
    )
    assert done.stdout == 'a,b,c,d\n,"","x,y",0.30000000000000004\n'


def test_json_is_exact(agora: Agora, warehouse: Path) -> None:
    (row,) = json.loads(agora("sql", VALUES, "--format", "json").stdout)
    assert row == {
        "i": 1,
        "d": 0.1,
        "m": "1.10",
        "n": None,
        "empty": "",
        "word": "NULL",
        "quoted": 'a,"b"',
        "list": [1, 2],
        "struct": {"a": 1},
        "doc": {"x": [1, 2.5]},
        "nan": "NaN",
        "yes": True,
        "t": "2026-01-02T03:04:05.000006",
        "day": "2026-01-02",
        "h": 4.0,
    }


def test_parquet_keeps_types(agora: Agora, warehouse: Path, tmp_path: Path) -> None:
    done = agora("sql", VALUES, "--format", "parquet", "--output", "out.parquet")
    assert done.returncode == 0, done.stderr
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.schema["i"] == pl.Int32
    assert frame.schema["m"] == pl.Decimal(5, 2)
    assert frame.schema["n"] == pl.Int32
    assert frame.schema["list"] == pl.List(pl.Int32)
    assert frame.schema["t"] == pl.Datetime("us")
    assert frame["n"].item() is None


def test_table_tells_null_from_text_and_says_what_it_cut() -> None:
    text = table(["a", "b", "c"], [(None, "NULL", "x" * 200)], width=80)
    assert "NULL  " in text
    assert '"NULL"' in text
    assert "cut to fit 80 columns" in text
    assert max(map(len, text.splitlines())) <= 80


def test_table_leaves_out_columns_that_do_not_fit_and_names_them() -> None:
    names = [f"column_{number:02}" for number in range(30)]
    text = table(names, [list(range(30))], width=80)
    assert "columns left out" in text
    assert "column_29" in text


def test_table_shows_no_control_characters() -> None:
    assert "\x1b" not in table(["a"], [("\x1b[31mred\x07",)], width=80)


def test_query_from_standard_input(agora: Agora, warehouse: Path) -> None:
    assert agora("sql", "-", "-f", "csv", stdin="select 7 as n").stdout == "n\n7\n"


def test_warehouse_from_environment_and_option(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    moved = warehouse.rename(tmp_path / "other.duckdb")
    question = ("sql", "select count(*) as n from studies", "-f", "csv")
    assert agora(*question, AGORA_WAREHOUSE=str(moved)).stdout == "n\n2\n"
    assert agora("--warehouse", str(moved), *question).stdout == "n\n2\n"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("drop table studies", "read-only"),
        ("select 1; select 2", "one SQL statement"),
        ("selec 1", "syntax error"),
        ("select * from nowhere", "nowhere"),
        ("select * from read_csv('/etc/passwd')", "known to read"),
    ],
)
def test_what_is_no_query_is_refused(sql: str, words: str, agora: Agora, warehouse: Path) -> None:
    done = agora("sql", sql)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_warehouse_is_a_mistake_and_none_is_made(agora: Agora, tmp_path: Path) -> None:
    done = agora("sql", "select 1")
    assert done.returncode == 2
    assert "there is no warehouse here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_no_warehouse_is_left_alone(agora: Agora, tmp_path: Path) -> None:
    (tmp_path / "agora.duckdb").write_text("not a database", encoding="utf-8")
    done = agora("studies")
    assert done.returncode == 2
    assert "not a DuckDB file" in done.stderr
    assert (tmp_path / "agora.duckdb").read_text(encoding="utf-8") == "not a database"


def test_output_in_a_missing_folder_is_a_mistake(agora: Agora, warehouse: Path) -> None:
    done = agora("sql", "select 1", "--output", "nowhere/out.csv", "-f", "csv")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_columns_of_one_name_are_kept_apart() -> None:
    twice = Answer(("a", "a"), ("INTEGER", "INTEGER"), [(1, 2)])
    assert json.loads(as_json(twice)) == [{"a": 1, "a_1": 2}]
    assert as_csv(twice) == b"a,a\n1,2\n"


def test_no_rows_in_any_form() -> None:
    nothing = Answer(("a",), ("VARCHAR",), [])
    assert json.loads(as_json(nothing)) == []
    assert as_csv(nothing) == b"a\n"
    assert as_parquet(nothing)
    assert table(["a"], []).splitlines()[0] == "a"


def test_output_into_a_pipe_or_device_replaces_neither(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    done = agora("sql", "select 7 as n", "-f", "csv", "--output", str(pipe))
    assert done.returncode == 0, done.stderr
    assert os.read(reading, 100) == b"n\n7\n"
    os.close(reading)
    assert pipe.is_fifo()


def test_a_warehouse_that_is_a_pipe_is_refused_at_once(agora: Agora, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = agora("sql", "select 1", "--warehouse", "pipe")
    assert done.returncode == 2
    assert "no regular file" in done.stderr


def test_output_follows_no_link_that_somebody_put_there(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out.csv.partial").symlink_to(tmp_path / "mine")
    assert agora("sql", "select 7 as n", "-f", "csv", "-o", "out.csv").returncode == 0
    assert (tmp_path / "mine").read_text() == "mine"
    assert (tmp_path / "out.csv").read_text() == "n\n7\n"


def test_output_that_cannot_be_put_in_its_place_leaves_nothing(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    done = agora("sql", "select 7 as n", "-f", "csv", "-o", "x" * 300)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "words",
    [
        ("sql", "select '\udcff'"),
        ("sql", "\udcff"),
        ("sql", "select 1", "--warehouse", "\udcff.duckdb"),
        ("import", "transcripts", "\udcff", "--format", "warroom"),
        ("show", "\udcff"),
        ("explain", "\udcff"),
        ("plan", "\udcff.yaml"),
    ],
)
def test_arguments_that_are_not_utf8_are_mistakes(
    words: tuple[str, ...], agora: Agora, warehouse: Path
) -> None:
    done = agora(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "\\udcff" in done.stderr or words[0] == "sql"


def test_a_query_on_standard_input_that_is_not_utf8_is_a_mistake(
    agora: Agora, warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stdin(text: str) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(b"select '\xff'"), encoding="utf-8")

    monkeypatch.setattr(io, "StringIO", stdin)
    done = agora("sql", "-")
    assert done.returncode == 2
    assert "0xff" in done.stderr
