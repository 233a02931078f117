"""Shards that another process works: what travels there and back."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.errors import Mistake
from tasks.models.gateway import open_gateway
from tasks.models.secrets import no_secret_blocks
from tasks.stages.base import Upstream
from tasks.stages.registry import steps
from tasks.stages.sent import SentShard, Terms, packed, returned, unpacked, versions
from tasks.stages.working import results_of
from tasks.studies.design import design
from tasks.studies.load import load_study

STUDY = """
name: sent
models: {agent: {model: sim/agent}}
episode: {environment: ultimatum, seats: [agent, agent], rounds: 1}
replicates: 4
"""


def shard(folder: Path) -> SentShard:
    """The episodes of a small study."""
    path = folder / "sent.yaml"
    path.write_text(STUDY, encoding="utf-8")
    resolved = design(load_study(path).study)
    step = next(one for one in steps() if one.name == "episodes")
    units = step.plan(resolved, Upstream())
    return SentShard("episodes", units, {}, Terms(folder / "journal", "", units_at_once=2))


async def test_another_process_gives_the_results_that_this_one_would(tmp_path: Path) -> None:
    sent = shard(tmp_path)
    came = await returned(unpacked(packed(sent)), no_secret_blocks)
    step = next(one for one in steps() if one.name == "episodes")
    async with open_gateway(tmp_path / "here") as gateway:
        here = await results_of(step, sent.units, {}, gateway)

    def told(results: Any) -> dict[str, Any]:
        return {one.unit.key: (untimed(one.rows), one.failure) for one in results}

    assert told(came.results) == told(here)
    assert came.counts.done == len(sent.units)
    assert came.usage.calls_asked == gateway.usage.calls_asked > 0


def untimed(rows: Any) -> Any:
    timed = ("asked_at", "latency_s", "began_at", "ended_at")
    return {
        table: [{name: one[name] for name in one if name not in timed} for one in part]
        for table, part in rows.items()
    }


async def test_what_travels_back_has_no_specs_and_can_be_pickled(tmp_path: Path) -> None:
    came = await returned(shard(tmp_path), no_secret_blocks)
    assert all(one.unit.spec is None for one in pickle.loads(pickle.dumps(came)).results)


def test_a_shard_of_other_versions_is_refused_in_one_message(tmp_path: Path) -> None:
    head = orjson.dumps({**versions(), "polars": "0.1", "code": "other"})
    with pytest.raises(Mistake) as raised:
        unpacked(len(head).to_bytes(4, "big") + head + b"is not looked at")
    said = raised.value.message()
    assert "polars 0.1" in said
    assert "code other" in said
    assert "install on every worker" in said
