"""Named queries: each is answered with the columns that it declares."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import polars as pl
import pytest

import warehouse.queries
from schemas.unit import Read
from warehouse.queries.query import Query, present
from warehouse.queries.units import UnitStatuses
from warehouse.reader import Reader, reader, reader_or_empty
from warehouse.serve import serving
from warehouse.sql import LONG
from warehouse.store import Warehouse

from .conftest import on_both

COLUMN_TYPES: dict[Any, set[str]] = {
    str: {"VARCHAR", "JSON"},
    int: {"BIGINT"},
    float: {"DOUBLE"},
    bool: {"BOOLEAN"},
    dt.datetime: {"TIMESTAMP"},
}
#: A value for a parameter of a type.
VALUES: dict[Any, Any] = {str: "it's", int: 3}


def queries() -> list[type[Query[Any]]]:
    """Every query that the package declares."""
    for module in pkgutil.iter_modules(warehouse.queries.__path__, "warehouse.queries."):
        importlib.import_module(module.name)
    return [one for one in Query.__subclasses__() if one.__module__.startswith("warehouse.")]


def filled(query: type[Query[Any]]) -> list[Query[Any]]:
    """A query with values for its parameters: with values missing or lists empty, and not."""
    hints = get_type_hints(query)
    names = [field.name for field in dataclasses.fields(query)]

    def value(kind: Any, empty: bool) -> Any:
        if get_origin(kind) is tuple:
            return () if empty else (VALUES[get_args(kind)[0]],)
        return None if empty and present(kind) is not kind else VALUES[present(kind)]

    return [query(*(value(hints[name], empty) for name in names)) for empty in (True, False)]


def kinds(kind: Any) -> set[str]:
    kind = present(kind)
    if get_origin(kind) is list:
        return {f"{inner}[]" for inner in kinds(get_args(kind)[0])}
    return COLUMN_TYPES[kind]


@pytest.fixture(scope="module")
def reading(template: Path) -> Iterator[Reader]:
    """A reader of a warehouse without rows."""
    with reader(template) as found:
        yield found


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.__name__)
def test_a_query_gives_the_columns_that_it_declares(query, reading):
    for one in filled(query):
        answer = reading.answer(one.text)
        assert answer.columns == tuple(query.columns())
        for name, kind in zip(answer.columns, answer.types, strict=True):
            assert kind in kinds(query.columns()[name]), f"{name}: {kind}"
        assert reading.rows(one) == []
        assert reading.frame(one).columns == list(answer.columns)


def test_a_query_refuses_a_parameter_that_it_does_not_have():
    @dataclasses.dataclass(frozen=True)
    class Wrong(Query[tuple[str]]):
        title = "wrong"
        sql = "SELECT $nme"
        name: str

    with pytest.raises(KeyError, match="nme"):
        _ = Wrong("a").text


def test_values_are_filled_in_as_values_whatever_is_in_them(reading):
    odd = ("', (SELECT 'x'), '", "$keys", "a,b", "half \\ of", "")
    for keys in (odd, tuple(f"{n}" for n in range(LONG + 1)), (*odd, *map(str, range(LONG)))):
        text = UnitStatuses(keys).text
        listed = text[text.index("unnest(") + 7 : text.rindex("))")]
        assert reading.answer(f"SELECT {listed}").rows == [(list(keys),)]


def test_an_open_warehouse_and_its_file_and_its_server_give_the_same(make, commit, warehouse):
    commit(make.result("a"), make.result("b"))
    keys = (make.key("a"), make.key("b"), make.key("c"))
    reads = (UnitStatuses(keys), Read("events", "episode_key", keys), Read("v_units", "label", ()))
    mine = [warehouse.frame(read) for read in reads]
    assert [frame.height for frame in mine] == [2, 4, 0]
    statuses = {make.key("a"): "done", make.key("b"): "done"}
    with serving(warehouse):
        assert warehouse.statuses(keys) == statuses
    warehouse.close()
    with reader(warehouse.path) as file:
        assert file.statuses(keys) == statuses
        theirs = [file.frame(read) for read in reads]
    assert all(a.equals(b) and a.schema == b.schema for a, b in zip(mine, theirs, strict=True))


@on_both
def test_a_read_gives_the_columns_that_it_names_row_by_row_or_once(make, commit, warehouse):
    commit(make.result("a"), make.result("b"))
    keys = (make.key("b"), make.key("a"))
    columns = ("kind", "episode_key")
    whole = warehouse.frame(Read("events", "episode_key", keys)).select(columns)
    each = warehouse.frame(Read("events", "episode_key", keys, columns))
    assert each.columns == list(columns)
    assert each.equals(whole)
    once = warehouse.frame(Read("events", "episode_key", keys, columns, distinct=True))
    assert once.equals(each.unique().sort(columns))
    assert once.height < each.height


@on_both
def test_texts_that_repeat_are_handed_out_as_categories_however_they_are_read(
    make, commit, warehouse, monkeypatch
):
    monkeypatch.setattr("warehouse.store.TEXT_ROWS", 1)
    commit(make.result("a"), make.result("b"))
    keys = (make.key("a"), make.key("b"))
    plain = Read("events", "episode_key", keys, ("episode_key", "seq", "kind"))
    read = dataclasses.replace(plain, repeated=("episode_key", "kind"))
    texts = warehouse.frame(plain)
    frames = [warehouse.frame(read)]
    empty = warehouse.frame(dataclasses.replace(read, keys=()))
    warehouse.close()
    with reader(warehouse.path) as file:
        frames.append(file.frame(read))
    assert empty.schema == frames[0].schema
    for frame in frames:
        assert frame.schema["kind"] == frame.schema["episode_key"] == pl.Categorical
        assert frame.with_columns(pl.col("episode_key", "kind").cast(pl.String)).equals(texts)


@on_both
def test_a_plan_without_a_warehouse_reads_an_empty_one_and_makes_none(path):
    before = list(path.parent.iterdir())
    with reader_or_empty(path) as found:
        assert found.statuses(["a"]) == {}
        assert found.frame(Read("events", "episode_key", ("a",))).height == 0
    assert list(path.parent.iterdir()) == before


@on_both
def test_an_older_warehouse_is_upgraded_before_it_is_read(empty, monkeypatch):
    from warehouse import reader as module

    upgraded = []
    monkeypatch.setattr(module, "_has_this_schema", lambda found: False)
    opened = Warehouse.open

    def recorded(path, **options):
        upgraded.append(path)
        return opened(path, **options)

    monkeypatch.setattr(Warehouse, "open", recorded)
    with reader(empty) as found:
        assert found.statuses(["a"]) == {}
    assert upgraded == [empty]
