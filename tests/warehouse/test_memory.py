"""What DuckDB keeps of the file in memory does not grow with the file."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from warehouse import connection
from warehouse.store import Warehouse

from .conftest import Make

TEXT_BYTES, TEXTS, COMMITS = 100_000, 40, 6


@pytest.fixture(autouse=True)
def kept_mb(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(connection, "KEPT_MB", 8)
    return 8


def held_mb(warehouse: Warehouse) -> float:
    sql = "SELECT sum(memory_usage_bytes) / 1e6 AS mb FROM duckdb_memory()"
    return float(warehouse.frame_sql(sql)["mb"].item())


@pytest.fixture
def read(make: Make, warehouse: Warehouse, commit: Callable[..., Any], kept_mb: int) -> None:
    """Texts that cannot be compressed were committed and read, so DuckDB holds them."""
    for number in range(COMMITS):
        texts = [secrets.token_hex(TEXT_BYTES // 2) for _ in range(TEXTS)]
        commit(make.result(number, prompt_messages=[make.prompt_message(text) for text in texts]))
    warehouse.frame_sql("CHECKPOINT")
    warehouse.frame_sql("SELECT max(md5(text)) AS x FROM prompt_messages")
    assert held_mb(warehouse) > 2 * kept_mb


@pytest.mark.usefixtures("read")
def test_memory_is_given_back_after_a_commit(
    make: Make, warehouse: Warehouse, commit: Callable[..., Any], kept_mb: int
) -> None:
    limit = "SELECT current_setting('memory_limit') AS x"
    before = warehouse.frame_sql(limit)["x"].item()
    commit(make.result("last"))
    assert held_mb(warehouse) < 2 * kept_mb
    assert warehouse.frame_sql(limit)["x"].item() == before, "a commit may use as much again"


@pytest.mark.usefixtures("read")
def test_nothing_is_taken_from_a_query_that_runs(
    make: Make, warehouse: Warehouse, commit: Callable[..., Any], kept_mb: int
) -> None:
    with warehouse.cursor():
        commit(make.result("last"))
        assert held_mb(warehouse) > 2 * kept_mb
    commit(make.result("after"))
    assert held_mb(warehouse) < 2 * kept_mb
