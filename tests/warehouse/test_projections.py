"""The projections of the table models say the same as the models."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.tables import ROWS, TABLES, Row, Span
from schemas.unit import Result, Unit
from warehouse.committing.batch import OWN
from warehouse.committing.staging import staged_tables
from warehouse.projections.columns import Column, columns_of
from warehouse.projections.ddl import create_table
from warehouse.projections.frames import bounds, document, frame_of, frame_schema
from warehouse.sql import identifier

KEY = "0123456789abcdef" * 2
TEXTS = ["", "a", "a" * 200, "a" * 201, KEY, KEY + "\n", KEY.upper(), KEY[1:], "ä€😀", "two\nlines"]
NUMBERS = [0, 1, -1, 7, 2**63 - 1, -(2**63)]
REALS = [0.0, 0.5, 1.0, -0.1, 1.0000001, 1e308, -1e308]


def raw(column: Column, rng: random.Random) -> Any:
    """A value of the column's kind, good more often than not."""
    if rng.random() < 0.15:
        return None
    if column.choices and rng.random() < 0.8:
        return rng.choice(column.choices)
    if column.pattern and rng.random() < 0.8:
        return KEY
    if column.kind == "integer":
        return rng.choice(NUMBERS if rng.random() < 0.4 else NUMBERS[:2])
    return {
        "text": lambda: rng.choice(TEXTS if rng.random() < 0.4 else TEXTS[1:3]),
        "real": lambda: rng.choice(REALS if rng.random() < 0.4 else REALS[:3]),
        "boolean": lambda: rng.random() < 0.5,
        "time": lambda: dt.datetime(2026, 1, 1, rng.randrange(24), tzinfo=dt.UTC),
        "json": lambda: rng.choice([{}, {"a": [1, None, "ä"]}]),
        "texts": lambda: rng.choice([[], ["a", "ä"]]),
        "spans": lambda: rng.choice([[], [Span(first=0, last=3), Span(first=5, last=5)]]),
    }[column.kind]()


def raw_rows(row: type[Row], seed: int, n: int) -> list[dict[str, Any]]:
    """Rows most of whose values fit."""
    rng = random.Random(seed)
    return [{column.name: raw(column, rng) for column in columns_of(row)} for _ in range(n)]


def physical(row: type[Row], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the table's schema, with no check of their values."""
    kinds = {column.name: column.kind for column in columns_of(row)}

    def plain(name: str, value: Any) -> Any:
        if value is None:
            return None
        if kinds[name] == "json":
            return document(value)
        if kinds[name] == "spans":
            return [span.model_dump() for span in value]
        return value.replace(tzinfo=None) if kinds[name] == "time" else value

    data = {name: [plain(name, given[name]) for given in rows] for name in kinds}
    return pl.DataFrame(data, schema=frame_schema(row))


def refused_by_pydantic(row: type[Row], rows: list[dict[str, Any]]) -> set[int]:
    refused = set()
    for number, given_row in enumerate(rows):
        try:
            row.model_validate(given_row)
        except ValidationError:
            refused.add(number)
    return refused


def refused_by_bounds(row: type[Row], frame: pl.DataFrame) -> set[int]:
    return {
        number
        for _, _, broken in bounds(row)
        for number in frame.select(pl.arg_where(broken)).to_series().to_list()
    }


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(TABLES)), seed=st.integers(0, 2**32))
def test_bounds_of_frames_refuse_what_pydantic_refuses(name, seed):
    row = TABLES[name]
    rows = raw_rows(row, seed, 30)
    assert refused_by_bounds(row, physical(row, rows)) == refused_by_pydantic(row, rows)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(TABLES.keys() - OWN)), seed=st.integers(0, 2**32))
def test_a_commit_refuses_the_same_rows_of_mappings_and_of_frames(name, seed):
    row = TABLES[name]
    rows = raw_rows(row, seed, 30)
    unit = Unit("episodes", "play", KEY, {})
    refused = []
    for given_rows in (rows, physical(row, rows)):
        tables, _ = staged_tables([Result(unit, {name: given_rows})])
        refused.append(set(tables[name].refused))
    assert refused == [refused_by_pydantic(row, rows)] * 2


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(TABLES)), seed=st.integers(0, 2**32))
def test_what_pydantic_accepts_goes_through_duckdb_unchanged(name, seed):
    row = TABLES[name]
    rows = raw_rows(row, seed, 30)
    bad = refused_by_pydantic(row, rows)
    models = [row.model_validate(r) for number, r in enumerate(rows) if number not in bad]
    frame = frame_of(row, models)
    connection = duckdb.connect()
    connection.execute(create_table(row))
    connection.register("given_rows", frame)
    connection.execute(f"INSERT INTO {identifier(name)} BY NAME SELECT * FROM given_rows")
    assert connection.sql(f"FROM {identifier(name)}").pl().equals(frame)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(TABLES)), seed=st.integers(0, 2**32))
def test_duckdb_refuses_missing_values_where_pydantic_does(name, seed):
    row = TABLES[name]
    (given_row,) = raw_rows(row, seed, 1)
    required = {column.name for column in columns_of(row) if column.required}
    missing = {name for name, value in given_row.items() if value is None}
    connection = duckdb.connect()
    connection.execute(create_table(row))
    connection.register("given_rows", physical(row, [given_row]))
    try:
        connection.execute(f"INSERT INTO {identifier(name)} BY NAME SELECT * FROM given_rows")
        inserted = True
    except duckdb.ConstraintException:
        inserted = False
    assert inserted == (not missing & required)


def test_numbers_that_are_not_finite_are_refused_in_frames():
    row = TABLES["outcomes"]
    good = {"episode_key": KEY, "unit_key": KEY, "scope": "seat", "subject": "", "metric": "m"}
    rows = [good | {"value": value} for value in (1.0, float("nan"), float("inf"), None)]
    rows = [{"other": None, "round": None, "label": None} | r for r in rows]
    assert refused_by_bounds(row, physical(row, rows)) == {1, 2} == refused_by_pydantic(row, rows)


def test_every_column_is_described():
    silent = [
        f"{row.table.name}.{column.name}"
        for row in ROWS
        for column in columns_of(row)
        if not column.description
    ]
    assert not silent


def test_keys_references_and_owners_name_columns_that_exist():
    for row in ROWS:
        fields = set(row.model_fields)
        assert set(row.table.key) <= fields
        assert set(row.table.references) <= fields
        assert row.table.owner is None or row.table.owner in fields
        for target in row.table.references.values():
            table, column = target.split(".")
            assert column in TABLES[table].model_fields
